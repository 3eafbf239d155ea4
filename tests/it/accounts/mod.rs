//! Logins, tokens, permissions and rate limits.

mod login;
mod rate_limits;
mod rights;
mod sessions;
mod tokens;
