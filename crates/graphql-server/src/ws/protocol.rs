//! The messages of `graphql-transport-ws` that clients send, and the reasons for which a connection is closed.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::engine::GraphQlRequest;
use crate::http::request;

/// Maximum length of an operation id in bytes.
const MAX_ID: usize = 256;
/// Maximum length of the reason in a close frame, in bytes: the 125 bytes of a control frame, minus 2 for the code.
const MAX_REASON: usize = 123;

/// The code and reason of a close frame, as the protocol defines them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub code: u16,
    pub reason: Cow<'static, str>,
}

impl Close {
    pub const STOPPING: Self = Self::new(1001, "Going away");
    pub const TOO_LARGE: Self = Self::new(1009, "Message too big");
    /// The login can't be verified, or an event can't be resolved, because of a temporary failure.
    pub const UNAVAILABLE: Self = Self::new(1013, "Try again later");
    pub const INVALID: Self = Self::new(4400, "Invalid message received");
    /// `subscribe` before `connection_ack`.
    pub const UNAUTHORIZED: Self = Self::new(4401, "Unauthorized");
    pub const FORBIDDEN: Self = Self::new(4403, "Forbidden");
    /// The login has expired. Same code as for an invalid login: clients then reconnect with a new token.
    pub const EXPIRED: Self = Self::new(4403, "Forbidden");
    pub const NOT_ACCEPTABLE: Self = Self::new(4406, "Subprotocol not acceptable");
    pub const INIT_TIMEOUT: Self = Self::new(4408, "Connection initialisation timeout");
    pub const TOO_MANY_INITS: Self = Self::new(4429, "Too many initialisation requests");

    const fn new(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    /// The reason to close when a new operation has the id of a running one.
    pub fn already_exists(id: &str) -> Self {
        let reason = format!("Subscriber for {id} already exists");
        let fits = reason.len() <= MAX_REASON;
        Self {
            code: 4409,
            reason: if fits {
                reason.into()
            } else {
                "Subscriber already exists".into()
            },
        }
    }
}

/// A message from a client.
#[derive(Debug)]
pub(super) enum ClientMessage {
    Init {
        /// The field `Authorization` of the payload.
        authorization: Option<String>,
    },
    Ping {
        /// Copied into the pong.
        payload: Option<Box<RawValue>>,
    },
    Pong,
    /// Starts an operation of any type.
    Subscribe {
        id: String,
        request: Box<GraphQlRequest>,
    },
    /// Ends an operation.
    Complete {
        id: String,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    r#type: Cow<'a, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

/// The payload of `connection_init`. Header names are case-insensitive, so clients use either spelling.
#[derive(Default, Deserialize)]
struct Credentials {
    #[serde(rename = "Authorization")]
    capitalized: Option<String>,
    authorization: Option<String>,
}

impl ClientMessage {
    /// # Errors
    /// [`Close::INVALID`].
    pub fn parse(text: &str) -> Result<Self, Close> {
        let is_object = |text: &str| text.trim_start().starts_with('{');
        let envelope: Envelope<'_> = Some(text)
            .filter(|text| is_object(text))
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or(Close::INVALID)?;
        let payload = envelope.payload;
        if payload.is_some_and(|payload| !is_object(payload.get())) {
            return Err(Close::INVALID);
        }
        let id = || {
            let id = envelope
                .id
                .clone()
                .filter(|id| !id.is_empty() && id.len() <= MAX_ID);
            id.ok_or(Close::INVALID)
        };
        match &*envelope.r#type {
            "connection_init" => {
                let credentials = payload.map(|payload| serde_json::from_str::<Credentials>(payload.get()));
                let credentials = credentials
                    .transpose()
                    .map_err(|_| Close::INVALID)?
                    .unwrap_or_default();
                Ok(Self::Init {
                    authorization: credentials.capitalized.or(credentials.authorization),
                })
            }
            "ping" => Ok(Self::Ping {
                payload: payload.map(ToOwned::to_owned),
            }),
            "pong" => Ok(Self::Pong),
            "subscribe" => {
                let payload = payload.ok_or(Close::INVALID)?.get().as_bytes();
                Ok(Self::Subscribe {
                    id: id()?,
                    request: Box::new(request::from_json(payload).map_err(|_| Close::INVALID)?),
                })
            }
            "complete" => Ok(Self::Complete { id: id()? }),
            _ => Err(Close::INVALID),
        }
    }

    /// The response to a `ping`.
    pub fn pong(payload: Option<Box<RawValue>>) -> String {
        match payload {
            Some(payload) => format!(r#"{{"type":"pong","payload":{}}}"#, payload.get()),
            None => r#"{"type":"pong"}"#.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_parsed() {
        let init = |text: &str| match ClientMessage::parse(text) {
            Ok(ClientMessage::Init { authorization }) => authorization,
            other => panic!("{other:?}"),
        };
        assert_eq!(init(r#"{"type":"connection_init"}"#), None);
        assert_eq!(init(r#"{"type":"connection_init","payload":null}"#), None);
        assert_eq!(init(r#"{"type":"connection_init","payload":{"other":1}}"#), None);
        for name in ["Authorization", "authorization"] {
            let text = format!(r#"{{"type":"connection_init","payload":{{"{name}":"Bearer x"}}}}"#);
            assert_eq!(init(&text).as_deref(), Some("Bearer x"));
        }
        let subscribe = ClientMessage::parse(r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#);
        assert!(matches!(subscribe, Ok(ClientMessage::Subscribe { id, .. }) if id == "1"));
        assert!(matches!(
            ClientMessage::parse(r#"{"type":"complete","id":"1"}"#),
            Ok(ClientMessage::Complete { .. })
        ));
        let Ok(ClientMessage::Ping { payload }) =
            ClientMessage::parse(r#"{"type":"ping","payload":{"a": [1]}}"#)
        else {
            panic!("a ping");
        };
        assert_eq!(
            ClientMessage::pong(payload),
            r#"{"type":"pong","payload":{"a": [1]}}"#
        );
        assert_eq!(ClientMessage::pong(None), r#"{"type":"pong"}"#);
    }

    #[test]
    fn invalid_messages_are_refused() {
        let long = "x".repeat(257);
        for text in [
            "",
            "x",
            "[]",
            "{}",
            r#"["ping",null,null]"#,
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1","payload":{"query":"{a}"}}"#,
            r#"{"type":"connection_init","payload":[]}"#,
            r#"{"type":"connection_init","payload":{"Authorization":1}}"#,
            r#"{"type":"ping","payload":1}"#,
            r#"{"type":"subscribe","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#,
            r#"{"type":"subscribe","id":1,"payload":{"query":"{a}"}}"#,
            &format!(r#"{{"type":"subscribe","id":"{long}","payload":{{"query":"{{a}}"}}}}"#),
            r#"{"type":"subscribe","id":"1"}"#,
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":1}}"#,
            r#"{"type":"complete"}"#,
        ] {
            assert!(
                matches!(ClientMessage::parse(text), Err(close) if close == Close::INVALID),
                "{text}"
            );
        }
    }

    #[test]
    fn reasons_fit_into_a_frame() {
        assert_eq!(
            Close::already_exists("a1").reason,
            "Subscriber for a1 already exists"
        );
        assert!(Close::already_exists(&"x".repeat(200)).reason.len() <= MAX_REASON);
    }
}
