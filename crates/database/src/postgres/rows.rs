//! Converts rows to models, SeaORM's results or numbers.

use std::collections::BTreeMap;

use sea_orm::{DbErr, ModelTrait as _, ProxyRow, QueryResult, Value};
use tokio_postgres::Row;

use super::error::Error;
use super::value::Cell;
use crate::models::{Table, column_finder};

/// The rows for SeaORM's entities and `FromQueryResult`: each is a map from column names to values.
pub(super) fn results(rows: &[Row]) -> Result<Vec<QueryResult>, DbErr> {
    Ok(proxy_rows(rows)?.into_iter().map(QueryResult::from).collect())
}

pub(super) fn proxy_rows(rows: &[Row]) -> Result<Vec<ProxyRow>, DbErr> {
    rows.iter()
        .map(|row| {
            let mut values = BTreeMap::new();
            for (index, column) in row.columns().iter().enumerate() {
                values.insert(column.name().to_owned(), value(row, index)?);
            }
            Ok(ProxyRow::new(values))
        })
        .collect()
}

/// The rows of a statement that selects columns of one table. The columns are looked up once for all rows.
pub(super) fn models<E: Table>(rows: &[Row]) -> Result<Vec<E::Model>, DbErr> {
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let mut find = column_finder::<E>();
    let columns: Vec<E::Column> = first
        .columns()
        .iter()
        .map(|column| {
            find(column.name())
                .ok_or_else(|| DbErr::Type("the database contains a column that can't be read".to_owned()))
        })
        .collect::<Result<_, _>>()?;
    rows.iter()
        .map(|row| {
            let mut model = E::Model::default();
            for (index, column) in columns.iter().enumerate() {
                // Nullable columns already default to null.
                match value(row, index)? {
                    Value::String(None) => {}
                    value => model.try_set(*column, value)?,
                }
            }
            Ok(model)
        })
        .collect()
}

/// The integers in the first columns of the first row.
pub(super) fn numbers<const N: usize>(rows: &[Row]) -> Result<Option<[i64; N]>, DbErr> {
    let Some(row) = rows.first() else { return Ok(None) };
    let mut numbers = [0; N];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = row.try_get(index).map_err(Error::from)?;
    }
    Ok(Some(numbers))
}

fn value(row: &Row, index: usize) -> Result<Value, DbErr> {
    let cell: Cell = row.try_get(index).map_err(Error::from)?;
    Ok(cell.0)
}
