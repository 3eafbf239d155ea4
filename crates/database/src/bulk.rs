//! Inserting many rows.
//!
//! Rows are models with their ids, which [`reserve_ids`] reserves first, so that rows can refer to each other. SQLite
//! runs one prepared statement for each row, on the writer's thread. PostgreSQL gets about 1 MiB of rows in one parameter,
//! as JSON, which it converts to the column types of the table.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait as _,
    Statement, Value,
};

use crate::{Backend, Database};

/// The size in bytes at which a batch of JSON is sent to PostgreSQL.
const BATCH_BYTES: usize = 1 << 20;

/// Rows as one parameter for PostgreSQL's `json_to_recordset`. They must consist of numbers, texts and timestamps, so that
/// they can always be serialized.
pub fn json_rows(rows: &[impl serde::Serialize]) -> Value {
    serde_json::to_string(rows).unwrap_or_default().into()
}

/// Inserts models of one table.
pub struct BulkInsert<'c, C, E: EntityTrait> {
    columns: Vec<E::Column>,
    rows: RowInsert<'c, C>,
}

impl<'c, C: ConnectionTrait, E: EntityTrait> BulkInsert<'c, C, E> {
    pub fn new(connection: &'c C) -> Self {
        let columns: Vec<E::Column> = E::Column::iter().collect();
        let names = columns.iter().map(|column| column.as_str().to_owned()).collect();
        Self {
            columns,
            rows: RowInsert::new(connection, E::default().table_name(), names),
        }
    }

    /// Inserts a row, at once or with a later batch.
    pub async fn add(&mut self, row: &E::Model) -> Result<(), DbErr> {
        let values = self.columns.iter().map(|column| row.get(*column));
        self.rows.add(values).await
    }

    /// Inserts the rows that are still in the batch.
    pub async fn finish(self) -> Result<(), DbErr> {
        self.rows.finish().await
    }
}

/// Inserts rows of one table as values in the order of its columns, for tables without an entity.
pub struct RowInsert<'c, C> {
    connection: &'c C,
    columns: Vec<String>,
    sql: String,
    /// The rows to be sent to PostgreSQL next: a JSON array without its closing bracket.
    batch: String,
}

impl<'c, C: ConnectionTrait> RowInsert<'c, C> {
    /// The names of the table and the columns come from the schema, never from a caller.
    pub fn new(connection: &'c C, table: &str, columns: Vec<String>) -> Self {
        let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let names = names.join(", ");
        let sql = match connection.get_database_backend() {
            DbBackend::Sqlite => format!(
                r#"INSERT INTO "{table}" ({names}) VALUES ({})"#,
                vec!["?"; columns.len()].join(", ")
            ),
            _ => format!(
                r#"INSERT INTO "{table}" ({names})
                   SELECT {names} FROM json_populate_recordset(CAST(NULL AS "{table}"), CAST($1 AS json))"#
            ),
        };
        Self {
            connection,
            columns,
            sql,
            batch: String::new(),
        }
    }

    /// Inserts a row, at once or with a later batch.
    pub async fn add(&mut self, values: impl Iterator<Item = Value>) -> Result<(), DbErr> {
        let backend = self.connection.get_database_backend();
        if backend == DbBackend::Sqlite {
            let statement = Statement::from_sql_and_values(backend, &self.sql, values);
            return self.connection.execute_raw(statement).await.map(|_| ());
        }
        self.append(values)?;
        if self.batch.len() < BATCH_BYTES {
            return Ok(());
        }
        self.send().await
    }

    /// Inserts the rows that are still in the batch.
    pub async fn finish(mut self) -> Result<(), DbErr> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.send().await
    }

    async fn send(&mut self) -> Result<(), DbErr> {
        let mut batch = std::mem::take(&mut self.batch);
        batch.push(']');
        let backend = self.connection.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, &self.sql, [batch.into()]);
        self.connection.execute_raw(statement).await.map(|_| ())
    }

    fn append(&mut self, values: impl Iterator<Item = Value>) -> Result<(), DbErr> {
        self.batch
            .push_str(if self.batch.is_empty() { "[{" } else { ",{" });
        let mut quote = "\"";
        for (column, value) in self.columns.iter().zip(values) {
            let value = json(value)?;
            if value.is_null() {
                // A missing key is read as null.
                continue;
            }
            self.batch.push_str(quote);
            self.batch.push_str(column);
            self.batch.push_str("\":");
            self.batch.push_str(&value.to_string());
            quote = ",\"";
        }
        self.batch.push('}');
        Ok(())
    }
}

