//! Reads a PostgreSQL database in one read-only transaction.
//!
//! Rows are read through a cursor, with values in text format, so that any type can be read and only a few megabytes are
//! kept in memory.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, SimpleQueryMessage, SimpleQueryRow};
use url::Url;

use super::tls::connector;
use super::{EachRow, Select};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::value::{Kind, Value};

/// The approximate size of a batch in memory, in bytes.
const BATCH_BYTES: usize = 4 << 20;
/// The number of rows of the first batch.
const FIRST_BATCH_ROWS: usize = 100;
/// The maximum number of rows of a batch.
const MAX_BATCH_ROWS: usize = 2000;

pub(crate) struct PostgresReader {
    client: Client,
    runtime: Handle,
    progress: Progress,
}

impl PostgresReader {
    /// Connects and begins the transaction.
    pub(crate) async fn open(address: &str) -> Result<Self> {
        let (config, tls) = settings(address)?;
        let (client, connection) = config
            .connect(tls)
            .await
            .map_err(|error| connection_error(&error))?;
        let runtime = Handle::current();
        // This task ends with the client. Its error is returned by the client's next call, too.
        runtime.spawn(async move { drop(connection.await) });
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL TIME ZONE 'UTC'; \
                     SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL extra_float_digits = 1; \
                     SET LOCAL client_encoding = 'UTF8'; SET LOCAL standard_conforming_strings = on; SET LOCAL statement_timeout = '10min'; \
                     SET LOCAL idle_in_transaction_session_timeout = 0";
        client
            .batch_execute(begin)
            .await
            .map_err(|error| connection_error(&error))?;
        Ok(Self {
            client,
            runtime,
            progress: Progress::default(),
        })
    }

    pub(super) fn set_progress(&mut self, progress: &Progress) {
        self.progress = progress.clone();
    }

    pub(crate) fn for_each(&mut self, select: &Select, each: EachRow<'_>) -> Result<()> {
        self.run(
            select,
            &format!("DECLARE stockroom_rows NO SCROLL CURSOR FOR {}", select.sql),
        )?;
        let mut rows = FIRST_BATCH_ROWS;
        let mut values = Vec::with_capacity(select.kinds.len());
        loop {
            let batch = self.run(select, &format!("FETCH FORWARD {rows} FROM stockroom_rows"))?;
            let (mut count, mut bytes) = (0, 1);
            for message in &batch {
                let SimpleQueryMessage::Row(row) = message else {
                    continue;
                };
                values.clear();
                values.extend(
                    select
                        .kinds
                        .iter()
                        .enumerate()
                        .map(|(column, kind)| value(row, column, *kind)),
                );
                count += 1;
                let row_bytes: usize = values.iter().map(Value::approximate_bytes).sum();
                if row_bytes > crate::MAX_ROW_BYTES {
                    return Err(Error::TooLong {
                        table: select.table.clone(),
                    });
                }
                bytes += row_bytes;
                each(&values)?;
            }
            if count < rows {
                break;
            }
            rows = (BATCH_BYTES / (bytes / count).max(1)).clamp(1, MAX_BATCH_ROWS);
        }
        self.run(select, "CLOSE stockroom_rows").map(drop)
    }

    fn run(&self, select: &Select, sql: &str) -> Result<Vec<SimpleQueryMessage>> {
        if self.progress.is_cancelled() {
            return Err(Error::Cancelled);
        }
        self.runtime
            .block_on(self.client.simple_query(sql))
            .map_err(|error| match error.as_db_error() {
                Some(sent) => Error::Query {
                    table: select.table.clone(),
                    reason: sent.message().to_owned(),
                },
                None => connection_error(&error),
            })
    }
}

fn value(row: &SimpleQueryRow, column: usize, kind: Kind) -> Value {
    let Ok(Some(text)) = row.try_get(column) else {
        return Value::Null;
    };
    match kind {
        Kind::Integer => text
            .parse()
            .map_or_else(|_| Value::Number(text.to_owned()), Value::Integer),
        Kind::Decimal => Value::Number(text.to_owned()),
        Kind::Float => text
            .parse()
            .map_or_else(|_| Value::Text(text.to_owned()), Value::Real),
        Kind::Boolean => Value::Boolean(text == "t"),
        Kind::Text | Kind::Moment | Kind::Date | Kind::Other => Value::Text(text.to_owned()),
    }
}

/// Parses the address, including the parameters that the driver does not support. Error messages don't show the address,
/// because it may contain a password.
fn settings(address: &str) -> Result<(Config, tokio_postgres_rustls::MakeRustlsConnect)> {
    let wrong = |reason: &str| {
        Error::Address(format!(
            "the PostgreSQL URL of the source can't be used: {reason}"
        ))
    };
    let mut url = Url::parse(address).map_err(|_| wrong("it is not a URL"))?;
    let (mut mode, mut roots, mut driver_parameters) = ("prefer".to_owned(), None, Vec::new());
    for (key, value) in url.query_pairs().into_owned() {
        match key.as_str() {
            "sslmode" => mode = value,
            "sslrootcert" => roots = Some(value),
            _ => driver_parameters.push((key, value)),
        }
    }
    url.set_query(None);
    if !driver_parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(driver_parameters);
    }
    // The driver does not decode `+` as a space.
    let query = url.query().map(|query| query.replace('+', "%20"));
    url.set_query(query.as_deref());
    let mut config: Config = url
        .as_str()
        .parse()
        .map_err(|_| wrong("a part of it is malformed"))?;
    let (driver_mode, verify) = match mode.as_str() {
        "disable" => (SslMode::Disable, false),
        "allow" | "prefer" => (SslMode::Prefer, false),
        "require" => (SslMode::Require, roots.is_some()),
        "verify-ca" | "verify-full" => (SslMode::Require, true),
        _ => return Err(wrong("its sslmode is unknown")),
    };
    config
        .ssl_mode(driver_mode)
        .connect_timeout(Duration::from_secs(15))
        .application_name("stockroom import");
    Ok((config, connector(verify, roots.as_deref())?))
}

fn connection_error(error: &tokio_postgres::Error) -> Error {
    if let Some(sent) = error.as_db_error() {
        return Error::Connection(sent.message().to_owned());
    }
    let cause = std::error::Error::source(error).map(ToString::to_string);
    Error::Connection(cause.unwrap_or_else(|| "the connection ended".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::settings;
    use tokio_postgres::config::SslMode;

    #[test]
    fn sslmode_has_the_same_meaning_as_in_postgresql() {
        let (config, _) = settings("postgres://shop:se+cret@localhost/shop?sslmode=require").unwrap();
        assert_eq!(config.get_password(), Some(&b"se+cret"[..]));
        let mode = |query: &str| {
            settings(&format!("postgres://shop:se+cret@localhost/shop{query}"))
                .map(|(config, _)| config.get_ssl_mode())
        };
        assert_eq!(mode("").unwrap(), SslMode::Prefer);
        assert_eq!(mode("?sslmode=disable").unwrap(), SslMode::Disable);
        assert_eq!(mode("?sslmode=verify-full").unwrap(), SslMode::Require);
        let error = mode("?sslmode=maybe").unwrap_err().to_string();
        assert!(!error.contains("cret"), "{error}");
    }
}
