//! Reads the rows of a role's table, with access to their cells by [`Field`].

use crate::error::Result;
use crate::mapping::tenants::condition;
use crate::mapping::{Field, TableMap};
use crate::options::Options;
use crate::progress::Progress;
use crate::source::{Reader, Select};
use crate::value::{Kind, Value, quoted};

const NULL: &Value = &Value::Null;

/// A row, with access to its cells by [`Field`].
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    values: &'a [Value],
    positions: &'a [Option<usize>; Field::COUNT],
}

impl<'a> Row<'a> {
    /// The primary key.
    pub(super) fn key(self) -> &'a Value {
        self.values.first().unwrap_or(NULL)
    }

    /// The cell of a field; null if there is no such column.
    pub(super) fn get(self, field: Field) -> &'a Value {
        let index = Field::ALL.iter().position(|other| *other == field);
        let position = index.and_then(|index| self.positions.get(index).copied().flatten());
        position
            .and_then(|position| self.values.get(position))
            .unwrap_or(NULL)
    }
}

/// Calls `each` with every row of the table, in ascending order of ids.
pub(super) fn for_each(
    reader: &mut Reader,
    map: &TableMap,
    options: &Options,
    progress: &Progress,
    each: &mut dyn FnMut(Row<'_>) -> Result<()>,
) -> Result<()> {
    progress.begin_table(map.role.name());
    let mut names = vec![quoted(&map.id)];
    let mut kinds = vec![Kind::Integer];
    let mut positions = [None; Field::COUNT];
    for (field, position) in Field::ALL.into_iter().zip(&mut positions) {
        if let Some(mapped) = map.get(field) {
            *position = Some(names.len());
            names.push(quoted(&mapped.column.name));
            kinds.push(mapped.column.kind);
        }
    }
    let select = Select {
        table: map.table.name.clone(),
        sql: format!(
            "SELECT {} FROM {}{}{} ORDER BY {}",
            names.join(", "),
            map.table.sql_name,
            reader.not_indexed(),
            condition(options.tenant.as_ref(), map),
            quoted(&map.id)
        ),
        kinds,
    };
    reader.for_each(&select, &mut |values| {
        progress.advance();
        each(Row {
            values,
            positions: &positions,
        })
    })
}
