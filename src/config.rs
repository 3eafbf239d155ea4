//! Every setting: a flag, an environment variable, a line of `.env`. One struct, from which `--help` and `.env.example`
//! are printed.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use database::Location;
use entity::event::Name;
use ipnet::IpNet;
use url::Url;

use crate::webhooks::{SigningSecret, backoff};

/// The settings of the program.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Config {
    /// Where the data is: `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = "sqlite://stockroom.db", value_parser = location, global = true)]
    pub database_url: Location,

    /// The address to listen on
    #[arg(long, env = "BIND", default_value = "127.0.0.1:8000", global = true)]
    pub bind: SocketAddr,

    /// What tokens are signed with, 32 bytes or more; a SQLite installation without one keeps a generated one beside its database
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, value_parser = secret_key, global = true)]
    pub secret_key: Option<Secret>,

    /// The address that clients use, for the links in answers: `https://stock.example.com`
    #[arg(long, env = "PUBLIC_URL", value_parser = public_url, global = true)]
    pub public_url: Option<Url>,

    /// Host names that are answered, with commas; without any, all are
    #[arg(long, env = "ALLOWED_HOSTS", value_delimiter = ',', global = true)]
    pub allowed_hosts: Vec<String>,

    /// Addresses or networks of proxies whose `X-Forwarded-*` headers count, with commas
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// How long an access token is good, in seconds
    #[arg(long, env = "ACCESS_TOKEN_LIFETIME", default_value_t = 86_400, value_parser = lifetime(), global = true)]
    pub access_token_lifetime: i64,

    /// How long a refresh token is good, in seconds
    #[arg(long, env = "REFRESH_TOKEN_LIFETIME", default_value_t = 604_800, value_parser = lifetime(), global = true)]
    pub refresh_token_lifetime: i64,

    /// Whether refreshing gives a new refresh token and spends the old one
    #[arg(long, env = "ROTATE_REFRESH_TOKENS", default_value_t = false, action = clap::ArgAction::Set, global = true)]
    pub rotate_refresh_tokens: bool,

    /// Whether the documented rate limits hold: 10 authentications, 100 reads and 50 writes a minute
    #[arg(long, env = "RATE_LIMIT_ENABLED", default_value_t = false, action = clap::ArgAction::Set, global = true)]
    pub rate_limit_enabled: bool,

    /// Where gateways count together: `redis://HOST`; without it, each limits by itself
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_parser = redis_url, global = true)]
    pub redis_url: Option<Secret>,

    /// Origins whose pages may call the API from a browser, with commas: `https://shop.example.com`; `*` for all
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = origin, global = true)]
    pub cors_allowed_origins: Vec<String>,

    /// A product with this quantity or less is low on stock
    #[arg(long, env = "LOW_STOCK_THRESHOLD", default_value_t = 5, value_parser = clap::value_parser!(i64).range(0..=2_147_483_647), global = true)]
    pub low_stock_threshold: i64,

    /// Whether other programs are told what happens to stock, by webhook: the endpoint of `WEBHOOK_URL`, if there is one, and those that are managed over the API
    #[arg(long, env = "WEBHOOK_ENABLED", default_value_t = false, action = clap::ArgAction::Set, global = true)]
    pub webhook_enabled: bool,

    /// Where webhooks are sent, beside the endpoints that are managed over the API: an http or https address; needs `WEBHOOK_SECRET`
    #[arg(long, env = "WEBHOOK_URL", hide_env_values = true, global = true)]
    pub webhook_url: Option<Url>,

    /// What webhooks to `WEBHOOK_URL` are signed with: `whsec_` and the Base64 of 24 to 64 bytes
    #[arg(long, env = "WEBHOOK_SECRET", hide_env_values = true, value_parser = SigningSecret::parse, global = true)]
    pub webhook_secret: Option<SigningSecret>,

    /// How long a webhook's receiver may take to answer, in seconds
    #[arg(long, env = "WEBHOOK_TIMEOUT", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=300), global = true)]
    pub webhook_timeout: u64,

    /// What webhooks to `WEBHOOK_URL` tell of, with commas: `outflow.created`, `inflow.created`, `product.low_stock`
    #[arg(long, env = "WEBHOOK_EVENTS", value_delimiter = ',', default_value = "outflow.created,product.low_stock", value_parser = event_name, global = true)]
    pub webhook_events: Vec<Name>,

    /// How long to wait after each failed try of a webhook, in seconds with commas; after the last it is given up
    #[arg(long, env = "WEBHOOK_RETRY_SCHEDULE", value_delimiter = ',', default_values_t = backoff::SCHEDULE, value_parser = clap::value_parser!(u32).range(0..=2_592_000), global = true)]
    pub webhook_retry_schedule: Vec<u32>,

    /// Whether webhooks may go to this machine and to private networks
    #[arg(long, env = "WEBHOOK_ALLOW_PRIVATE", default_value_t = false, action = clap::ArgAction::Set, global = true)]
    pub webhook_allow_private: bool,

    /// Whether GraphQL clients may ask for the schema
    #[arg(long, env = "GRAPHQL_INTROSPECTION", default_value_t = true, action = clap::ArgAction::Set, global = true)]
    pub graphql_introspection: bool,

    /// A file of the documents that clients may name by their hashes, as graphql-codegen writes it: JSON, hash to text
    #[arg(long, env = "GRAPHQL_DOCUMENTS", global = true)]
    pub graphql_documents: Option<PathBuf>,

    /// Whether no documents are executed but those of `GRAPHQL_DOCUMENTS`
    #[arg(long, env = "GRAPHQL_DOCUMENTS_ONLY", default_value_t = false, action = clap::ArgAction::Set, global = true)]
    pub graphql_documents_only: bool,

    /// Where traces are sent by OTLP (HTTP, protobuf), without `/v1/traces`: `http://localhost:4318`; without it, nowhere
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, value_parser = collector, global = true)]
    pub otel_exporter_otlp_endpoint: Option<Secret>,

    /// The same for traces alone, as a whole address; the SDK reads the other standard `OTEL_` variables itself
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", hide_env_values = true, value_parser = collector, global = true)]
    pub otel_exporter_otlp_traces_endpoint: Option<Secret>,

    /// What this service is called in traces
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "stockroom", global = true)]
    pub otel_service_name: String,

    /// How the log is written
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, global = true)]
    pub log_format: LogFormat,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A text that never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The bytes, for signing alone.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The text, for connecting with it alone.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl Config {
    /// The file beside a SQLite database that keeps its generated secret.
    pub fn secret_file(&self) -> Option<PathBuf> {
        match &self.database_url {
            Location::Sqlite(path) => {
                let mut name = path.clone().into_os_string();
                name.push(".secret");
                Some(name.into())
            }
            Location::Postgres(_) => None,
        }
    }
}

