//! Webhooks: sends stock events to other programs, according to the Standard Webhooks specification, at least once and with the
//! same id at each attempt.
//!
//! `outbox` stores events and their deliveries in the transaction of the change. `worker` leases due deliveries after the commit
//! (see `lease`) and sends them with the crate `webhook-sender`. `event` is the payload, `record_attempt` stores the result and
//! when the next attempt is due, `target` decides which addresses are allowed, `disable` disables an endpoint, `retention`
//! deletes old rows, and `backlog` and `instrument` provide metrics and traces. `configured_endpoint` is the endpoint of the
//! settings; the others are managed by `resolvers/webhook_endpoint`.

pub mod backlog;
mod configured_endpoint;
pub mod disable;
mod event;
mod instrument;
mod lease;
pub mod outbox;
mod record_attempt;
pub mod retention;
pub mod target;
mod worker;

pub use record_attempt::ATTEMPTS_KEPT;
pub use worker::WebhookWorker;
