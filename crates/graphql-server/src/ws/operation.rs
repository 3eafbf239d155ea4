//! One operation of a WebSocket, from `subscribe` to `complete` or `error`.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::sync::mpsc;

use super::protocol::Close;
use crate::engine::{GraphQlRequest, Prepared};
use crate::error::{ErrorCode, RequestError};
use crate::host::Host;
use crate::response::GraphQlResponse;
use crate::service::Service;

/// A message of an operation to the client.
pub(super) struct OutgoingMessage {
    pub id: String,
    /// Distinguishes successive operations with the same id.
    pub number: u64,
    /// Whether it ends the operation.
    pub is_last: bool,
    /// The text, or the reason to close the whole connection.
    pub content: Result<String, Close>,
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
    let message = format!("A connection can have at most {limit} operations.");
    error_message(id, &RequestError::new(ErrorCode::LimitExceeded, message).errors)
}

/// Sends the messages of one operation to the task of the connection.
pub(super) struct MessageSender {
    pub id: String,
    pub number: u64,
    pub queue: mpsc::Sender<OutgoingMessage>,
}

impl MessageSender {
    /// Waits while the queue is full. Returns false if the connection is closed.
    async fn send(&self, is_last: bool, text: String) -> bool {
        let outgoing = OutgoingMessage {
            id: self.id.clone(),
            number: self.number,
            is_last,
            content: Ok(text),
        };
        self.queue.send(outgoing).await.is_ok()
    }

    /// Closes the connection.
    async fn close(&self, reason: Close) {
        let outgoing = OutgoingMessage {
            id: self.id.clone(),
            number: self.number,
            is_last: true,
            content: Err(reason),
        };
        // Fails if the connection is already closed.
        let _ = self.queue.send(outgoing).await;
    }

    /// Sends a response. Returns false if it ended the operation or the connection is closed.
    async fn send_next(&self, response: &GraphQlResponse) -> bool {
        if response.request_error().is_some() {
            self.send_error(&response.errors).await;
            return false;
        }
        let (id, payload) = (json(&self.id), response.to_json());
        self.send(
            false,
            format!(r#"{{"id":{id},"type":"next","payload":{payload}}}"#),
        )
        .await
    }

    async fn send_error(&self, errors: &[ServerError]) {
        self.send(true, error_message(&self.id, errors)).await;
    }

    async fn send_complete(&self) {
        let complete = Message::<()> {
            id: &self.id,
            r#type: "complete",
            payload: None,
        };
        self.send(true, json(&complete)).await;
    }
}

/// Executes an operation and sends its responses.
pub(super) async fn run<H: Host>(
    service: Arc<Service<H>>,
    session: H::Session,
    sender: MessageSender,
    request: GraphQlRequest,
) {
    let engine = &service.engine;
    let prepared = match service.begin(&session).await {
        Ok(context) => engine.prepare(context, request).await,
        Err(error) => Err(error),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return sender.send_error(&error.errors).await,
    };
    if prepared.ty == OperationType::Subscription {
        return stream(&service, &session, &sender, prepared).await;
    }
    let response = engine.execute(prepared).await;
    if sender.send_next(&response).await {
        sender.send_complete().await;
    }
}

/// Sends the events of a subscription.
///
/// Clients do not subscribe again after `complete`, so `complete` is sent only if the stream itself has ended. When the
/// login expires or the program shuts down, the connection's task closes the connection. When an event can't be resolved
/// or the login can't be verified, the connection is closed with a code after which clients reconnect and resume after
/// their last event.
async fn stream<H: Host>(
    service: &Service<H>,
    session: &H::Session,
    sender: &MessageSender,
    prepared: Prepared<H>,
) {
    let host = service.host();
    let mut responses = service.engine.subscribe(prepared);
    while let Some(response) = responses.next().await {
        let login = service.begin(session).await;
        if host.is_stopping() {
            return;
        }
        match login {
            Ok(_) if response.is_incomplete() => return sender.close(Close::UNAVAILABLE).await,
            Ok(_) => {}
            Err(error) if error.code == ErrorCode::Unauthenticated => {
                return sender.close(Close::EXPIRED).await;
            }
            Err(_) => return sender.close(Close::UNAVAILABLE).await,
        }
        if !sender.send_next(&response).await {
            return;
        }
    }
    if !host.is_stopping() {
        sender.send_complete().await;
    }
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
