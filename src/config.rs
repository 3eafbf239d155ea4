//! Settings, from flags, environment variables or `.env`. `--help` and `.env.example` are generated from [`Config`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr as _;

use clap::Args;
use clap::builder::{EnumValueParser, NonEmptyStringValueParser, PathBufValueParser};
use database::{Location, PreparedStatements, Timeouts};
use entity::event::Name;
use ipnet::IpNet;
use settings::value::{boolean, collector, lifetime, network, origin, public_url, trimmed};
use settings::{Secret, is_published, read_value, secret_key};
use url::Url;
use webhook_sender::{SigningSecret, backoff};

pub(crate) use self::value::database_url;
use self::value::{event_name, redis_url};

mod value;

/// The settings of the program.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Config {
    /// The database: `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = "sqlite://stockroom.db", value_parser = trimmed(database_url), global = true)]
    pub database_url: Location,

    /// A file that holds the value of `DATABASE_URL`
    #[arg(long, env = "DATABASE_URL_FILE", value_parser = trimmed(PathBufValueParser::new()), global = true)]
    pub database_url_file: Option<PathBuf>,

    /// The largest number of connections to PostgreSQL
    #[arg(long, env = "DATABASE_POOL_SIZE", default_value_t = 16, value_parser = trimmed(clap::value_parser!(u16).range(1..=1_000)), global = true)]
    pub database_pool_size: u16,

    /// Whether statements are prepared on PostgreSQL; with `auto` they are, unless a pooler shares connections between transactions
    #[arg(long, env = "DATABASE_PREPARED_STATEMENTS", default_value = "auto", value_parser = trimmed(EnumValueParser::<Prepared>::new()), global = true)]
    pub database_prepared_statements: Prepared,

    /// The address to listen on
    #[arg(long, env = "BIND", default_value = "127.0.0.1:8000", value_parser = trimmed(SocketAddr::from_str), global = true)]
    pub bind: SocketAddr,

    /// How long the program accepts connections after SIGTERM, in seconds; `/readyz` responds with 503 during that time, so that load balancers notice
    #[arg(long, env = "SHUTDOWN_NOTICE", default_value_t = 1, value_parser = trimmed(clap::value_parser!(u64).range(0..=600)), global = true)]
    pub shutdown_notice: u64,

    /// The key that signs tokens, 32 bytes or more; with SQLite a missing key is generated and stored in a file next to the database
    #[arg(long, env = "SECRET_KEY", hide_env_values = true, value_parser = trimmed(secret_key), global = true)]
    pub secret_key: Option<Secret>,

    /// A file that holds the value of `SECRET_KEY`
    #[arg(long, env = "SECRET_KEY_FILE", value_parser = trimmed(PathBufValueParser::new()), global = true)]
    pub secret_key_file: Option<PathBuf>,

    /// Whether a `SECRET_KEY` that begins with `django-insecure-` is accepted although it may have been published
    #[arg(long, env = "ALLOW_KNOWN_SECRET", default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = boolean(), global = true)]
    pub allow_known_secret: bool,

    /// The address that clients use, for links in responses: `https://stock.example.com`
    #[arg(long, env = "PUBLIC_URL", value_parser = trimmed(public_url), global = true)]
    pub public_url: Option<Url>,

    /// Allowed values of the `Host` header, separated by commas; all are allowed if it is empty
    #[arg(long, env = "ALLOWED_HOSTS", value_delimiter = ',', value_parser = trimmed(NonEmptyStringValueParser::new()), global = true)]
    pub allowed_hosts: Vec<String>,

    /// Addresses or networks of proxies whose `X-Forwarded-*` headers are trusted, separated by commas
    #[arg(long, env = "TRUSTED_PROXIES", value_delimiter = ',', value_parser = trimmed(network), global = true)]
    pub trusted_proxies: Vec<IpNet>,

    /// The lifetime of access tokens, in seconds
    #[arg(long, env = "ACCESS_TOKEN_LIFETIME", default_value_t = 86_400, value_parser = lifetime(), global = true)]
    pub access_token_lifetime: i64,

    /// The lifetime of refresh tokens, in seconds
    #[arg(long, env = "REFRESH_TOKEN_LIFETIME", default_value_t = 604_800, value_parser = lifetime(), global = true)]
    pub refresh_token_lifetime: i64,

    /// Whether refreshing issues a new refresh token and invalidates the old one
    #[arg(long, env = "ROTATE_REFRESH_TOKENS", default_value_t = false, action = clap::ArgAction::Set, value_parser = boolean(), global = true)]
    pub rotate_refresh_tokens: bool,

    /// Whether the documented rate limits apply: 10 authentications, 100 reads and 50 writes a minute
    #[arg(long, env = "RATE_LIMIT_ENABLED", default_value_t = false, action = clap::ArgAction::Set, value_parser = boolean(), global = true)]
    pub rate_limit_enabled: bool,

    /// The Redis that shares rate limits and failed logins among servers: `redis://HOST`, over TLS `rediss://HOST`; without it each server counts by itself
    #[arg(long, env = "REDIS_URL", hide_env_values = true, value_parser = trimmed(redis_url), global = true)]
    pub redis_url: Option<Secret>,

    /// Origins whose pages may call the API from a browser, separated by commas: `https://shop.example.com`; `*` for all
    #[arg(long, env = "CORS_ALLOWED_ORIGINS", value_delimiter = ',', value_parser = trimmed(origin), global = true)]
    pub cors_allowed_origins: Vec<String>,

    /// The quantity at or below which a product is low on stock
    #[arg(long, env = "LOW_STOCK_THRESHOLD", default_value_t = 5, value_parser = trimmed(clap::value_parser!(i64).range(0..=2_147_483_647)), global = true)]
    pub low_stock_threshold: i64,

    /// Whether stock events are sent by webhook, to `WEBHOOK_URL` if it is set and to the endpoints managed over the API
    #[arg(long, env = "WEBHOOK_ENABLED", default_value_t = false, action = clap::ArgAction::Set, value_parser = boolean(), global = true)]
    pub webhook_enabled: bool,

    /// The http or https address of a webhook endpoint in addition to those managed over the API; needs `WEBHOOK_SECRET`
    #[arg(long, env = "WEBHOOK_URL", hide_env_values = true, value_parser = trimmed(Url::from_str), global = true)]
    pub webhook_url: Option<Url>,

    /// The key that signs webhooks to `WEBHOOK_URL`: `whsec_` and the Base64 of 24 to 64 bytes
    #[arg(long, env = "WEBHOOK_SECRET", hide_env_values = true, value_parser = trimmed(SigningSecret::parse), global = true)]
    pub webhook_secret: Option<SigningSecret>,

    /// How long a webhook's receiver may take to respond, in seconds
    #[arg(long, env = "WEBHOOK_TIMEOUT", default_value_t = 15, value_parser = trimmed(clap::value_parser!(u64).range(1..=300)), global = true)]
    pub webhook_timeout: u64,

    /// The events sent to `WEBHOOK_URL`, separated by commas: `outflow.created`, `inflow.created`, `product.low_stock`
    #[arg(long, env = "WEBHOOK_EVENTS", value_delimiter = ',', default_value = "outflow.created,product.low_stock", value_parser = trimmed(event_name), global = true)]
    pub webhook_events: Vec<Name>,

    /// The waits between the attempts to deliver a webhook, in seconds, separated by commas; after the last attempt the delivery has failed
    #[arg(long, env = "WEBHOOK_RETRY_SCHEDULE", value_delimiter = ',', default_values_t = backoff::SCHEDULE, value_parser = trimmed(clap::value_parser!(u32).range(0..=2_592_000)), global = true)]
    pub webhook_retry_schedule: Vec<u32>,

    /// Whether webhooks may be sent to this machine and to private networks
    #[arg(long, env = "WEBHOOK_ALLOW_PRIVATE", default_value_t = false, action = clap::ArgAction::Set, value_parser = boolean(), global = true)]
    pub webhook_allow_private: bool,

    /// Whether GraphQL clients may read the schema
    #[arg(long, env = "GRAPHQL_INTROSPECTION", default_value_t = true, action = clap::ArgAction::Set, value_parser = boolean(), global = true)]
    pub graphql_introspection: bool,

    /// A file of documents that clients may send by hash, as written by graphql-codegen: a JSON object from hash to text
    #[arg(long, env = "GRAPHQL_DOCUMENTS", value_parser = trimmed(PathBufValueParser::new()), global = true)]
    pub graphql_documents: Option<PathBuf>,

    /// Whether only the documents of `GRAPHQL_DOCUMENTS` are executed
    #[arg(long, env = "GRAPHQL_DOCUMENTS_ONLY", default_value_t = false, action = clap::ArgAction::Set, value_parser = boolean(), global = true)]
    pub graphql_documents_only: bool,

    /// The OTLP endpoint (HTTP, protobuf) for traces, without `/v1/traces`: `http://localhost:4318`; without it there are no traces
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", hide_env_values = true, value_parser = trimmed(collector), global = true)]
    pub otel_exporter_otlp_endpoint: Option<Secret>,

    /// Like `OTEL_EXPORTER_OTLP_ENDPOINT`, for traces only and as the complete address; the SDK reads the other standard `OTEL_` variables
    #[arg(long, env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", hide_env_values = true, value_parser = trimmed(collector), global = true)]
    pub otel_exporter_otlp_traces_endpoint: Option<Secret>,

    /// The name of this service in traces
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "stockroom", value_parser = trimmed(NonEmptyStringValueParser::new()), global = true)]
    pub otel_service_name: String,

    /// The format of the log
    #[arg(long, env = "LOG_FORMAT", default_value = "text", value_parser = trimmed(EnumValueParser::<LogFormat>::new()), global = true)]
    pub log_format: LogFormat,
}

