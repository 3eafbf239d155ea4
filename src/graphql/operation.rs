//! One operation of a WebSocket, from `subscribe` to `complete` or `error`.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::sync::mpsc;

use super::answer::Answer;
use super::engine::GraphQlRequest;
use super::handler::GraphQlState;
use super::refusal::{LIMIT_EXCEEDED, Refusal};
use crate::auth::session::Session;

/// A message of an operation on its way to the client.
pub struct Outgoing {
    /// Which operation.
    pub id: String,
    /// Which of those that have had this id.
    pub number: u64,
    /// Whether the operation has ended with it.
    pub is_last: bool,
    /// The message.
    pub text: String,
}

#[derive(Serialize)]
struct Message<'a, T> {
    id: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<T>,
}

impl Outgoing {
    /// The refusal of one operation more.
    pub fn too_many(id: &str, limit: usize) -> String {
        let message = format!("One connection has {limit} operations at most.");
        of_error(id, &Refusal::new(LIMIT_EXCEEDED, message).errors)
    }
}

/// Where an operation says what it has to say.
pub struct MessageSender {
    /// Which operation.
    pub id: String,
    /// Which of those that have had this id.
    pub number: u64,
    /// The connection's.
    pub queue: mpsc::Sender<Outgoing>,
}

impl MessageSender {
    async fn say(&self, is_last: bool, text: String) -> bool {
        let outgoing = Outgoing {
            id: self.id.clone(),
            number: self.number,
            is_last,
            text,
        };
        self.queue.send(outgoing).await.is_ok()
    }

    /// Sends an answer; false when nothing can follow it.
    async fn next(&self, answer: &Answer) -> bool {
        if answer.refused().is_some() {
            self.error(answer.errors()).await;
            return false;
        }
        let next = Message {
            id: &self.id,
            r#type: "next",
            payload: Some(answer),
        };
        self.say(false, json(&next)).await
    }

    async fn error(&self, errors: &[ServerError]) {
        self.say(true, of_error(&self.id, errors)).await;
    }

    async fn complete(&self) {
        let complete = Message::<()> {
            id: &self.id,
            r#type: "complete",
            payload: None,
        };
        self.say(true, json(&complete)).await;
    }
}

/// Executes an operation and says what it answers. Ends when the session does; the connection is closed then.
pub async fn operate(face: Arc<GraphQlState>, session: Session, voice: MessageSender, ask: GraphQlRequest) {
    let prepared = match session.ctx().await {
        Ok(ctx) => face.engine.prepare(ctx, ask).await,
        Err(error) => Err(error.into()),
    };
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(refusal) => return voice.error(&refusal.errors).await,
    };
    if prepared.ty == OperationType::Subscription {
        let mut answers = face.engine.subscribe(prepared);
        while let Some(answer) = answers.next().await {
            // Whoever has been shut out since is told nothing more.
            if session.ctx().await.is_err() || !voice.next(&answer).await {
                return;
            }
        }
    } else {
        let answer = face.engine.execute(prepared).await;
        if !voice.next(&answer).await {
            return;
        }
    }
    voice.complete().await;
}

fn of_error(id: &str, errors: &[ServerError]) -> String {
    json(&Message {
        id,
        r#type: "error",
        payload: Some(errors),
    })
}

fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap_or_default()
}
