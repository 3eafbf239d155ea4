//! Reading whole rows of one table faster than through `QueryResult`.
//!
//! SeaORM looks up each value of each row by the name of its column. On SQLite that costs several times as much as
//! finding the row. Here the columns of a statement are matched with those of the entity once instead of for each row,
//! and the values are set in the model. The SQL of the statements that find rows by id is built once and cached.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use sea_orm::sea_query::{Expr, ExprTrait as _, Values};
use sea_orm::{
    DbErr, EntityTrait, IdenStatic as _, Iterable as _, ModelTrait as _, PrimaryKeyToColumn,
    QueryFilter as _, QueryTrait as _, Statement, Value,
};

use crate::database::Link;
use crate::observer::finish;
use crate::sqlite::Connection;
use crate::{Backend, Database};

/// A table from which rows can be read. Each row starts as the default of its model, in which the values are then set.
pub trait Table: EntityTrait<Model: Default + Send + Sync> + 'static {}

impl<E: EntityTrait<Model: Default + Send + Sync> + 'static> Table for E {}

/// The value of the first column of a row's primary key, or 0 if it is not an integer.
pub fn row_id<E: EntityTrait>(row: &E::Model) -> i64 {
    let key = E::PrimaryKey::iter().next().map(|key| row.get(key.into_column()));
    match key {
        Some(Value::BigInt(Some(id))) => id,
        _ => 0,
    }
}

/// A function that finds columns of the table by their names. It is fastest if they are looked up in the table's order.
pub(crate) fn column_finder<E: Table>() -> impl FnMut(&str) -> Option<E::Column> {
    let mut next = E::Column::iter();
    move |name| {
        let is_named = |column: &E::Column| column.as_str() == name;
        next.find(is_named).or_else(|| E::Column::iter().find(is_named))
    }
}

impl Database {
    /// The rows of a statement that selects columns of the table. Columns that are not selected have their default.
    pub async fn models<E: Table>(&self, statement: Statement) -> Result<Vec<E::Model>, DbErr> {
        let statement = with_literal_limits(statement);
        match &self.link {
            Link::Sqlite { readers, .. } => {
                let span = self.statement_started(&statement.sql);
                let rows = readers.read(statement, Connection::models::<E>).await;
                finish(span, &rows);
                rows
            }
            Link::Postgres(postgres) => {
                let span = self.statement_started(&statement.sql);
                // Boxed, so that callers' futures stay small.
                let rows = Box::pin(postgres.models::<E>(&statement)).await;
                finish(span, &rows);
                rows
            }
        }
    }

    /// The integer in the first column of the first row.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if the result has no rows, or the error of the statement.
    pub async fn number(&self, statement: Statement) -> Result<i64, DbErr> {
        let [number] = self.numbers(statement).await?;
        Ok(number)
    }

    /// The integers in the first columns of the first row.
    ///
    /// # Errors
    /// [`DbErr::RecordNotFound`] if the result has no rows, or the error of the statement.
    pub async fn numbers<const N: usize>(&self, statement: Statement) -> Result<[i64; N], DbErr> {
        let span = self.statement_started(&statement.sql);
        let numbers = match &self.link {
            Link::Sqlite { readers, .. } => readers.read(statement, Connection::numbers::<N>).await,
            Link::Postgres(postgres) => Box::pin(postgres.numbers::<N>(&statement)).await,
        };
        finish(span, &numbers);
        numbers?.ok_or_else(|| DbErr::RecordNotFound("a query for numbers returned no row".to_owned()))
    }

    /// The row with this id. On PostgreSQL, concurrent calls may share a statement.
    pub async fn by_id<E: Table>(&self, id: i64) -> Result<Option<E::Model>, DbErr> {
        let Link::Postgres(postgres) = &self.link else {
            let statement = by_id_statement::<E>(self.backend(), id);
            return Ok(self.models::<E>(statement).await?.pop());
        };
        let span = self.statement_started(&text::<E>(Backend::Postgres, Keys::One));
        // Boxed, so that callers' futures stay small.
        let row = Box::pin(postgres.row::<E>(id)).await;
        finish(span, &row);
        row
    }

    /// The rows with these ids, in no particular order, by one statement.
    pub async fn by_ids<E: Table>(&self, ids: &[i64]) -> Result<Vec<E::Model>, DbErr> {
        match ids {
            [] => Ok(Vec::new()),
            [id] => Ok(self.by_id::<E>(*id).await?.into_iter().collect()),
            ids => self.models::<E>(by_ids_statement::<E>(self.backend(), ids)).await,
        }
    }
}

