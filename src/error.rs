//! What can go wrong, in the words of the domain. No HTTP, no GraphQL: each face renders these in its own
//! `problem.rs`, with one exhaustive match.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::kind::Kind;

/// How many seconds whoever was told [`Error::Unavailable`] should wait before asking again.
pub const RETRY_UNAVAILABLE: u64 = 5;

/// The result of everything that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Clone, Debug)]
pub enum Error {
    /// Nobody, or nobody we know, is asking.
    Unauthenticated(Login),
    /// The caller may not do this.
    Forbidden,
    /// There is nothing with this id.
    NotFound,
    /// The list has no such page.
    NoSuchPage,
    /// Values are wrong: every bad field at once.
    Invalid(Faults),
    /// A parameter of the query (or an argument) can't be read.
    Parameter {
        /// The parameter as the caller spells it.
        name: String,
        /// What is wrong, for people.
        reason: String,
    },
    /// The request itself can't be read.
    Malformed(Malformed),
    /// Other records need this one, so it can't be deleted.
    Protected {
        /// How many of which.
        by: Vec<(Kind, u64)>,
    },
    /// Undoing a movement would take more than is in stock, or leave more than fits.
    InsufficientStock(Shortage),
    /// Somebody else has changed it since the version that was sent.
    VersionConflict,
    /// It is right, but not as things stand.
    Conflict(Conflict),
    /// Too many requests.
    Limited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// The database can't answer now.
    Unavailable(Cause),
    /// A mistake of ours.
    Internal(Cause),
}

/// Why nobody is logged in; each has its documented answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// No token was sent.
    Missing,
    /// The token is bad, expired, of the wrong type, or its user is not active.
    BadToken,
    /// Wrong name or password.
    WrongCredentials,
    /// A refresh or verify was refused.
    TokenRefused,
}

/// What is wrong with a request as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The body is no JSON.
    NotJson,
    /// The body is JSON, but not an object.
    NotObject,
    /// The body is larger than the limit.
    TooLarge,
    /// The body is declared to be something else than JSON.
    MediaType,
    /// The body did not arrive.
    Incomplete,
    /// The body took too long to arrive.
    TooSlow,
    /// The query string is not UTF-8.
    QueryString,
    /// The `Host` header is not one that is served here.
    Host,
}

/// What stands in the way of a request that is right in itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The webhook endpoint is the one of the settings, which only they change.
    ReadOnly,
    /// The webhook endpoint is disabled.
    Disabled,
    /// Webhooks are switched off as a whole.
    SwitchedOff,
    /// There are as many webhook endpoints as there may be.
    TooMany,
}

impl Conflict {
    /// The same for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::ReadOnly => {
                "This is the endpoint of the settings: change WEBHOOK_URL and its neighbours there."
            }
            Self::Disabled => "The endpoint is disabled: enable it first.",
            Self::SwitchedOff => "Webhooks are switched off: set WEBHOOK_ENABLED first.",
            Self::TooMany => "There are as many webhook endpoints as there may be: delete one first.",
        }
    }
}

/// Stock that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The product.
    pub product: i64,
    /// How many are in stock.
    pub available: i64,
    /// How many would be taken.
    pub requested: i64,
}

/// One thing wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The column's name, `category_id`; empty when it belongs to no one field.
    pub field: &'static str,
    /// Which item of a batch, counted from 0.
    pub item: Option<usize>,
    /// What is wrong, for programs.
    pub code: FaultCode,
    /// What is wrong, for people, in the words of the document and of Django REST framework.
    pub message: String,
}

/// What can be wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// Not there, though it must be.
    Required,
    /// Null, though it may not be.
    Null,
    /// A text that may not be empty is.
    Blank,
    /// A text or a list is too long.
    TooLong,
    /// A number is too small, too large, or has too many digits.
    OutOfRange,
    /// Not of the right form.
    Invalid,
    /// Another record has this value already.
    Taken,
    /// There is nothing with this id.
    NotFound,
    /// There is less in stock than this would take.
    InsufficientStock,
}

/// Everything that is wrong with an input.
pub type Faults = Vec<Fault>;

impl Fault {
    /// A fault of one field.
    pub fn new(field: &'static str, code: FaultCode, message: impl Into<String>) -> Self {
        Self {
            field,
            item: None,
            code,
            message: message.into(),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::Invalid(vec![fault])
    }
}

/// What lies behind a failure of ours, for the log alone: it has no `Display` and no `Serialize`, so it can't reach a
/// body even by mistake.
#[derive(Clone)]
pub struct Cause(Arc<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// Wraps a source error.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl Error {
    /// A mistake of ours, with its source.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Cause::new(source))
    }

    /// The database can't answer now.
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(Cause::new(source))
    }

    /// A query parameter that can't be read.
    pub fn parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Parameter {
            name: name.into(),
            reason: reason.into(),
        }
    }

    /// The same refusal as part of a batch: its faults say which item they are of.
    #[must_use]
    pub fn of_item(self, item: usize) -> Self {
        match self {
            Self::Invalid(faults) => Self::Invalid(
                faults
                    .into_iter()
                    .map(|fault| Fault {
                        item: fault.item.or(Some(item)),
                        ..fault
                    })
                    .collect(),
            ),
            other => other,
        }
    }
}
