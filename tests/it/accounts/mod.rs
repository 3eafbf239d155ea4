//! Logins, tokens, permissions and rate limits.

pub mod jwt;
mod login;
mod login_limits;
mod permissions;
mod rate_limits;
mod revocation;
mod sessions;
mod tokens;
mod user_commands;
