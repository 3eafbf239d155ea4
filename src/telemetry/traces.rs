//! Starts traces according to the settings.

use request_telemetry::{Settings, Traces};

use crate::config::Config;
use crate::error::{Error, Result};

/// Starts the exporter. Returns `None` without an endpoint.
///
/// # Errors
/// Fails if the endpoint or one of the SDK's variables can't be parsed, or TLS can't be configured.
pub fn start(config: &Config) -> Result<Option<Traces>> {
    let endpoint = match (
        &config.otel_exporter_otlp_traces_endpoint,
        &config.otel_exporter_otlp_endpoint,
    ) {
        (Some(complete), _) => complete.text().to_owned(),
        (None, Some(base)) => format!("{}/v1/traces", base.text().trim_end_matches('/')),
        (None, None) => return Ok(None),
    };
    let settings = Settings {
        endpoint,
        service_name: config.otel_service_name.clone(),
        service_version: env!("CARGO_PKG_VERSION"),
        tracer: "stockroom",
    };
    Traces::new(settings).map(Some).map_err(Error::internal)
}
