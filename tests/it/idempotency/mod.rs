//! Idempotency keys: a repeated request changes nothing, through both APIs.

mod concurrent;
mod keys;
mod killed;
mod repeats;
mod request;
