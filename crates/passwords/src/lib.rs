//! Hashes passwords with Argon2id, and verifies them against such hashes and against those of a former Django installation.
//!
//! ```
//! use passwords::{Passwords, is_own_hash};
//!
//! # async fn run() -> Result<(), passwords::Error> {
//! let passwords = Passwords::new();
//! let stored = passwords.hash("correct horse".to_owned()).await?;
//! assert!(is_own_hash(&stored));
//! assert!(passwords.verify("correct horse".to_owned(), Some(stored)).await?);
//! // The user does not exist.
//! assert!(!passwords.verify("correct horse".to_owned(), None).await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **Parameters** of new hashes are those of OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
//! - **Failures take the same time**, whether or not the user exists, and for every scheme of the hash: the time of verifying
//!   a hash of this crate and the slowest Django hash that was passed to [`Passwords::record`].
//! - **Bounded.** Hashes are computed on blocking threads, at most one for each core. A Django hash whose parameters would
//!   take too much memory or time matches no password.
//! - **Schemes** of Django: `pbkdf2_sha256`, `pbkdf2_sha1`, `argon2`, `bcrypt_sha256`, `bcrypt` and `scrypt`. The program
//!   should replace such a hash at the next login ([`is_own_hash`]).
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `hasher` | [`Passwords`] |
//! | `django_hash` | Django's schemes, and their cost |

mod django_hash;
mod hasher;

pub use self::hasher::{Error, Passwords, is_own_hash};