/// A value as JSON that PostgreSQL reads back exactly; decimals are strings.
fn json(value: Value) -> Result<serde_json::Value, DbErr> {
    Ok(match value {
        Value::Bool(value) => value.into(),
        Value::BigInt(value) => value.into(),
        Value::String(value) => value.into(),
        Value::Decimal(value) => value.map(|value| value.to_string()).into(),
        Value::ChronoDateTimeUtc(value) => value.map(|value| value.to_rfc3339()).into(),
        other => {
            let message = format!("a {other:?} can't be inserted in bulk");
            return Err(DbErr::Type(message));
        }
    })
}

/// Reserves `count` consecutive ids of a table and returns the first. On PostgreSQL the table is locked against other
/// writers until the transaction ends.
pub async fn reserve_ids<E: EntityTrait>(db: &impl ConnectionTrait, count: usize) -> Result<i64, DbErr> {
    let table = E::default().table_name().to_owned();
    let count = i64::try_from(count).map_err(|error| DbErr::Custom(error.to_string()))?;
    if count == 0 {
        // There is no first id.
        return Ok(0);
    }
    let backend = db.get_database_backend();
    let statement = if backend == DbBackend::Sqlite {
        let create_sequence = "INSERT INTO sqlite_sequence (name, seq)
            SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)";
        let names = [table.clone().into(), table.clone().into()];
        db.execute_raw(Statement::from_sql_and_values(backend, create_sequence, names))
            .await?;
        let advance = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq AS last";
        Statement::from_sql_and_values(backend, advance, [count.into(), table.into()])
    } else {
        db.execute_unprepared(&format!(r#"LOCK TABLE "{table}" IN SHARE ROW EXCLUSIVE MODE"#))
            .await?;
        let advance = "SELECT setval(ids, nextval(ids) + $1 - 1) AS last
            FROM (SELECT CAST(pg_get_serial_sequence($2, 'id') AS regclass) AS ids) AS sequence";
        Statement::from_sql_and_values(backend, advance, [count.into(), format!("\"{table}\"").into()])
    };
    let Some(row) = db.query_one_raw(statement).await? else {
        return Err(DbErr::RecordNotFound(
            "the table has no sequence of ids".to_owned(),
        ));
    };
    Ok(row.try_get::<i64>("", "last")? - count + 1)
}

/// Makes the next id that a table generates larger than `last`. On PostgreSQL this takes effect even if the transaction is
/// rolled back.
pub async fn raise_last_id<E: EntityTrait>(db: &impl ConnectionTrait, last: i64) -> Result<(), DbErr> {
    raise_last_id_of(db, E::default().table_name(), last).await
}

/// Like [`raise_last_id`], for a table given by its name.
pub async fn raise_last_id_of(db: &impl ConnectionTrait, table: &str, last: i64) -> Result<(), DbErr> {
    if last < 1 {
        return Ok(());
    }
    let table = table.to_owned();
    let backend = db.get_database_backend();
    if backend == DbBackend::Sqlite {
        let create_sequence = "INSERT INTO sqlite_sequence (name, seq)
            SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)";
        let names = [table.clone().into(), table.clone().into()];
        db.execute_raw(Statement::from_sql_and_values(backend, create_sequence, names))
            .await?;
        let raise = "UPDATE sqlite_sequence SET seq = MAX(seq, ?) WHERE name = ?";
        let values = [last.into(), table.into()];
        return db
            .execute_raw(Statement::from_sql_and_values(backend, raise, values))
            .await
            .map(|_| ());
    }
    let raise = "SELECT setval(ids, GREATEST($1, COALESCE(pg_sequence_last_value(ids), 1)))
        FROM (SELECT CAST(pg_get_serial_sequence($2, 'id') AS regclass) AS ids) AS sequence";
    let values = [last.into(), format!("\"{table}\"").into()];
    db.query_one_raw(Statement::from_sql_and_values(backend, raise, values))
        .await
        .map(|_| ())
}

/// Updates the statistics that the query planner uses for a table.
pub async fn analyze_table(db: &impl ConnectionTrait, table: &str) -> Result<(), DbErr> {
    let sql = format!(r#"ANALYZE "{table}""#);
    db.execute_unprepared(&sql).await.map(|_| ())
}

/// Runs PostgreSQL's `VACUUM`, so that rows can be counted from an index alone, without waiting for autovacuum. Does
/// nothing on SQLite.
pub async fn vacuum(db: &Database) -> Result<(), DbErr> {
    match db.backend() {
        Backend::Sqlite => Ok(()),
        Backend::Postgres => db.execute_unprepared("VACUUM").await.map(|_| ()),
    }
}
