//! Reads the rows of a database, table by table, in pages.

use database::{Backend, Transaction};
use sea_orm::{ConnectionTrait as _, Statement, Value};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::row::{self, Row, Summary, SummaryBuilder};
use crate::table::Table;

/// The maximum number of rows in a page. It is small because a row can be as large as a megabyte.
const PAGE_ROWS: usize = 250;

/// A message from the reader to the writer.
#[derive(Debug)]
pub(crate) enum Message {
    /// Rows of the table at this index of the list of tables.
    Rows(usize, Vec<Row>),
    /// The end of the rows, with the summary of each table.
    End(Vec<Summary>),
}

/// Sends the rows of all tables, and [`Message::End`] after them. On SQLite, a transaction must not await anything but
/// its statements, so this blocks the writer's thread while the channel is full.
pub(crate) async fn send(
    tx: &Transaction,
    tables: &[Table],
    sender: &mpsc::Sender<Message>,
    progress: &Progress,
    runtime: &Handle,
) -> Result<()> {
    if tx.backend() == Backend::Postgres {
        // All statements then read the same snapshot.
        tx.execute_unprepared("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await?;
    }
    let deliver = async |message: Message| {
        let sent = match tx.backend() {
            Backend::Sqlite => runtime.block_on(sender.send(message)),
            Backend::Postgres => sender.send(message).await,
        };
        sent.map_err(|_| {
            progress.record_writer_failure();
            Error::failed("the target accepts no more rows")
        })
    };
    let mut total = 0;
    for table in tables {
        total += count(tx, table).await?;
    }
    progress.set_total(total);
    let mut summaries = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        let mut builder = SummaryBuilder::new(table);
        let mut last: Option<Row> = None;
        loop {
            progress.check()?;
            let rows = page(tx, table, last.as_ref()).await?;
            let Some(end) = rows.last() else { break };
            last = Some(end.clone());
            for row in &rows {
                builder.add(row);
            }
            deliver(Message::Rows(index, rows)).await?;
        }
        summaries.push(builder.summary(last_id(tx, table).await?));
    }
    deliver(Message::End(summaries)).await
}

/// The page after the row `last`, or the first page, in the order of the primary key.
pub(crate) async fn page(tx: &Transaction, table: &Table, last: Option<&Row>) -> Result<Vec<Row>> {
    let names: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    let key: Vec<&str> = table
        .key
        .iter()
        .filter_map(|index| names.get(*index))
        .map(String::as_str)
        .collect();
    let key = key.join(", ");
    let mut values: Vec<Value> = Vec::new();
    let after_last = last.map_or(String::new(), |last| {
        values = table
            .key
            .iter()
            .filter_map(|index| last.get(*index))
            .cloned()
            .map(Value::from)
            .collect();
        let placeholder = |number: usize| match tx.backend() {
            Backend::Sqlite => "?".to_owned(),
            Backend::Postgres => format!("${number}"),
        };
        let placeholders: Vec<String> = (1..=values.len()).map(placeholder).collect();
        format!("WHERE ({key}) > ({})", placeholders.join(", "))
    });
    let sql = format!(
        r#"SELECT {} FROM "{}" {after_last} ORDER BY {key} LIMIT {PAGE_ROWS}"#,
        names.join(", "),
        table.name
    );
    let rows = tx
        .query_all_raw(Statement::from_sql_and_values(tx.backend().into(), sql, values))
        .await?;
    Ok(rows
        .iter()
        .map(|row| row::read(row, table))
        .collect::<Result<_, _>>()?)
}

async fn count(tx: &Transaction, table: &Table) -> Result<u64> {
    let sql = format!(r#"SELECT COUNT(*) AS number FROM "{}""#, table.name);
    Ok(u64::try_from(number(tx, sql).await?).unwrap_or(0))
}

/// The largest id that a table has generated or contains; 0 for a table that generates no ids.
pub(crate) async fn last_id(tx: &Transaction, table: &Table) -> Result<i64> {
    let has_id = table.columns.iter().any(|column| column.name == "id");
    if !has_id || !table.generates_ids {
        return Ok(0);
    }
    let generated = tx.backend().last_id_of(&table.name);
    let generated = number(tx, format!("SELECT CAST({generated} AS bigint) AS number")).await?;
    let largest = format!(
        r#"SELECT CAST(COALESCE(MAX(id), 0) AS bigint) AS number FROM "{}""#,
        table.name
    );
    Ok(generated.max(number(tx, largest).await?))
}

async fn number(tx: &Transaction, sql: String) -> Result<i64> {
    let row = tx
        .query_one_raw(Statement::from_string(tx.backend().into(), sql))
        .await?;
    Ok(match row {
        Some(row) => row.try_get("", "number")?,
        None => 0,
    })
}

/// The receiving end of the channel, for use inside the target's transaction.
pub(crate) struct MessageReceiver {
    receiver: mpsc::Receiver<Message>,
    /// The runtime, if the target is SQLite: receiving a message then blocks the writer's thread.
    blocking: Option<Handle>,
}

impl MessageReceiver {
    pub(crate) fn new(receiver: mpsc::Receiver<Message>, runtime: Handle, target: Backend) -> Self {
        Self {
            receiver,
            blocking: (target == Backend::Sqlite).then_some(runtime),
        }
    }

    /// The next message, or `None` after the last one or if the source could not be read.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        match &self.blocking {
            Some(runtime) => runtime.block_on(self.receiver.recv()),
            None => self.receiver.recv().await,
        }
    }
}
