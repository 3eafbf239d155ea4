//! Webhooks: sends stock events to other programs, by the Standard Webhooks specification, at least once and with the
//! same id at each attempt.
//!
//! `outbox` stores events and their deliveries in the transaction of the change; `worker` takes due deliveries (by
//! a `lease`) and sends them after the commit. `event` is the payload, `sign` the signature, `client` one HTTP request,
//! `record_attempt` stores its result, `backoff` computes when the next one is due, `target` decides which addresses are
//! allowed, `disable` ends an endpoint, `retention` deletes old rows, `backlog` and `instrument` measure.
//! `configured_endpoint` is the endpoint of the settings; the others are managed by `resolvers/webhook_endpoint`.

pub mod backlog;
pub mod backoff;
mod client;
mod configured_endpoint;
pub mod disable;
mod event;
mod instrument;
mod lease;
pub mod outbox;
mod record_attempt;
pub mod retention;
pub mod sign;
pub mod target;
mod worker;

pub use record_attempt::ATTEMPTS_KEPT;
pub use sign::SigningSecret;
pub use worker::WebhookWorker;
