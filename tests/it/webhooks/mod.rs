//! Webhooks: endpoints, deliveries and receivers.

mod endpoint_deliveries;
mod endpoint_disabling;
mod endpoint_lists;
mod endpoint_outages;
mod endpoint_retention;
mod endpoint_routes;
mod endpoint_targets;
mod endpoints;
mod events;
mod latency;
mod receivers;