/// Moves the value of each `LIMIT` from the parameters into the text of a statement. PostgreSQL plans a prepared
/// statement once for all values, and without a known limit it may sort the whole table; SQLite prepares a statement
/// again whenever the value of a `LIMIT` parameter changes.
pub(crate) fn with_literal_limits(statement: Statement) -> Statement {
    let Some(values) = statement.values else {
        return statement;
    };
    // Statements contain no text literals from input, so each `$` and `?` is a placeholder.
    let placeholder = if statement.sql.contains("$1") { '$' } else { '?' };
    let mut sql = String::with_capacity(statement.sql.len());
    let mut parameters = Vec::with_capacity(values.0.len());
    let mut parts = statement.sql.split(placeholder);
    sql.push_str(parts.next().unwrap_or_default());
    for (value, part) in values.0.into_iter().zip(parts) {
        let rest = part.trim_start_matches(|digit: char| placeholder == '$' && digit.is_ascii_digit());
        match value {
            Value::BigUnsigned(Some(limit)) if sql.ends_with(LIMIT) => sql.push_str(&limit.to_string()),
            value => {
                parameters.push(value);
                sql.push(placeholder);
                if placeholder == '$' {
                    sql.push_str(&parameters.len().to_string());
                }
            }
        }
        sql.push_str(rest);
    }
    Statement {
        sql,
        values: Some(Values(parameters)),
        db_backend: statement.db_backend,
    }
}

const LIMIT: &str = "LIMIT ";

pub(crate) fn by_id_statement<E: Table>(backend: Backend, id: i64) -> Statement {
    statement(backend, &text::<E>(backend, Keys::One), id.into())
}

pub(crate) fn by_ids_statement<E: Table>(backend: Backend, ids: &[i64]) -> Statement {
    let text = text::<E>(backend, Keys::Several);
    statement(backend, &text, backend.id_list(ids).into())
}

fn statement(backend: Backend, text: &str, value: Value) -> Statement {
    Statement::from_sql_and_values(backend.into(), text, [value])
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Keys {
    One,
    Several,
}

type Texts = HashMap<(TypeId, Backend, Keys), Arc<str>>;

/// The cached SQL. Its size is limited: two entries for each table and backend.
static TEXTS: LazyLock<RwLock<Texts>> = LazyLock::new(RwLock::default);

/// The text of the statement that finds rows by id. Its only parameter is the id, or a list of ids.
fn text<E: Table>(backend: Backend, keys: Keys) -> Arc<str> {
    let key = (TypeId::of::<E>(), backend, keys);
    let cached = TEXTS
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&key)
        .cloned();
    cached.unwrap_or_else(|| {
        let mut select = E::find();
        for column in E::PrimaryKey::iter().map(PrimaryKeyToColumn::into_column) {
            select = select.filter(match keys {
                Keys::One => Expr::col((E::default(), column)).eq(0),
                Keys::Several => backend.among((E::default(), column), &[0]),
            });
        }
        let text: Arc<str> = select.build(backend.into()).sql.into();
        TEXTS
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, Arc::clone(&text));
        text
    })
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    #[test]
    fn limits_move_into_the_text() {
        let literal = |backend: DbBackend, sql: &str| {
            let values: [Value; 3] = [7_i64.into(), 10_u64.into(), 30_u64.into()];
            let statement = with_literal_limits(Statement::from_sql_and_values(backend, sql, values));
            (statement.sql, statement.values.map(|values| values.0.len()))
        };
        let sql = "SELECT a FROM t WHERE b = ? ORDER BY a LIMIT ? OFFSET ?";
        let expected = "SELECT a FROM t WHERE b = ? ORDER BY a LIMIT 10 OFFSET ?";
        assert_eq!(literal(DbBackend::Sqlite, sql), (expected.to_owned(), Some(2)));
        let sql = "SELECT a FROM t WHERE b = $1 ORDER BY a LIMIT $2 OFFSET $3";
        let expected = "SELECT a FROM t WHERE b = $1 ORDER BY a LIMIT 10 OFFSET $2";
        assert_eq!(literal(DbBackend::Postgres, sql), (expected.to_owned(), Some(2)));
        let sql = "SELECT a FROM t WHERE b IN ($1, $2, $3)";
        assert_eq!(literal(DbBackend::Postgres, sql), (sql.to_owned(), Some(3)));
    }
}
