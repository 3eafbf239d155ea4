//! Logins, tokens, permissions and rate limits.

pub mod jwt;
mod login;
mod login_limits;
mod rate_limits;
mod revocation;
mod rights;
mod sessions;
mod tokens;
mod user_commands;
