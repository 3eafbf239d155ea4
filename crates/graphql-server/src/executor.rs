//! The engine as async-graphql's [`Executor`], so that any integration of the library can mount it.

use std::any::TypeId;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Executor, Request, Response, Value};
use futures_util::stream::{self, BoxStream, StreamExt as _};

use crate::document_store::DocumentRef;
use crate::engine::{Engine, GraphQlRequest, Prepared};
use crate::error::{ErrorCode, RequestError};
use crate::host::Host;
use crate::json::expand;
use crate::response::GraphQlResponse;

/// The caller is the `H::Context` in the data of the request or of the session; without one, the caller is anonymous. All
/// checks of the engine apply. HTTP and WebSocket handling are up to the integration.
impl<H: Host> Executor for Engine<H> {
    async fn execute(&self, request: Request) -> Response {
        let response = match self.prepare_request(request, None).await {
            Ok(prepared) if prepared.ty == OperationType::Subscription => {
                let message = "Subscriptions are served as streams.";
                RequestError::new(ErrorCode::BadUserInput, message).into()
            }
            Ok(prepared) => Self::execute(self, prepared).await,
            Err(error) => error.into(),
        };
        response.into()
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        let engine = self.clone();
        let responses = async move {
            match engine.prepare_request(request, session_data.as_deref()).await {
                Ok(prepared) if prepared.ty == OperationType::Subscription => engine.subscribe(prepared),
                Ok(prepared) => {
                    let response = Self::execute(&engine, prepared).await;
                    stream::iter([response]).boxed()
                }
                Err(error) => stream::iter([error.into()]).boxed(),
            }
        };
        stream::once(responses).flatten().map(Response::from).boxed()
    }
}

impl<H: Host> Engine<H> {
    async fn prepare_request(
        &self,
        mut request: Request,
        session_data: Option<&Data>,
    ) -> Result<Prepared<H>, RequestError> {
        if !request.uploads.is_empty() {
            let message = "Uploads are not served.";
            return Err(RequestError::new(ErrorCode::BadUserInput, message));
        }
        let caller = context::<H>(&request.data).or_else(|| context::<H>(session_data?));
        let context = match caller {
            Some(context) => context.clone(),
            None => {
                let client = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
                let session = self.host().session(client, None)?;
                self.host().begin(&session).await?
            }
        };
        let parameters = GraphQlRequest {
            document: document(&mut request),
            operation_name: request.operation_name.take(),
            variables: std::mem::take(&mut request.variables),
        };
        self.prepare_with(context, parameters, request).await
    }
}

fn context<H: Host>(data: &Data) -> Option<&H::Context> {
    data.get(&TypeId::of::<H::Context>())?.downcast_ref()
}

fn document(request: &mut Request) -> DocumentRef {
    let hash = match request.extensions.get("persistedQuery") {
        Some(Value::Object(persisted)) => match persisted.get("sha256Hash") {
            Some(Value::String(hash)) => Some(hash.clone()),
            _ => None,
        },
        _ => None,
    };
    let text = std::mem::take(&mut request.query);
    DocumentRef {
        text: Some(text).filter(|text| hash.is_none() || !text.is_empty()),
        hash,
        id: None,
    }
}

impl From<GraphQlResponse> for Response {
    fn from(response: GraphQlResponse) -> Self {
        let mut data = response.data.unwrap_or_default();
        expand(&mut data);
        let mut converted = Self::new(data);
        converted.errors = response.errors;
        converted.extensions = response.extensions;
        converted.http_headers(response.headers)
    }
}
