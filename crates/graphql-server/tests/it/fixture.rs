//! An engine over the schema of these tests, without HTTP.

use async_graphql::{Value, Variables};
use futures_util::FutureExt as _;
use graphql_server::{
    DocumentRef, Engine, GraphQlRequest, GraphQlResponse, Prepared, RequestError, Settings, SetupError,
};

use crate::host::{Caller, TestHost};
use crate::schema::{Events, Mutation, Query};

pub struct Fixture {
    pub engine: Engine<TestHost>,
}

impl Fixture {
    pub fn new() -> Self {
        Self::with(settings())
    }

    pub fn with(settings: Settings) -> Self {
        Self {
            engine: engine(settings).unwrap(),
        }
    }

    pub fn prepare_request(&self, request: GraphQlRequest) -> Result<Prepared<TestHost>, RequestError> {
        self.prepare_as(Caller::User, request)
    }

    pub fn prepare_as(
        &self,
        caller: Caller,
        request: GraphQlRequest,
    ) -> Result<Prepared<TestHost>, RequestError> {
        let prepared = self.engine.prepare(caller, request).now_or_never();
        prepared.expect("the host of these tests awaits nothing")
    }

    pub fn prepare(&self, text: &str) -> Result<Prepared<TestHost>, RequestError> {
        self.prepare_request(request(text, Value::Null))
    }

    pub async fn run(&self, text: &str, variables: Value) -> serde_json::Value {
        let response = match self.prepare_request(request(text, variables)) {
            Ok(prepared) => self.engine.execute(prepared).await,
            Err(error) => error.into(),
        };
        json(&response)
    }
}

pub fn settings() -> Settings {
    Settings {
        public_fields: &["viewer", "login"],
        ..Settings::default()
    }
}

pub fn engine(settings: Settings) -> Result<Engine<TestHost>, SetupError> {
    let build = || async_graphql::Schema::build(Query, Mutation, Events).disable_suggestions();
    Engine::new(TestHost::default(), build, settings)
}

pub fn request(text: &str, variables: Value) -> GraphQlRequest {
    GraphQlRequest {
        document: DocumentRef {
            text: Some(text.to_owned()),
            ..DocumentRef::default()
        },
        variables: Variables::from_value(variables),
        ..GraphQlRequest::default()
    }
}

pub fn json(response: &GraphQlResponse) -> serde_json::Value {
    serde_json::from_str(&response.to_json()).unwrap()
}
