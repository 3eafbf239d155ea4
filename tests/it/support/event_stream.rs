//! A client of server-sent events.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::actors::Actor;
use crate::support::websocket_client::TIMEOUT;

/// A stream of events.
pub struct EventStream {
    response: Response,
    received: String,
}

impl EventStream {
    /// Starts an operation by `POST`.
    pub async fn open(actor: &Actor, query: &str, variables: Value) -> Self {
        let opened = Self::try_open(actor, query, variables).await;
        opened.unwrap_or_else(|status| panic!("{query}: {status}"))
    }

    /// Like [`EventStream::open`], but returns the status of a rejected request.
    pub async fn try_open(actor: &Actor, query: &str, variables: Value) -> Result<Self, u16> {
        let request = actor
            .request(Method::POST, "/graphql")
            .header("accept", "text/event-stream")
            .json(&json!({ "query": query, "variables": variables }));
        let response = request.send().await.expect("a response");
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        let kind = response
            .headers()
            .get("content-type")
            .expect("a type")
            .to_str()
            .expect("ASCII");
        assert!(kind.starts_with("text/event-stream"), "{kind}");
        Ok(Self {
            response,
            received: String::new(),
        })
    }

    /// The next event and its data; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.received.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.received = rest;
                let line = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
                };
                let Some(kind) = line("event:") else {
                    // Comments are keep-alives.
                    continue;
                };
                let data = line("data:").filter(|data| !data.is_empty());
                let data = data.map_or(Value::Null, |data| serde_json::from_str(&data).expect("JSON"));
                return Some((kind, data));
            }
            let chunk = tokio::time::timeout(TIMEOUT, self.response.chunk())
                .await
                .expect("a chunk in time");
            // A broken connection also ends the stream.
            let chunk = chunk.ok().flatten()?;
            self.received
                .push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        }
    }

    /// The data of the next result.
    pub async fn data(&mut self) -> Value {
        let (kind, payload) = self.next().await.expect("an event");
        assert_eq!(kind, "next", "{payload}");
        assert!(payload.get("errors").is_none(), "{payload}");
        payload["data"].clone()
    }
}
