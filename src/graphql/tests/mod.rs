//! What stands before the schema, with a small schema of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use async_graphql::{
    ID, InputObject, Interface, MaybeUndefined, Object, SimpleObject, Subscription, Variables, value,
};
use clap::{Args as _, FromArgMatches as _};
use futures_util::FutureExt as _;
use futures_util::stream::{self, Stream, StreamExt as _};

use super::answer::Answer;
use super::document_store::Wanted;
use super::engine::{Engine, GraphQlRequest, Prepared, Settings};
use super::refusal::Refusal;
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::services::Services;

mod documents;
mod execution;
mod harm;

struct Query;

#[derive(SimpleObject)]
struct Connection {
    nodes: Vec<Thing>,
    total_count: i32,
}

struct Thing(i32);

#[Object]
impl Thing {
    async fn id(&self) -> ID {
        self.0.into()
    }
    async fn other(&self) -> Option<Self> {
        Some(Self(self.0 + 1))
    }
    async fn same(&self) -> Self {
        Self(self.0)
    }
    async fn tags(&self) -> Vec<String> {
        vec!["a".to_owned()]
    }
    /// Fails for odd ones.
    async fn even(&self) -> Result<i32, async_graphql::Error> {
        if self.0 % 2 == 0 {
            Ok(self.0)
        } else {
            Err(async_graphql::Error::new("It is odd."))
        }
    }
    /// The same, and may be null.
    async fn perhaps(&self) -> Result<Option<i32>, async_graphql::Error> {
        if self.0 % 2 == 0 {
            Ok(Some(self.0))
        } else {
            Err(async_graphql::Error::new("It is odd."))
        }
    }
    async fn things(&self, first: Option<i32>, last: Option<i32>) -> Option<Connection> {
        things(first, last)
    }
}

struct Place;

#[Object]
impl Place {
    async fn id(&self) -> ID {
        0.into()
    }
    async fn name(&self) -> Option<String> {
        Some("here".to_owned())
    }
    async fn same(&self) -> Thing {
        Thing(0)
    }
}

#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID"))]
enum Known {
    Thing(Thing),
    Place(Place),
}

fn things(first: Option<i32>, last: Option<i32>) -> Option<Connection> {
    let count = first.or(last).unwrap_or(3);
    Some(Connection {
        nodes: (0..count).map(Thing).collect(),
        total_count: count,
    })
}

#[derive(InputObject)]
struct Change {
    id: ID,
    name: MaybeUndefined<String>,
    inner: Option<Box<Change>>,
}

#[Object]
impl Query {
    async fn viewer(&self) -> Option<String> {
        None
    }
    async fn thing(&self, id: Option<ID>, from: Option<Vec<Vec<i32>>>) -> Option<Thing> {
        from.map_or_else(
            || id?.parse().ok().map(Thing),
            |from| Some(Thing(from.into_iter().flatten().sum())),
        )
    }
    async fn things(&self, first: Option<i32>, last: Option<i32>) -> Option<Connection> {
        things(first, last)
    }
    async fn known(&self) -> Vec<Known> {
        vec![Known::Thing(Thing(1)), Known::Place(Place)]
    }
    async fn top(&self, #[graphql(default = 4)] first: i32) -> Vec<Thing> {
        (0..first).map(Thing).collect()
    }
    async fn panics(&self) -> Option<bool> {
        assert!(
            std::hint::black_box(false),
            "a resolver of the tests panics, which is caught"
        );
        None
    }
    async fn never(&self) -> Option<bool> {
        std::future::pending().await
    }
}

struct Mutation;

static COUNTED: AtomicI32 = AtomicI32::new(0);

#[Object]
impl Mutation {
    /// How many times it has been executed.
    async fn count(&self) -> i32 {
        COUNTED.fetch_add(1, Ordering::Relaxed) + 1
    }
    async fn login(&self, name: Option<String>) -> Option<String> {
        name
    }
    /// Says what arrived of a name: a value, null or nothing.
    async fn change(&self, input: Option<Change>, name: MaybeUndefined<String>) -> String {
        let name = input.map_or(name, |input| input.inner.map_or(input.name, |inner| inner.name));
        match name {
            MaybeUndefined::Undefined => "nothing".to_owned(),
            MaybeUndefined::Null => "null".to_owned(),
            MaybeUndefined::Value(name) => name,
        }
    }
}

struct Events;

#[Subscription]
impl Events {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }
    async fn things(&self) -> impl Stream<Item = Thing> {
        stream::iter([Thing(0), Thing(1)])
    }
}

struct Bench {
    engine: Engine,
    ctx: Ctx,
    _directory: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        Self::with(Settings {
            introspection: true,
            documents: None,
            documents_only: false,
            is_of_scalar: |_, _| true,
        })
        .await
    }

    async fn with(settings: Settings<'_>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let command = Config::augment_args(clap::Command::new("test")).mut_args(|arg| arg.env(None::<&str>));
        let matches = command
            .try_get_matches_from(["test", "--database-url", &url])
            .unwrap();
        let services = Services::open(Config::from_arg_matches(&matches).unwrap(), Clock::system())
            .await
            .unwrap();
        let build = || async_graphql::Schema::build(Query, Mutation, Events).disable_suggestions();
        Self {
            engine: Engine::new(build, settings).unwrap(),
            ctx: Ctx::system(services),
            _directory: directory,
        }
    }

    fn ask(&self, ask: GraphQlRequest) -> Result<Prepared, Refusal> {
        self.ask_as(&self.ctx, ask)
    }

    fn ask_as(&self, ctx: &Ctx, ask: GraphQlRequest) -> Result<Prepared, Refusal> {
        let prepared = self.engine.prepare(ctx.clone(), ask).now_or_never();
        prepared.expect("nothing to wait for without rate limits")
    }

    fn prepare(&self, text: &str) -> Result<Prepared, Refusal> {
        self.ask(asking(text, value!({})))
    }

    async fn run(&self, text: &str, variables: async_graphql::Value) -> serde_json::Value {
        let answer = match self.ask(asking(text, variables)) {
            Ok(prepared) => self.engine.execute(prepared).await,
            Err(refusal) => refusal.into(),
        };
        json(&answer)
    }
}

