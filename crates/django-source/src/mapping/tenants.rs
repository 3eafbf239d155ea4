//! Detects databases that several companies share.

use super::{Role, TableMap};
use crate::catalogue::Column;
use crate::error::{Error, Result};
use crate::options::{Tenant, TenantValue};
use crate::source::{Reader, Select};
use crate::value::{Kind, Value, quoted};

/// The maximum number of companies in the report.
const MAX_LISTED: usize = 20;

/// The column that identifies the company of a row, and its values, at most [`MAX_LISTED`].
#[derive(Clone, Debug)]
pub(crate) struct Tenancy {
    pub(crate) column: String,
    pub(crate) values: Vec<TenantValue>,
}

/// Names of columns that identify a company, as opposed to the user who created or changed a row.
const OWNERS: [&str; 18] = [
    "company",
    "tenant",
    "organization",
    "organisation",
    "empresa",
    "account",
    "workspace",
    "owner",
    "user",
    "usuario",
    "client",
    "customer",
    "store",
    "shop",
    "loja",
    "branch",
    "filial",
    "business",
];

/// Finds a column that identifies companies: it is in the table of products and in that of brands, categories or suppliers, and
/// has more than one value.
pub(crate) fn find(reader: &mut Reader, maps: &[&TableMap]) -> Result<Option<Tenancy>> {
    let is_not_movement = |map: &&&TableMap| !matches!(map.role, Role::Inflow | Role::Outflow);
    let Some(product) = maps.iter().find(|map| map.role == Role::Product) else {
        return Ok(None);
    };
    for column in product.unmapped() {
        let name = column.name.to_ascii_lowercase();
        let word = name.strip_suffix("_id").unwrap_or(&name);
        if !OWNERS.contains(&word) || !matches!(column.kind, Kind::Integer | Kind::Text | Kind::Other) {
            continue;
        }
        let maps_with_column: Vec<&&TableMap> = maps
            .iter()
            .filter(|map| {
                map.unmapped()
                    .any(|other| other.name.eq_ignore_ascii_case(&column.name))
            })
            .collect();
        if maps_with_column.iter().filter(|map| is_not_movement(map)).count() < 2 {
            continue;
        }
        let mut values = Vec::new();
        for map in maps_with_column {
            values.extend(distinct_values(reader, map, column)?);
        }
        values.sort();
        values.dedup();
        values.truncate(MAX_LISTED);
        if values.len() > 1 {
            return Ok(Some(Tenancy {
                column: column.name.clone(),
                values,
            }));
        }
    }
    Ok(None)
}

fn distinct_values(reader: &mut Reader, map: &TableMap, column: &Column) -> Result<Vec<TenantValue>> {
    let name = quoted(&column.name);
    let select = Select {
        table: map.table.name.clone(),
        sql: format!(
            "SELECT DISTINCT {name} FROM {}{} WHERE {name} IS NOT NULL ORDER BY {name} LIMIT {MAX_LISTED}",
            map.table.sql_name,
            reader.not_indexed()
        ),
        kinds: vec![column.kind],
    };
    let mut values = Vec::new();
    reader.for_each(&select, &mut |row| {
        values.extend(row.first().and_then(|value| match value {
            Value::Integer(number) => Some(TenantValue::Number(*number)),
            value => value.text().map(|text| TenantValue::Text(text.to_owned())),
        }));
        Ok(())
    })?;
    Ok(values)
}

/// The SQL condition of `--tenant` for a table; empty if the table has no such column.
pub(crate) fn condition(tenant: Option<&Tenant>, map: &TableMap) -> String {
    match tenant {
        Some(Tenant::Column(column, value)) if map.table.column(column).is_some() => match value {
            TenantValue::Number(id) => format!(" WHERE {} = {id}", quoted(column)),
            TenantValue::Text(text) => format!(" WHERE {} = '{}'", quoted(column), text.replace('\'', "''")),
        },
        _ => String::new(),
    }
}

/// Fails if `--tenant` names a column that products do not have.
pub(crate) fn check(tenant: Option<&Tenant>, maps: &[&TableMap]) -> Result<()> {
    let Some(Tenant::Column(column, _)) = tenant else {
        return Ok(());
    };
    let is_found = maps
        .iter()
        .any(|map| map.role == Role::Product && map.table.column(column).is_some());
    if is_found {
        Ok(())
    } else {
        Err(Error::Option(format!(
            "--tenant: products have no column {column}"
        )))
    }
}
