//! One operation of a WebSocket, from `subscribe` to `complete` or `error`.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::engine::GraphQlRequest;
use crate::error::{ErrorCode, RequestError};
use crate::host::Host;
use crate::response::GraphQlResponse;
use crate::service::Service;

/// A message of an operation, for the client.
pub(super) struct Outgoing {
    pub id: String,
    /// Distinguishes operations that have used the same id one after the other.
    pub number: u64,
    /// Whether it ends the operation.
    pub is_last: bool,
    pub text: String,
}

#[derive(Serialize)]
struct Message<'a, T> {
    id: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<T>,
}

/// The message for an operation beyond the limit of a connection.
pub(super) fn too_many_operations(id: &str, limit: usize) -> String {
    let message = format!("One connection has {limit} operations at most.");
    error_message(id, &RequestError::new(ErrorCode::LimitExceeded, message).errors)
}

/// Sends the messages of one operation to the task of the connection.
pub(super) struct MessageSender {
    pub id: String,
    pub number: u64,
    pub queue: mpsc::Sender<Outgoing>,
}

impl MessageSender {
    /// Waits while the queue is full; false when the connection has gone.
    async fn send(&self, is_last: bool, text: String) -> bool {
        let outgoing = Outgoing {
            id: self.id.clone(),
            number: self.number,
            is_last,
            text,
        };
        self.queue.send(outgoing).await.is_ok()
    }

    /// Sends a response; false when the operation has ended with it.
    async fn next(&self, response: &GraphQlResponse) -> bool {
        if response.request_error().is_some() {
            self.error(&response.errors).await;
            return false;
        }
        let next = Message {
            id: &self.id,
            r#type: "next",
            payload: Some(response),
        };
        self.send(false, json(&next)).await
    }

    async fn error(&self, errors: &[ServerError]) {
        self.send(true, error_message(&self.id, errors)).await;
    }

    async fn complete(&self) {
        let complete = Message::<()> {
            id: &self.id,
            r#type: "complete",
            payload: None,
        };
        self.send(true, json(&complete)).await;
    }
}

/// Executes an operation and sends its responses. Returns early when the login is revoked; the connection is closed then.
pub(super) async fn run<H: Host>(
    service: Arc<Service<H>>,
    session: H::Session,
    sender: MessageSender,
    request: GraphQlRequest,
) {
    let (host, engine) = (service.host(), &service.engine);
    let prepared = match host.begin(&session).await {
        Ok(context) => engine.prepare(context, request).await,
        Err(error) => Err(error),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return sender.error(&error.errors).await,
    };
    if prepared.ty == OperationType::Subscription {
        let mut responses = engine.subscribe(prepared);
        while let Some(response) = responses.next().await {
            if host.begin(&session).await.is_err() || !sender.next(&response).await {
                return;
            }
        }
    } else {
        let response = engine.execute(prepared).await;
        if !sender.next(&response).await {
            return;
        }
    }
    sender.complete().await;
}

fn error_message(id: &str, errors: &[ServerError]) -> String {
    json(&Message {
        id,
        r#type: "error",
        payload: Some(errors),
    })
}

fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}
