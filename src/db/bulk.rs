//! Many rows at once, as fast as each database takes them.
//!
//! The rows are whole models with their ids, which [`reserve_ids`] gives out beforehand, so that they can refer to each
//! other. SQLite runs one prepared statement for each row, on the writer's own thread. PostgreSQL is sent a few thousand
//! in one parameter, as JSON, which it takes apart by the table's own column types.

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait as _,
    Statement, Value,
};

use super::{Backend, Database};

/// How much is sent to PostgreSQL at a time, in bytes.
const PACKET: usize = 1 << 20;

/// Rows as one parameter of a statement of PostgreSQL's, which takes them apart with `json_to_recordset`. They are
/// numbers, texts and moments, of which none can fail to be written.
pub fn list(rows: &[impl serde::Serialize]) -> Value {
    serde_json::to_string(rows).unwrap_or_default().into()
}

/// Fills one table.
pub struct BulkInsert<'c, C, E: EntityTrait> {
    connection: &'c C,
    columns: Vec<E::Column>,
    sql: String,
    /// PostgreSQL's rows that wait to be sent, as a JSON array that is still open.
    packet: String,
}

impl<'c, C: ConnectionTrait, E: EntityTrait> BulkInsert<'c, C, E> {
    /// Nothing yet.
    pub fn new(connection: &'c C) -> Self {
        let columns: Vec<E::Column> = E::Column::iter().collect();
        let names: Vec<String> = columns
            .iter()
            .map(|column| format!("\"{}\"", column.as_str()))
            .collect();
        let (table, names) = (E::default().table_name().to_owned(), names.join(", "));
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
            packet: String::new(),
        }
    }

    /// Adds a row, now or with the next ones.
    pub async fn add(&mut self, row: &E::Model) -> Result<(), DbErr> {
        let backend = self.connection.get_database_backend();
        if backend == DbBackend::Sqlite {
            let values = self.columns.iter().map(|column| row.get(*column));
            let statement = Statement::from_sql_and_values(backend, &self.sql, values);
            return self.connection.execute_raw(statement).await.map(|_| ());
        }
        self.pack(row)?;
        if self.packet.len() < PACKET {
            return Ok(());
        }
        self.send().await
    }

    /// Adds what still waits.
    pub async fn finish(mut self) -> Result<(), DbErr> {
        if self.packet.is_empty() {
            return Ok(());
        }
        self.send().await
    }

    async fn send(&mut self) -> Result<(), DbErr> {
        let mut packet = std::mem::take(&mut self.packet);
        packet.push(']');
        let backend = self.connection.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, &self.sql, [packet.into()]);
        self.connection.execute_raw(statement).await.map(|_| ())
    }

    fn pack(&mut self, row: &E::Model) -> Result<(), DbErr> {
        self.packet
            .push_str(if self.packet.is_empty() { "[{" } else { ",{" });
        let mut between = "\"";
        for column in &self.columns {
            let value = json(row.get(*column))?;
            if value.is_null() {
                // What is not named is null.
                continue;
            }
            self.packet.push_str(between);
            self.packet.push_str(column.as_str());
            self.packet.push_str("\":");
            self.packet.push_str(&value.to_string());
            between = ",\"";
        }
        self.packet.push('}');
        Ok(())
    }
}

/// A value as PostgreSQL reads it back exactly: whatever JSON's numbers could not hold travels as text.
fn json(value: Value) -> Result<serde_json::Value, DbErr> {
    Ok(match value {
        Value::Bool(value) => value.into(),
        Value::BigInt(value) => value.into(),
        Value::String(value) => value.into(),
        Value::Decimal(value) => value.map(|value| value.to_string()).into(),
        Value::ChronoDateTimeUtc(value) => value.map(|value| value.to_rfc3339()).into(),
        other => {
            let message = format!("tables are never filled with a {other:?}");
            return Err(DbErr::Type(message));
        }
    })
}

/// Takes so many consecutive ids of a table that nobody has had, and gives the first. On PostgreSQL nobody else writes
/// to the table until the transaction ends; on SQLite nobody else writes at all.
pub async fn reserve_ids<E: EntityTrait>(db: &impl ConnectionTrait, count: usize) -> Result<i64, DbErr> {
    let table = E::default().table_name().to_owned();
    let count = i64::try_from(count).map_err(|error| DbErr::Custom(error.to_string()))?;
    if count == 0 {
        // No row will ask for it.
        return Ok(0);
    }
    let backend = db.get_database_backend();
    let last = if backend == DbBackend::Sqlite {
        let first_time = "INSERT INTO sqlite_sequence (name, seq)
            SELECT ?, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?)";
        let names = [table.clone().into(), table.clone().into()];
        db.execute_raw(Statement::from_sql_and_values(backend, first_time, names))
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
    let Some(row) = db.query_one_raw(last).await? else {
        return Err(DbErr::RecordNotFound(
            "the table has no sequence of ids".to_owned(),
        ));
    };
    Ok(row.try_get::<i64>("", "last")? - count + 1)
}

/// Looks at the rows of a table, so that queries are planned by what it holds now.
pub async fn analyze<E: EntityTrait>(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    let sql = format!(r#"ANALYZE "{}""#, E::default().table_name());
    db.execute_unprepared(&sql).await.map(|_| ())
}

/// Has PostgreSQL note which pages hold nothing but what everybody sees, which lets it count by an index alone. It does so
/// by itself sooner or later. SQLite has no need of it.
pub async fn vacuum(db: &Database) -> Result<(), DbErr> {
    match db.backend() {
        Backend::Sqlite => Ok(()),
        Backend::Postgres => db.execute_unprepared("VACUUM").await.map(|_| ()),
    }
}
