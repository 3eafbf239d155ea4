//! What stands before the schema, with a small schema of its own: documents that mean harm, what was left out, hashes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::{ID, InputObject, MaybeUndefined, Object, SimpleObject, Subscription, Variables, value};
use clap::{Args as _, FromArgMatches as _};
use futures_util::stream::{self, Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

use super::answer::Answer;
use super::documents::Wanted;
use super::engine::{Ask, Engine, Prepared, Settings};
use super::limits::{MAX_ALIASES, MAX_DIRECTIVES, MAX_DOCUMENT_BYTES, MAX_ROWS};
use super::refusal::{MAX_ERRORS, Refusal};
use crate::app::App;
use crate::clock::Clock;
use crate::config::Config;
use crate::ctx::Ctx;

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
    async fn tags(&self) -> Vec<String> {
        vec!["a".to_owned()]
    }
    async fn things(&self, first: Option<i32>, last: Option<i32>) -> Option<Connection> {
        things(first, last)
    }
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

#[Object]
impl Mutation {
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
        let app = App::open(Config::from_arg_matches(&matches).unwrap(), Clock::system())
            .await
            .unwrap();
        let build = || async_graphql::Schema::build(Query, Mutation, Events).disable_suggestions();
        Self {
            engine: Engine::new(build, settings).unwrap(),
            ctx: Ctx::system(app),
            _directory: directory,
        }
    }

    fn ask(&self, ask: Ask) -> Result<Prepared, Refusal> {
        self.engine.prepare(self.ctx.clone(), ask)
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

    /// The first message and code of a refusal, which must come quickly.
    fn refused(&self, text: &str) -> (String, &'static str) {
        let began = Instant::now();
        let Err(refusal) = self.prepare(text) else {
            panic!(
                "it is not refused: {}",
                text.chars().take(100).collect::<String>()
            );
        };
        let took = began.elapsed();
        // Some milliseconds when optimised; tests are not, and share the machine.
        assert!(
            took < Duration::from_millis(250),
            "{took:?} to refuse {} bytes",
            text.len()
        );
        assert!((1..=MAX_ERRORS).contains(&refusal.errors.len()));
        (refusal.errors[0].message.clone(), refusal.code)
    }
}

fn asking(text: &str, variables: async_graphql::Value) -> Ask {
    Ask {
        wanted: Wanted {
            text: Some(text.to_owned()),
            ..Wanted::default()
        },
        variables: Variables::from_value(variables),
        ..Ask::default()
    }
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.to_json()).unwrap()
}

/// A chain of fragments, each spreading the next `times`.
fn fragments(count: usize, times: usize) -> String {
    let mut text = "{...F0}".to_owned();
    for at in 0..count {
        let spreads = format!("...F{} ", at + 1).repeat(times);
        text.push_str(&format!(" fragment F{at} on Query{{{spreads}}}"));
    }
    text + &format!(" fragment F{count} on Query{{viewer}}")
}

#[tokio::test]
async fn what_means_harm_is_refused_at_once() {
    let bench = Bench::new().await;
    let fields = "viewer ".repeat(1_900);
    let spreads = "...{...F}".repeat(400);
    for (text, says) in [
        (
            format!("{{thing(from:{}{})}}", "[".repeat(2_500), "]".repeat(2_500)),
            "nested",
        ),
        (format!("{{thing(from:{}", "[".repeat(2_500)), "nested"),
        (
            format!("{{thing(from:[\"\"\"x\" {}", "[".repeat(2_500)),
            "does not end",
        ),
        (
            format!("{}viewer{}", "{thing".repeat(2_500), "}".repeat(2_500)),
            "nested",
        ),
        (
            format!(
                "query($a:{}Int{}){{viewer}}",
                "[".repeat(2_500),
                "]".repeat(2_500)
            ),
            "nested",
        ),
        (format!("{{thing(from:{})}}", "{a:".repeat(2_500)), "nested"),
        (format!("{}{{viewer}}", "...on Query{".repeat(2_500)), "nested"),
        (fragments(24, 2), "fields"),
        (fragments(28, 9), "fields"),
        (fragments(140, 1), "levels deep"),
        (
            "{...A} fragment A on Query{...B} fragment B on Query{...A}".to_owned(),
            "contains itself",
        ),
        ("{viewer} fragment A on Query{...A}".to_owned(), "contains itself"),
        (
            "{a:thing{...T}} fragment T on Thing{other{...T}}".to_owned(),
            "contains itself",
        ),
        (format!("{{{spreads}}} fragment F on Query{{{fields}}}"), "fields"),
        (
            format!("{{viewer}} fragment U on Query{{{spreads}}} fragment F on Query{{{fields}}}"),
            "fields",
        ),
        (
            format!("{{thing{}id{}}}", "{other".repeat(25), "}".repeat(25)),
            "deep",
        ),
        (
            "{things(first:100){nodes{things(first:100){nodes{things(first:100){nodes{id}}}}}}}".to_owned(),
            "costs",
        ),
        (format!("{{{}}}", "a:viewer ".repeat(MAX_ALIASES + 1)), "aliases"),
        (
            format!("{{viewer {}}}", "@include(if:true)".repeat(MAX_DIRECTIVES + 1)),
            "directives",
        ),
        (format!("{{viewer({})}}", "a:1 ".repeat(40)), "arguments"),
        (format!("{{{}}}", "nothing ".repeat(3_000)), "no field"),
        (format!("query({}){{viewer}}", "$a:Int".repeat(300)), "variables"),
        (format!("{{viewer}}{}", "query Q{viewer}".repeat(200)), "Syntax"),
        ("a ".repeat(9_000), "tokens"),
        (
            format!("{{viewer #{}\n}}", "x".repeat(MAX_DOCUMENT_BYTES)),
            "bytes",
        ),
        (format!("{{viewer(a:\"{}\")}}", "x".repeat(10_000)), "argument"),
        ("{viewer".to_owned(), "Syntax error at line 1"),
        (String::new(), "Syntax error"),
        ("query($a:Nope=1){viewer}".to_owned(), "Nope"),
        (
            "subscription{count(to:1) b:count(to:2)}".to_owned(),
            "exactly one",
        ),
        (
            "subscription{...on Events{count(to:1)}...F} fragment F on Events{b:count(to:2)}".to_owned(),
            "exactly one",
        ),
    ] {
        let (message, code) = bench.refused(&text);
        assert!(
            message.contains(says),
            "{message}: {}",
            text.chars().take(80).collect::<String>()
        );
        assert!(message.chars().count() <= 301);
        assert!(["BAD_USER_INPUT", "LIMIT_EXCEEDED"].contains(&code));
    }
}

