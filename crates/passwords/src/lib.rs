//! Passwords: hashed with Argon2id, and verified against such hashes and against those of a former Django installation.
//!
//! ```
//! use passwords::{Passwords, is_own};
//!
//! # async fn run() -> Result<(), passwords::Error> {
//! let passwords = Passwords::new();
//! let stored = passwords.hash("correct horse".to_owned()).await?;
//! assert!(is_own(&stored));
//! assert!(passwords.verify("correct horse".to_owned(), Some(stored)).await?);
//! // No such user.
//! assert!(!passwords.verify("correct horse".to_owned(), None).await?);
//! # Ok(())
//! # }
//! ```
//!
//! # Guarantees
//!
//! - **Parameters** of new hashes are those of OWASP's password storage cheat sheet: 19 MiB, two passes, one lane.
//! - **Failures take the same time**, whether there is such a user or not and whichever scheme its hash has: that of a hash of
//!   our own and of the slowest hash of Django's that was noted.
//! - **Bounded.** Hashes are computed on blocking threads, at most one for each core. A hash of Django's whose parameters would
//!   take too much memory or time matches no password.
//! - **Schemes** of Django: `pbkdf2_sha256`, `pbkdf2_sha1`, `argon2`, `bcrypt_sha256`, `bcrypt` and `scrypt`. The program is to
//!   replace such a hash at the next login ([`is_own`]).
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `hasher` | [`Passwords`] |
//! | `django_hash` | Django's schemes, and how long each takes |

mod django_hash;
mod hasher;

pub use self::hasher::{Error, Passwords, is_own};
