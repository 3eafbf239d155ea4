//! The words of `graphql-transport-ws`: what a client may say, and why a connection is closed.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::engine::GraphQlRequest;
use super::request;

/// Bytes of an operation's id.
const LONGEST_ID: usize = 256;
/// Bytes that the reason of a closing may have: what is left of a control frame beside the code.
const LONGEST_REASON: usize = 123;

/// Why a connection is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code.
    pub code: u16,
    /// The reason, in the words that clients know.
    pub reason: Cow<'static, str>,
}

impl Close {
    /// The program ends.
    pub const STOPPING: Self = Self::because(1001, "Going away");
    /// A message is too large.
    pub const TOO_LARGE: Self = Self::because(1009, "Message too big");
    /// The database can't be asked who it is.
    pub const UNAVAILABLE: Self = Self::because(1013, "Try again later");
    /// The client can't be understood.
    pub const INVALID: Self = Self::because(4400, "Invalid message received");
    /// Something is asked before `connection_ack`.
    pub const UNAUTHORIZED: Self = Self::because(4401, "Unauthorized");
    /// The login is refused.
    pub const FORBIDDEN: Self = Self::because(4403, "Forbidden");
    /// The login has ended. The same code as for one that is refused: clients come back with a new token after it.
    pub const SESSION_OVER: Self = Self::because(4403, "Forbidden");
    /// The client does not speak the protocol.
    pub const NOT_ACCEPTABLE: Self = Self::because(4406, "Subprotocol not acceptable");
    /// There was no `connection_init` in time.
    pub const NO_INTRODUCTION: Self = Self::because(4408, "Connection initialisation timeout");
    /// There was a second `connection_init`.
    pub const TOO_MANY_INTRODUCTIONS: Self = Self::because(4429, "Too many initialisation requests");

    const fn because(code: u16, reason: &'static str) -> Self {
        Self {
            code,
            reason: Cow::Borrowed(reason),
        }
    }

    /// An operation has the id of another that has not ended.
    pub fn already_exists(id: &str) -> Self {
        let reason = format!("Subscriber for {id} already exists");
        let fits = reason.len() <= LONGEST_REASON;
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

/// What a client says.
#[derive(Debug)]
pub enum Incoming {
    /// `connection_init`
    Init {
        /// `Bearer …`, if it is sent.
        authorization: Option<String>,
    },
    /// `ping`
    Ping {
        /// Sent back as it is.
        payload: Option<Box<RawValue>>,
    },
    /// `pong`
    Pong,
    /// `subscribe`: any operation.
    Subscribe {
        /// What the operation is called from now on.
        id: String,
        /// What it is.
        ask: Box<GraphQlRequest>,
    },
    /// `complete`: the client has heard enough.
    Complete {
        /// Of which operation.
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

/// HTTP does not tell capitals from small letters in the names of headers, so neither do clients.
#[derive(Default, Deserialize)]
struct Credentials {
    #[serde(rename = "Authorization")]
    capital: Option<String>,
    authorization: Option<String>,
}

impl Incoming {
    /// Reads a message.
    ///
    /// # Errors
    /// [`Close::INVALID`].
    pub fn read(text: &str) -> Result<Self, Close> {
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
                .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
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
                    authorization: credentials.capital.or(credentials.authorization),
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
                    ask: Box::new(request::of_json(payload).map_err(|_| Close::INVALID)?),
                })
            }
            "complete" => Ok(Self::Complete { id: id()? }),
            _ => Err(Close::INVALID),
        }
    }

    /// The answer to a `ping`.
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
    fn messages() {
        let init = |text: &str| match Incoming::read(text) {
            Ok(Incoming::Init { authorization }) => authorization,
            other => panic!("{other:?}"),
        };
        assert_eq!(init(r#"{"type":"connection_init"}"#), None);
        assert_eq!(init(r#"{"type":"connection_init","payload":null}"#), None);
        assert_eq!(init(r#"{"type":"connection_init","payload":{"other":1}}"#), None);
        for name in ["Authorization", "authorization"] {
            let text = format!(r#"{{"type":"connection_init","payload":{{"{name}":"Bearer x"}}}}"#);
            assert_eq!(init(&text).as_deref(), Some("Bearer x"));
        }
        let subscribe = Incoming::read(r#"{"id":"1","type":"subscribe","payload":{"query":"{a}"}}"#);
        assert!(matches!(subscribe, Ok(Incoming::Subscribe { id, .. }) if id == "1"));
        assert!(matches!(
            Incoming::read(r#"{"type":"complete","id":"1"}"#),
            Ok(Incoming::Complete { .. })
        ));
        let Ok(Incoming::Ping { payload }) = Incoming::read(r#"{"type":"ping","payload":{"a": [1]}}"#) else {
            panic!("a ping");
        };
        assert_eq!(Incoming::pong(payload), r#"{"type":"pong","payload":{"a": [1]}}"#);
        assert_eq!(Incoming::pong(None), r#"{"type":"pong"}"#);
    }

    #[test]
    fn what_is_none() {
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
                matches!(Incoming::read(text), Err(close) if close == Close::INVALID),
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
        assert!(Close::already_exists(&"x".repeat(200)).reason.len() <= LONGEST_REASON);
    }
}
