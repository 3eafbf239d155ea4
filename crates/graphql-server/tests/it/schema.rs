//! A small schema with fields that fail, panic and never end.

use std::sync::atomic::{AtomicI32, Ordering};

use async_graphql::{ID, InputObject, Interface, MaybeUndefined, Object, SimpleObject, Subscription};
use futures_util::stream::{self, Stream};
use graphql_server::resolve::Concurrent;

pub struct Query;

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
    /// Fails for odd numbers.
    async fn even(&self) -> Result<i32, async_graphql::Error> {
        if self.0 % 2 == 0 {
            Ok(self.0)
        } else {
            Err(async_graphql::Error::new("It is odd."))
        }
    }
    /// The same with a nullable type.
    async fn nullable_even(&self) -> Result<Option<i32>, async_graphql::Error> {
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

/// An object whose fields complete in a different order than they are selected.
struct ConcurrentFields;

#[Object]
impl ConcurrentFields {
    /// Completes after the task has yielded this many times.
    async fn slow(&self, #[graphql(default = 3)] yields: i32) -> i32 {
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
        yields
    }
    async fn fails(&self) -> Result<Option<i32>, async_graphql::Error> {
        tokio::task::yield_now().await;
        Err(async_graphql::Error::new("It fails."))
    }
    async fn fails_non_null(&self) -> Result<i32, async_graphql::Error> {
        Err(async_graphql::Error::new("It fails."))
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
enum Item {
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
    async fn concurrent(&self) -> Option<Concurrent<ConcurrentFields>> {
        Some(Concurrent(ConcurrentFields))
    }
    async fn items(&self) -> Vec<Item> {
        vec![Item::Thing(Thing(1)), Item::Place(Place)]
    }
    async fn top(&self, #[graphql(default = 4)] first: i32) -> Vec<Thing> {
        (0..first).map(Thing).collect()
    }
    async fn panics(&self) -> Option<bool> {
        assert!(
            std::hint::black_box(false),
            "a panic on purpose, which the engine catches"
        );
        None
    }
    async fn never(&self) -> Option<bool> {
        std::future::pending().await
    }
}

pub struct Mutation;

static COUNT: AtomicI32 = AtomicI32::new(0);

#[Object]
impl Mutation {
    /// How many times it has been executed.
    async fn count(&self) -> i32 {
        COUNT.fetch_add(1, Ordering::Relaxed) + 1
    }
    async fn login(&self, name: Option<String>) -> Option<String> {
        name
    }
    /// Returns the name, or "null" or "nothing" if it is null or absent.
    async fn change(&self, input: Option<Change>, name: MaybeUndefined<String>) -> String {
        let name = input.map_or(name, |input| input.inner.map_or(input.name, |inner| inner.name));
        match name {
            MaybeUndefined::Undefined => "nothing".to_owned(),
            MaybeUndefined::Null => "null".to_owned(),
            MaybeUndefined::Value(name) => name,
        }
    }
}

pub struct Events;

#[Subscription]
impl Events {
    async fn count(&self, to: i32) -> impl Stream<Item = i32> {
        stream::iter(1..=to)
    }
    async fn things(&self) -> impl Stream<Item = Thing> {
        stream::iter([Thing(0), Thing(1)])
    }
}
