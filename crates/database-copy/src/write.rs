//! Writes the rows to the target, reads them back and compares them with the source.

use database::bulk::{RowInsert, analyze_table, raise_last_id_of};
use database::{Backend, Transaction};
use sea_orm::{ConnectionTrait as _, Statement};

use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::read::{self, Message, MessageReceiver};
use crate::row::{Comparison, Row, Summary, SummaryBuilder};
use crate::table::Table;

pub(crate) async fn store(
    tx: &Transaction,
    tables: &[Table],
    mut messages: MessageReceiver,
    progress: &Progress,
) -> Result<Vec<Comparison>> {
    clear(tx, tables).await?;
    let summaries = loop {
        progress.check()?;
        match messages.next().await {
            Some(Message::Rows(index, rows)) => {
                let table = tables
                    .get(index)
                    .ok_or_else(|| Error::failed("the reader sent rows of an unknown table"))?;
                progress.advance(rows.len());
                insert(tx, table, rows).await?;
            }
            Some(Message::End(summaries)) => break summaries,
            None => return Err(Error::failed("the source could not be read to its end")),
        }
    };
    progress.begin_comparison();
    let mut comparisons = Vec::with_capacity(tables.len());
    for (table, source) in tables.iter().zip(summaries) {
        let target = read_back(tx, table, source.last_id, progress).await?;
        comparisons.push(Comparison {
            table: table.name.clone(),
            source,
            target,
        });
    }
    Ok(comparisons)
}

/// Locks the tables and checks that those without seeded rows are empty.
pub(crate) async fn prepare(tx: &Transaction, tables: &[Table]) -> Result<()> {
    let names: Vec<String> = tables.iter().map(|table| format!("\"{}\"", table.name)).collect();
    if tx.backend() == Backend::Postgres {
        let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "));
        tx.execute_unprepared(&sql).await?;
    }
    let mut filled_tables = Vec::new();
    for table in tables.iter().filter(|table| !table.is_seeded) {
        let sql = format!(r#"SELECT 1 FROM "{}" LIMIT 1"#, table.name);
        let row = tx
            .query_one_raw(Statement::from_string(tx.backend().into(), sql))
            .await?;
        if row.is_some() {
            filled_tables.push(table.name.as_str());
        }
    }
    if !filled_tables.is_empty() {
        return Err(Error::failed(format!(
            "the target is not empty: it has rows in {}. Copy into a new database.",
            filled_tables.join(", ")
        )));
    }
    Ok(())
}

/// Removes the rows that migrations have added.
async fn clear(tx: &Transaction, tables: &[Table]) -> Result<()> {
    // Tables that refer to others come first.
    for table in tables.iter().rev().filter(|table| table.is_seeded) {
        tx.execute_unprepared(&format!(r#"DELETE FROM "{}""#, table.name))
            .await?;
    }
    Ok(())
}

async fn insert(tx: &Transaction, table: &Table, rows: Vec<Row>) -> Result<()> {
    let columns = table.columns.iter().map(|column| column.name.clone()).collect();
    let mut insert = RowInsert::new(tx, &table.name, columns);
    for row in rows {
        insert.add(row.into_iter().map(Into::into)).await?;
    }
    Ok(insert.finish().await?)
}

async fn read_back(tx: &Transaction, table: &Table, last_id: i64, progress: &Progress) -> Result<Summary> {
    let mut builder = SummaryBuilder::new(table);
    let mut last: Option<Row> = None;
    loop {
        progress.check()?;
        let rows = read::page(tx, table, last.as_ref()).await?;
        let Some(end) = rows.last() else { break };
        last = Some(end.clone());
        progress.advance(rows.len());
        for row in &rows {
            builder.add(row);
        }
    }
    raise_last_id_of(tx, &table.name, last_id).await?;
    analyze_table(tx, &table.name).await?;
    Ok(builder.summary(read::last_id(tx, table).await?))
}
