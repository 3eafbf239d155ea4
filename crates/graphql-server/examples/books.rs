//! A schema of books, served by this crate at `/graphql`. For comparison, async-graphql-axum's HTTP service serves the
//! same engine at `/axum` and the plain schema at `/plain`.
//!
//! ```sh
//! cargo run -p graphql-server --example books 127.0.0.1:8080
//! curl 127.0.0.1:8080/graphql -H 'Content-Type: application/json' -d '{"query": "{ books(first: 1) }"}'
//! ```

use std::net::IpAddr;

use async_graphql::parser::types::OperationType;
use async_graphql::{EmptyMutation, Object, Schema, SchemaBuilder, Subscription};
use async_graphql_axum::GraphQL;
use futures_util::stream::{self, Stream};
use graphql_server::{Engine, ErrorCode, Host, RequestError, Settings, router};

const BOOKS: [&str; 2] = ["Middlemarch, by George Eliot", "Persuasion, by Jane Austen"];

struct Query;
#[Object]
impl Query {
    async fn books(&self, #[graphql(default = 10)] first: usize) -> Vec<&'static str> {
        BOOKS.into_iter().take(first).collect()
    }
}

struct Events;
#[Subscription]
impl Events {
    /// Requires `Authorization: Bearer secret`.
    async fn recommendations(&self) -> impl Stream<Item = &'static str> {
        stream::iter(BOOKS)
    }
}

struct Library;
impl Host for Library {
    type Session = bool;
    type Context = bool;
    type Observation = ();

    fn session(&self, _: IpAddr, authorization: Option<&[u8]>) -> Result<bool, RequestError> {
        Ok(authorization == Some(b"Bearer secret"))
    }

    async fn begin(&self, is_member: &bool) -> Result<bool, RequestError> {
        Ok(*is_member)
    }

    fn authorize(&self, is_member: &bool) -> Result<(), RequestError> {
        let error = || RequestError::new(ErrorCode::Unauthenticated, "Only for members.");
        is_member.then_some(()).ok_or_else(error)
    }

    fn observe(&self, _: &bool, _: OperationType, _: Option<&str>) {}
}

fn schema() -> SchemaBuilder<Query, EmptyMutation, Events> {
    Schema::build(Query, EmptyMutation, Events)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings {
        public_fields: &["books"],
        ..Settings::default()
    };
    let engine = Engine::new(Library, schema, settings)?;
    let routes = router("/graphql", engine.clone())
        .route_service("/axum", GraphQL::new(engine))
        .route_service("/plain", GraphQL::new(schema().finish()));
    let address = std::env::args()
        .nth(1)
        .ok_or("expected an address as the first argument")?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("http://{}/graphql", listener.local_addr()?);
    Ok(axum::serve(listener, routes).await?)
}
