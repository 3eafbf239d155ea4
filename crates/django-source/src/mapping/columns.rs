//! The meaning of columns. Relations are recognised by the table that they refer to, other columns by their name, a known
//! misspelling or similarity.

use super::spelling::{MIN_SIMILARITY, is_vague, known_names, max_similarity, similarity};
use super::tables::RoleTables;
use super::{Field, Role};
use crate::catalogue::{Column, Table};
use crate::error::{Error, Result};
use crate::options::MapOverride;
use crate::value::Kind;

/// How a column was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Name,
    ForeignKey,
    KnownSpelling,
    Likeness,
    Override,
}

impl How {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::ForeignKey => "foreign_key",
            Self::KnownSpelling => "known_spelling",
            Self::Likeness => "likeness",
            Self::Override => "map",
        }
    }
}

/// A column with its meaning.
#[derive(Clone, Debug)]
pub(crate) struct MappedColumn {
    pub(crate) field: Field,
    pub(crate) column: Column,
    pub(crate) how: How,
}

/// A table with the meaning of its columns.
#[derive(Clone, Debug)]
pub(crate) struct TableMap {
    pub(crate) role: Role,
    pub(crate) table: Table,
    /// The primary key.
    pub(crate) id: String,
    pub(crate) columns: Vec<MappedColumn>,
}

impl TableMap {
    pub(crate) fn get(&self, field: Field) -> Option<&MappedColumn> {
        self.columns.iter().find(|mapped| mapped.field == field)
    }

    fn is_mapped(&self, column: &Column) -> bool {
        self.columns
            .iter()
            .any(|mapped| mapped.column.name == column.name)
            || column.name == self.id
    }

    /// The columns without a meaning.
    pub(crate) fn unmapped(&self) -> impl Iterator<Item = &Column> {
        self.table.columns.iter().filter(|column| !self.is_mapped(column))
    }

    /// The documented columns that are missing.
    pub(crate) fn missing(&self) -> impl Iterator<Item = Field> {
        let fields = self.role.fields().iter().copied();
        fields.filter(|field| self.role.documents(*field) && self.get(*field).is_none())
    }

    fn assign(&mut self, field: Field, column: &Column, how: How) {
        self.columns.push(MappedColumn {
            field,
            column: column.clone(),
            how,
        });
    }
}

/// Finds the meaning of the columns of a role's table.
pub(crate) fn map(
    role: Role,
    role_tables: &RoleTables,
    users: Option<&str>,
    overrides: &[MapOverride],
) -> Result<Option<TableMap>> {
    let Some(table) = role_tables.get(role) else {
        return Ok(None);
    };
    let id = table.primary_key.clone().unwrap_or_else(|| "id".to_owned());
    let mut map = TableMap {
        role,
        table: table.clone(),
        id,
        columns: Vec::new(),
    };
    apply_overrides(&mut map, overrides)?;
    map_relations(&mut map, role_tables, users);
    for how in [How::Name, How::KnownSpelling, How::Likeness] {
        for field in role.fields() {
            if map.get(*field).is_none()
                && let Some(column) = find_column(&map, *field, how).cloned()
            {
                map.assign(*field, &column, how);
            }
        }
    }
    Ok(Some(map))
}

fn apply_overrides(map: &mut TableMap, overrides: &[MapOverride]) -> Result<()> {
    let table = map.table.name.clone();
    for entry in overrides
        .iter()
        .filter(|entry| entry.table.eq_ignore_ascii_case(&table))
    {
        let Some(name) = &entry.column else { continue };
        let column = map.table.column(name).cloned();
        let column =
            column.ok_or_else(|| Error::Option(format!("--map: {} has no column {name}", entry.table)))?;
        let fields = map.role.fields();
        let field = fields.iter().copied().find(|field| field.name() == entry.role);
        let field = field.ok_or_else(|| {
            let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
            Error::Option(format!(
                "--map: {} is not one of {}",
                entry.role,
                names.join(", ")
            ))
        })?;
        map.assign(field, &column, How::Override);
    }
    Ok(())
}

/// Maps relations by the table that a column refers to, and by name if several columns refer to the same table.
fn map_relations(map: &mut TableMap, role_tables: &RoleTables, users: Option<&str>) {
    for field in map.role.fields() {
        let target = match field.refers_to() {
            Some(role) => role_tables.get(role).map(|table| table.name.as_str()),
            None if *field == Field::Actor => users,
            None => None,
        };
        let Some(target) = target.filter(|_| map.get(*field).is_none()) else {
            continue;
        };
        let referring: Vec<Column> = map
            .unmapped()
            .filter(|column| {
                map.table
                    .target(&column.name)
                    .is_some_and(|to| to.eq_ignore_ascii_case(target))
            })
            .cloned()
            .collect();
        let column = match referring.as_slice() {
            [only] => Some(only),
            several => {
                let names = names(*field);
                let similarity_of = |column: &&Column| max_similarity(&column.name, &names);
                let best = several
                    .iter()
                    .max_by(|left, right| similarity_of(left).total_cmp(&similarity_of(right)));
                best.filter(|column| similarity_of(column) >= MIN_SIMILARITY)
            }
        };
        if let Some(column) = column {
            let how = if column.name == field.name() {
                How::Name
            } else {
                How::ForeignKey
            };
            map.assign(*field, column, how);
        }
    }
}

/// The column of a field by its name, by a known spelling, or by similarity if exactly one column of a suitable type is left.
fn find_column(map: &TableMap, field: Field, how: How) -> Option<&Column> {
    // A movement's user is recognised only by its foreign key, because other numbers may have a similar name.
    if field == Field::Actor {
        return None;
    }
    match how {
        How::Name => map
            .unmapped()
            .find(|column| column.name.eq_ignore_ascii_case(field.name())),
        How::KnownSpelling => known_names(field).iter().find_map(|name| {
            let fits = |column: &&Column| {
                column.name.eq_ignore_ascii_case(name)
                    && (!is_vague(name)
                        || field.kind() == column.kind
                        || field.kind() == Kind::Moment && field.accepts(column.kind))
            };
            map.unmapped().find(fits)
        }),
        _ => {
            let fits = |column: &&Column| {
                field.accepts(column.kind)
                    && max_similarity(&column.name, &names(field)) >= MIN_SIMILARITY
                    && map.missing().all(|other| {
                        similarity(&column.name, other.name()) <= similarity(&column.name, field.name())
                    })
            };
            let mut fitting = map.unmapped().filter(fits);
            let first = fitting.next();
            first.filter(|_| fitting.next().is_none())
        }
    }
}

fn names(field: Field) -> Vec<&'static str> {
    std::iter::once(field.name())
        .chain(known_names(field).iter().copied())
        .collect()
}