fn asking(text: &str, variables: async_graphql::Value) -> GraphQlRequest {
    GraphQlRequest {
        wanted: Wanted {
            text: Some(text.to_owned()),
            ..Wanted::default()
        },
        variables: Variables::from_value(variables),
        ..GraphQlRequest::default()
    }
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.to_json()).unwrap()
}

#[tokio::test]
async fn what_was_left_out_does_not_arrive_as_null() {
    let bench = Bench::new().await;
    for (text, variables, arrived) in [
        ("mutation($n:String){change(name:$n)}", value!({}), "nothing"),
        (
            "mutation($n:String){change(name:$n)}",
            value!({"n": null}),
            "null",
        ),
        ("mutation($n:String){change(name:$n)}", value!({"n": "x"}), "x"),
        ("mutation($n:String=\"d\"){change(name:$n)}", value!({}), "d"),
        (
            "mutation($n:String=\"d\"){change(name:$n)}",
            value!({"n": null}),
            "null",
        ),
        (
            "mutation($n:String){change(input:{id:1,name:$n})}",
            value!({}),
            "nothing",
        ),
        (
            "mutation($n:String){change(input:{id:1,name:$n})}",
            value!({"n": null}),
            "null",
        ),
        (
            "mutation($n:String){change(input:{id:1,inner:{id:2,name:$n}})}",
            value!({}),
            "nothing",
        ),
        (
            "mutation($n:String){...F} fragment F on Mutation{change(input:{id:1,name:$n})}",
            value!({}),
            "nothing",
        ),
        (
            "mutation($i:Change){change(input:$i)}",
            value!({"i": {"id": 1}}),
            "nothing",
        ),
        (
            "mutation($i:Change){change(input:$i)}",
            value!({"i": {"id": 1, "name": null}}),
            "null",
        ),
        (
            "mutation($i:Change){change(input:$i, name:\"y\")}",
            value!({}),
            "y",
        ),
    ] {
        // The second time from the cache, which must not keep what was left out.
        for _ in 0..2 {
            let answer = bench.run(text, variables.clone()).await;
            assert_eq!(answer["data"]["change"], arrived, "{text} {variables}: {answer}");
        }
    }
    let included =
        "query($yes:Boolean!=true,$no:Boolean!=false){viewer @include(if:$yes) a:viewer @include(if:$no)}";
    assert_eq!(
        bench.run(included, value!({})).await,
        serde_json::json!({"data": {"viewer": null}})
    );
}

#[tokio::test]
async fn a_request_error_has_no_data() {
    let bench = Bench::new().await;
    for (text, variables) in [
        ("{", value!({})),
        ("{nothing}", value!({})),
        ("query($n:Int!){thing(id:$n){id}}", value!({})),
        ("query($n:ID!){thing(id:$n){id}}", value!({"n": null})),
        ("query A{viewer} query B{viewer}", value!({})),
        ("{thing}", value!({})),
    ] {
        let answer = bench.run(text, variables).await;
        assert!(answer.get("data").is_none(), "{answer}");
        assert_eq!(
            answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{answer}"
        );
    }
    let panicked = bench.run("{panics}", value!({})).await;
    assert_eq!(panicked["errors"][0]["extensions"]["code"], "SERVER_ERROR");
    assert!(!panicked.to_string().contains("tests"), "{panicked}");
}

#[tokio::test(start_paused = true)]
async fn executing_ends_after_a_while() {
    let bench = Bench::new().await;
    let answer = bench.run("{never}", value!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "TIMEOUT", "{answer}");
}

#[tokio::test]
async fn only_some_fields_need_no_login() {
    let bench = Bench::new().await;
    let anonymous = Ctx::anonymous(Arc::clone(&bench.ctx.services), bench.ctx.client);
    let run = |text: &str| bench.ask_as(&anonymous, asking(text, value!({})));
    for text in [
        "{viewer}",
        "{__typename}",
        "{__schema{queryType{name}}}",
        "mutation{login}",
        "{...on Query{viewer}}",
    ] {
        assert!(run(text).is_ok(), "{text}");
    }
    for text in [
        "{top{id}}",
        "{viewer top{id}}",
        "{viewer ...F} fragment F on Query{top{id}}",
        "subscription{count(to:1)}",
        "mutation{change}",
    ] {
        assert_eq!(run(text).err().unwrap().code, "UNAUTHENTICATED", "{text}");
    }
}

#[tokio::test]
async fn a_subscription_may_stand_in_a_fragment() {
    let bench = Bench::new().await;
    for text in [
        "subscription{count(to:2)}",
        "subscription{...F} fragment F on Events{count(to:2)}",
        "subscription{...on Events{count(to:2)}}",
    ] {
        let events: Vec<_> = bench
            .engine
            .subscribe(bench.prepare(text).unwrap())
            .map(|answer| json(&answer))
            .collect()
            .await;
        assert_eq!(
            events,
            [
                serde_json::json!({"data": {"count": 1}}),
                serde_json::json!({"data": {"count": 2}})
            ],
            "{text}"
        );
    }
}