/// Whether each statement is prepared once for each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Prepared {
    /// Prepared, unless a pooler shares connections between transactions.
    Auto,
    /// Prepared, even with a pooler, which must keep track of prepared statements, as pgbouncer does since 1.21.
    Always,
    /// Sent unprepared.
    Never,
}

/// The format of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Human-readable lines.
    Text,
    /// One JSON object for each line.
    Json,
}

impl From<LogFormat> for request_telemetry::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

impl Config {
    /// Reads the settings whose values are kept in files, and checks the secret key.
    ///
    /// # Errors
    /// A message that names the setting without its value, if a file can't be used or the secret key may be published.
    pub fn read_files(&mut self, is_set: impl Fn(&str) -> bool) -> Result<(), String> {
        if let Some(file) = &self.database_url_file {
            self.database_url = read_value("DATABASE_URL", file, is_set("DATABASE_URL"), database_url)?;
        }
        if let Some(file) = &self.secret_key_file {
            self.secret_key = Some(read_value("SECRET_KEY", file, is_set("SECRET_KEY"), secret_key)?);
        }
        if !self.allow_known_secret && self.secret_key.as_ref().is_some_and(is_published) {
            return Err("SECRET_KEY begins with django-insecure-, so it may have been published with the project and \
                 anyone can sign tokens with it; use a random one, or set ALLOW_KNOWN_SECRET"
                .to_owned());
        }
        Ok(())
    }

    /// The settings of the connections to PostgreSQL.
    pub fn database(&self, timeouts: Timeouts) -> database::Settings {
        database::Settings {
            timeouts,
            pool_size: self.database_pool_size.into(),
            prepared_statements: match self.database_prepared_statements {
                Prepared::Auto => PreparedStatements::Auto,
                Prepared::Always => PreparedStatements::Always,
                Prepared::Never => PreparedStatements::Never,
            },
        }
    }

    /// The path of the generated secret: next to a SQLite database, or `None` with PostgreSQL.
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
