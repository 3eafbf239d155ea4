//! Logins, tokens, permissions and rate limits.

mod login;
mod login_limits;
mod rate_limits;
mod revocation;
mod rights;
mod sessions;
mod tokens;