/// The least number of bytes that tokens may be signed with: the output size of SHA-256, as RFC 7518, section 3.2 asks.
pub const SECRET_KEY_BYTES: usize = 32;

fn secret_key(text: &str) -> Result<Secret, String> {
    if text.len() < SECRET_KEY_BYTES {
        return Err(format!("it must have {SECRET_KEY_BYTES} bytes or more"));
    }
    Ok(Secret::new(text))
}

fn location(text: &str) -> Result<Location, String> {
    Location::parse(text).ok_or_else(|| "it must begin with sqlite:// or postgres://".to_owned())
}

fn public_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.has_host();
    if !matches!(url.scheme(), "http" | "https") || !plain {
        return Err("it must be an http or https address without a query".to_owned());
    }
    Ok(url)
}

fn redis_url(text: &str) -> Result<Secret, String> {
    match redis::Client::open(text) {
        Ok(_) => Ok(Secret::new(text)),
        // The library's words may repeat what was written.
        Err(_) => Err("it must be an address such as redis://localhost:6379".to_owned()),
    }
}

/// An origin as browsers send it: a scheme, a host, and a port where it is not the scheme's own.
fn origin(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text == "*" {
        return Ok(text.to_owned());
    }
    let origin = Url::parse(text)
        .map_err(|error| error.to_string())?
        .origin()
        .ascii_serialization();
    if origin == text.trim_end_matches('/').to_ascii_lowercase() {
        Ok(origin)
    } else {
        Err("it must be an origin such as https://shop.example.com".to_owned())
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()))
        .map_err(|_| "it must be an IP address or a network such as 10.0.0.0/8".to_owned())
}

fn collector(text: &str) -> Result<Secret, String> {
    let url: Url = text.parse().map_err(|_| "must be an address".to_owned())?;
    let is_http = matches!(url.scheme(), "http" | "https") && url.has_host();
    is_http
        .then(|| Secret::new(text))
        .ok_or_else(|| "must begin with http:// or https://".to_owned())
}

fn event_name(text: &str) -> Result<Name, String> {
    Name::subscribable(text.trim()).ok_or_else(|| {
        format!(
            "the events are {}",
            Name::SUBSCRIBABLE.map(Name::as_str).join(", ")
        )
    })
}

fn lifetime() -> clap::builder::RangedI64ValueParser<i64> {
    // A century: far enough, and no sum with the present overflows.
    clap::value_parser!(i64).range(1..=3_155_760_000)
}
