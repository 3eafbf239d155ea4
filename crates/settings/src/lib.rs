//! Settings for programs that declare them with [`clap`]: `.env`, values from files, value parsers and secrets.
//!
//! ```
//! use settings::value::{origin, trimmed};
//!
//! let command = clap::Command::new("shop")
//!     .arg(clap::Arg::new("origin").long("origin").value_parser(trimmed(origin)));
//! let matches = command.get_matches_from(["shop", "--origin", " https://shop.example.com/ "]);
//! let origin = matches.get_one::<String>("origin").map(String::as_str);
//! assert_eq!(origin, Some("https://shop.example.com"));
//! ```
//!
//! # Guarantees
//!
//! - **Secrets are not shown.** No error quotes a value that can contain a password: a line of `.env`, a URL or a key. A
//!   [`Secret`] has no `Display`, and its `Debug` is `(secret)`.
//! - **White space around a value is ignored**, whether it comes from a flag, a variable, `.env` or a file.
//! - **Values of `.env` are literal:** nothing is expanded, unquoted or cut off at a `#`.
//! - **Bounded.** Files are read up to a limit.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `env_file` | [`EnvFile`]: the variables of `.env` |
//! | `value_file` | [`read_value`]: a value from a file, such as a secret that an orchestrator mounts |
//! | `secret` | [`Secret`], and checks of the strength of keys |
//! | `secret_file` | [`read_or_create_secret`]: a key that is generated at the first start |
//! | `postgres_url` | checks the URL of a PostgreSQL database before a driver parses it |
//! | [`value`] | parsers of other values |

mod env_file;
mod postgres_url;
mod secret;
mod secret_file;
pub mod value;
mod value_file;

pub use self::env_file::EnvFile;
pub use self::postgres_url::postgres_url;
pub use self::secret::{SECRET_KEY_BYTES, Secret, is_published, secret_key};
pub use self::secret_file::read_or_create_secret;
pub use self::value_file::read_value;
