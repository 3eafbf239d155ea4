//! Operation of the program: commands, settings, failures, metrics, traces.

mod backup;
mod cli;
mod copy;
mod cors;
mod demo;
mod failures;
mod failures_postgres;
mod kill9;
mod metrics;
mod newer_schema;
mod observability;
mod pages;
mod refold;
mod resilience;
mod safety;
mod settings;
mod slow_clients;
mod survival;
mod traces;
mod two_gateways;
