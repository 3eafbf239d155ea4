//! Metrics of requests and connections.

use std::time::Duration;

use http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// OpenTelemetry's bucket boundaries in seconds, and three more below the first, since most responses take less than 5 ms.
const SECONDS: [f64; 17] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RequestLabels {
    http_request_method: &'static str,
    http_route: String,
    http_response_status_code: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct MethodLabel {
    http_request_method: &'static str,
}

/// Metrics of requests and connections.
pub struct HttpMetrics {
    durations: Family<RequestLabels, Histogram, fn() -> Histogram>,
    active: Family<MethodLabel, Gauge>,
    connections: Gauge,
}

impl HttpMetrics {
    /// Registers the metrics, which begin at 0. Names that are not from OpenTelemetry's conventions begin with `prefix`.
    pub fn register(registry: &mut Registry, prefix: &str) -> Self {
        let metrics = Self {
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            active: Family::default(),
            connections: Gauge::default(),
        };
        registry.register_with_unit(
            "http_server_request_duration",
            "Time from the head of a request to the head of its response",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        registry.register(
            "http_server_active_requests",
            "Requests in progress",
            metrics.active.clone(),
        );
        registry.register(
            format!("{prefix}_open_connections"),
            "Client connections",
            metrics.connections.clone(),
        );
        metrics
    }

    /// Counts a request as active until the guard is dropped.
    pub fn begin(&self, method: &Method) -> ActiveRequest {
        let method = method_name(method);
        let gauge = self.active.get_or_create_owned(&MethodLabel {
            http_request_method: method,
        });
        gauge.inc();
        ActiveRequest { gauge, method }
    }

    /// Records a finished request.
    pub fn record_request(&self, active: &ActiveRequest, route: &str, status: u16, duration: Duration) {
        let labels = RequestLabels {
            http_request_method: active.method,
            http_route: route.to_owned(),
            http_response_status_code: status,
        };
        self.durations
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
    }

    /// Counts a client connection until the guard is dropped.
    pub fn count_connection(&self) -> OpenConnection {
        self.connections.inc();
        OpenConnection(self.connections.clone())
    }
}

/// A client connection that is counted.
pub struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// A request that is counted as active.
pub struct ActiveRequest {
    gauge: Gauge,
    method: &'static str,
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}

/// The name of a method as a label. Unknown methods share one value.
pub fn method_name(method: &Method) -> &'static str {
    const METHODS: [&str; 9] = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE",
    ];
    METHODS
        .into_iter()
        .find(|name| *name == method.as_str())
        .unwrap_or("_OTHER")
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;

    #[test]
    fn unknown_methods_share_one_label() {
        let unknown = Method::from_bytes(b"FROBNICATE").unwrap();
        assert_eq!(method_name(&unknown), "_OTHER");
        assert_eq!(method_name(&Method::PATCH), "PATCH");
    }

    #[test]
    fn requests_and_connections_are_counted_until_they_end() {
        let mut registry = Registry::default();
        let metrics = HttpMetrics::register(&mut registry, "shop");
        let lines = |registry: &Registry| {
            let mut out = String::new();
            text::encode(&mut out, registry).unwrap();
            out
        };
        let (connection, request) = (metrics.count_connection(), metrics.begin(&Method::GET));
        let text = lines(&registry);
        assert!(text.contains("\nshop_open_connections 1\n"), "{text}");
        assert!(
            text.contains("\nhttp_server_active_requests{http_request_method=\"GET\"} 1\n"),
            "{text}"
        );
        metrics.record_request(&request, "/a/{id}", 200, Duration::from_millis(3));
        drop((connection, request));
        let text = lines(&registry);
        assert!(text.contains("\nshop_open_connections 0\n"), "{text}");
        let bucket = "_bucket{le=\"0.005\",http_request_method=\"GET\",http_route=\"/a/{id}\",http_response_status_code=\"200\"} 1\n";
        assert!(text.contains(bucket), "{text}");
    }
}