#[tokio::test]
async fn what_is_allowed_runs_within_the_stack() {
    let bench = Bench::new().await;
    let deepest = format!("{{thing(id:1){}{{id}}{}}}", "{other".repeat(17), "}".repeat(17));
    let answer = bench.run(&deepest, value!({})).await;
    assert!(answer["errors"].is_null(), "{answer}");
    let inline = format!("{{thing(id:1){{{}id{}}}}}", "...{".repeat(28), "}".repeat(28));
    assert_eq!(bench.run(&inline, value!({})).await["data"]["thing"]["id"], "1");
    let chain = fragments(28, 1);
    assert!(bench.run(&chain, value!({})).await["errors"].is_null());
    let list = format!("{{thing(from:{}1{}){{id}}}}", "[".repeat(40), "]".repeat(40));
    assert!(!bench.run(&list, value!({})).await["errors"].is_null());
    let brackets =
        "{thing(from:\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"){id}}";
    assert!(bench.refused(brackets).0.contains("from"));
}

#[tokio::test]
async fn a_cost_follows_the_lengths_of_lists() {
    let bench = Bench::new().await;
    let weight = |text: &str, variables| bench.ask(asking(text, variables)).map(|prepared| prepared.weight);
    for (text, variables, cost, rows, depth) in [
        ("{viewer}", value!({}), 1, 1, 1),
        ("{things{nodes{id}totalCount}}", value!({}), 1 + 10 * 3, 10, 3),
        (
            "{things(first:50){nodes{id other{id}}}}",
            value!({}),
            1 + 50 * 4,
            50,
            4,
        ),
        ("{things(last:2){nodes{tags}}}", value!({}), 1 + 2 * 2, 20, 3),
        (
            "query($n:Int){things(first:$n){nodes{id}}}",
            value!({"n": 30}),
            1 + 30 * 2,
            30,
            3,
        ),
        (
            "query($n:Int=20){things(first:$n){nodes{id}}}",
            value!({}),
            1 + 20 * 2,
            20,
            3,
        ),
        (
            "query($n:Int){things(first:$n){nodes{id}}}",
            value!({}),
            1 + 10 * 2,
            10,
            3,
        ),
        ("{top{id}}", value!({}), 1 + 4, 4, 2),
        ("{top(first:0){id}}", value!({}), 1, 0, 2),
        (
            "{...F...F} fragment F on Query{things(first:5){nodes{id}}}",
            value!({}),
            22,
            5,
            3,
        ),
        (
            "{things(first:1000000000){nodes{id}}}",
            value!({}),
            1 + 100 * 2,
            100,
            3,
        ),
        ("{things(first:-1){nodes{id}}}", value!({}), 1, 0, 3),
    ] {
        let weight = weight(text, variables).unwrap();
        assert_eq!(
            (weight.cost, weight.rows, weight.depth),
            (cost, rows, depth),
            "{text}"
        );
    }
    let nested = "query($n:Int){things(first:100){nodes{things(first:100){nodes{tags things(first:$n){totalCount}}}}}}";
    assert!(weight(nested, value!({"n": 0})).is_err(), "costs");
    let rows =
        "query($n:Int){things(first:100){nodes{things(first:100){nodes{things(first:$n){totalCount}}}}}}";
    let refusal = weight(rows, value!({"n": 4})).unwrap_err();
    assert!(
        refusal
            .errors
            .iter()
            .any(|error| error.message.contains(&MAX_ROWS.to_string()))
    );
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
async fn an_operation_is_chosen_by_its_name() {
    let bench = Bench::new().await;
    let text = "query A{top(first:1){id}} query B{top(first:2){id}}";
    let named = |name: &str| Ask {
        operation_name: Some(name.to_owned()),
        ..asking(text, value!({}))
    };
    let answer = bench.engine.execute(bench.ask(named("B")).unwrap()).await;
    assert_eq!(json(&answer)["data"]["top"].as_array().unwrap().len(), 2);
    let refusal = bench.ask(named("C")).err().unwrap();
    assert!(refusal.errors[0].message.contains("\"C\""));
}

#[tokio::test]
async fn only_some_fields_need_no_login() {
    let bench = Bench::new().await;
    let anonymous = Ctx::anonymous(Arc::clone(&bench.ctx.app), bench.ctx.client);
    let run = |text: &str| bench.engine.prepare(anonymous.clone(), asking(text, value!({})));
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

#[tokio::test]
async fn documents_go_by_their_hashes() {
    let bench = Bench::new().await;
    let text = "{viewer}";
    let hash: String = Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let wanted = |text: Option<&str>, hash: &str| Ask {
        wanted: Wanted {
            text: text.map(str::to_owned),
            hash: Some(hash.to_owned()),
            id: None,
        },
        ..Ask::default()
    };
    let unknown = bench.ask(wanted(None, &hash)).err().unwrap();
    assert_eq!(unknown.code, "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown.errors[0].message, "PersistedQueryNotFound");
    for wrong in [
        wanted(Some("{a:viewer}"), &hash),
        wanted(Some(text), "12"),
        wanted(None, &"zz".repeat(32)),
    ] {
        assert_eq!(bench.ask(wrong).err().unwrap().code, "BAD_USER_INPUT");
    }
    assert!(bench.ask(wanted(None, &hash)).is_err());
    assert!(bench.ask(wanted(Some(text), &hash)).is_ok());
    assert!(bench.ask(wanted(None, &hash)).is_ok());
    assert!(bench.ask(wanted(None, &hash.to_uppercase())).is_ok());
}

#[tokio::test]
async fn only_trusted_documents_may_be_all_there_are() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("documents.json");
    std::fs::write(&file, r#"{"abc123": "query Known { viewer }"}"#).unwrap();
    let settings = Settings {
        introspection: true,
        documents: Some(&file),
        documents_only: true,
        is_of_scalar: |_, _| true,
    };
    let bench = Bench::with(settings).await;
    let wanted = |wanted| Ask {
        wanted,
        ..Ask::default()
    };
    let by = |text: Option<&str>, hash: Option<&str>, id: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        wanted(Wanted {
            text: own(text),
            hash: own(hash),
            id: own(id),
        })
    };
    assert!(bench.ask(by(None, Some("abc123"), None)).is_ok());
    assert!(bench.ask(by(None, None, Some("abc123"))).is_ok());
    assert!(bench.ask(by(None, None, Some("sha256:abc123"))).is_ok());
    assert!(bench.ask(by(Some("query Known { viewer }"), None, None)).is_ok());
    for other in [
        by(Some("{viewer}"), None, None),
        by(Some("{viewer}"), Some("abc124"), None),
        by(None, None, None),
    ] {
        assert_eq!(bench.ask(other).err().unwrap().code, "PERSISTED_QUERY_NOT_FOUND");
    }
    std::fs::write(&file, r#"{"abc123": "{nothing}"}"#).unwrap();
    let build = || async_graphql::Schema::build(Query, Mutation, Events);
    assert!(
        Engine::new(build, settings).is_err(),
        "a document that is not valid"
    );
    std::fs::write(&file, "[]").unwrap();
    assert!(Engine::new(build, settings).is_err(), "not an object");
}

#[tokio::test]
async fn introspection_may_be_switched_off() {
    let bench = Bench::with(Settings {
        introspection: false,
        documents: None,
        documents_only: false,
        is_of_scalar: |_, _| true,
    })
    .await;
    for text in [
        "{__schema{queryType{name}}}",
        "{...F} fragment F on Query{__type(name:\"Thing\"){name}}",
    ] {
        assert!(bench.refused(text).0.contains("introspection"), "{text}");
    }
    assert_eq!(
        bench.run("{__typename}", value!({})).await["data"]["__typename"],
        "Query"
    );
}
