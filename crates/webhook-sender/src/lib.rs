//! Sends webhooks: one signed HTTP request to one receiver, following the [Standard Webhooks] specification.
//!
//! The crate signs and sends. The program decides when and where to send, and stores the attempts.
//!
//! ```
//! use webhook_sender::{SignedMessage, SigningSecret, TargetPolicy, backoff};
//!
//! let secret = SigningSecret::parse(&SigningSecret::random()).expect("a new secret can be parsed");
//! let message = SignedMessage::new("msg_1", 1_700_000_000, &[secret], b"{}".to_vec());
//! assert!(message.signature.starts_with("v1,"));
//!
//! let url = "http://169.254.169.254/latest".parse().expect("a URL");
//! assert!(TargetPolicy::public_only().check(&url).is_err());
//!
//! let wait = backoff::wait(&backoff::SCHEDULE, 1, 0.0, None).expect("there is a second attempt");
//! assert_eq!(wait.num_seconds(), 5);
//! ```
//!
//! # Guarantees
//!
//! - **Signatures** are HMAC-SHA256 over id, timestamp and body. A message can have several, so that secrets can be
//!   rotated. A secret is never printed.
//! - **Targets.** Unless private addresses are allowed, no connection is made to an address that is not public. An
//!   address in the URL is checked in every notation, and all addresses of a host name are checked at each connection.
//!   Redirects are not followed.
//! - **Limits.** One timeout covers connecting and the whole response. At most 16 KiB of its head and 16 KiB of its body
//!   are read.
//! - **Failures** are described by messages of this crate, which can be shown to users: they contain no error text of a
//!   library and no address.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `sign` | secrets and signatures |
//! | `target` | which addresses are allowed, and the resolver that checks them |
//! | `client` | the HTTP client, which makes one attempt |
//! | [`backoff`] | the wait before a failed attempt is repeated |
//!
//! [Standard Webhooks]: https://www.standardwebhooks.com

pub mod backoff;
mod client;
mod sign;
mod target;

pub use self::client::{AttemptResult, Client, ClientError, SignedMessage};
pub use self::sign::SigningSecret;
pub use self::target::{ForbiddenAddress, TargetPolicy, is_public};
