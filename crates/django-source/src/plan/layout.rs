//! The meaning of the source's tables, or the reasons why the source is refused.

use crate::catalogue::{Catalogue, read_models};
use crate::error::{Error, Result};
use crate::mapping::accounts::AccountTables;
use crate::mapping::tables::{RoleTables, find};
use crate::mapping::{Field, How, Role, TableMap, columns, tenants};
use crate::options::{Options, Tenant, TenantValue};
use crate::report::{ColumnReport, NoteCode, Notes, RefusalReason};
use crate::source::Reader;
use crate::value::Kind;

/// The meaning of each table and column.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) catalogue: Catalogue,
    /// The table of each role, by [`Role::index`].
    maps: [Option<TableMap>; 6],
    pub(crate) accounts: AccountTables,
    /// The reasons why the source is refused; empty if it is accepted.
    pub(crate) refusal_reasons: Vec<RefusalReason>,
}

impl Layout {
    /// Reads the catalogue and finds the meaning of its tables and columns.
    pub(crate) fn read(reader: &mut Reader, options: &Options) -> Result<Self> {
        let schema = match &options.tenant {
            Some(Tenant::Schema(schema)) => Some(schema.as_str()),
            _ => None,
        };
        let mut catalogue = reader.catalogue(schema)?;
        read_models(reader, &mut catalogue)?;
        let role_tables = find(&catalogue, &options.map)?;
        let accounts = AccountTables::find(&catalogue);
        let users = accounts.users.as_ref().map(|table| table.name.as_str());
        let mut maps = [const { None }; 6];
        for (role, map) in Role::ALL.into_iter().zip(&mut maps) {
            *map = columns::map(role, &role_tables, users, &options.map)?;
        }
        let mut layout = Self {
            refusal_reasons: missing_or_ambiguous(&role_tables, &maps),
            catalogue,
            maps,
            accounts,
        };
        check_overrides(&layout, options)?;
        layout.verify(reader)?;
        if layout.refusal_reasons.is_empty() {
            layout
                .refusal_reasons
                .extend(tenants_refusal(reader, &layout, options)?);
        }
        Ok(layout)
    }

    pub(crate) fn map(&self, role: Role) -> Option<&TableMap> {
        self.maps.get(role.index()).and_then(Option::as_ref)
    }

    pub(crate) fn maps(&self) -> Vec<&TableMap> {
        self.maps.iter().flatten().collect()
    }

    /// Whether a table has all required columns.
    pub(crate) fn is_complete(&self, map: &TableMap) -> bool {
        let lacks = |reason: &RefusalReason| matches!(reason, RefusalReason::NoColumn { table, .. } if *table == map.table.name);
        !self.refusal_reasons.iter().any(lacks)
    }

    /// Checks the permission to read each table that will be read and, in a SQLite file, that its pages are intact.
    fn verify(&self, reader: &mut Reader) -> Result<()> {
        let names = self.maps().into_iter().map(|map| map.table.name.as_str());
        for name in names.chain(self.accounts.names()) {
            if self.catalogue.table(name).is_some_and(|table| !table.readable) {
                let reason = "the permission to read it is missing".to_owned();
                return Err(Error::Query {
                    table: name.to_owned(),
                    reason,
                });
            }
            reader.verify(name)?;
        }
        Ok(())
    }

    /// The meaning of each mapped column, for the report.
    pub(crate) fn columns(&self) -> Vec<ColumnReport> {
        let column = |map: &TableMap, mapped: &crate::mapping::MappedColumn| ColumnReport {
            table: map.table.name.clone(),
            column: mapped.column.name.clone(),
            role: format!("{}.{}", map.role.name(), mapped.field.name()),
            how: mapped.how.name(),
        };
        let maps = self.maps.iter().flatten();
        maps.flat_map(|map| map.columns.iter().map(move |mapped| column(map, mapped)))
            .collect()
    }

    /// Adds notes about names and types that differ from the documented ones, and about columns that are missing.
    pub(crate) fn note_differences(&self, notes: &mut Notes) {
        for map in self.maps() {
            let (role, table) = (map.role, &map.table.name);
            if table != role.documented_table() {
                notes.add_detail(NoteCode::TablesMapped, table, role.name().to_owned());
            }
            for mapped in map.columns.iter().filter(|mapped| role.documents(mapped.field)) {
                let name = format!("{table}.{}", mapped.column.name);
                if mapped.how != How::Name {
                    let detail = format!("{}, by {}", mapped.field.name(), mapped.how.name());
                    notes.add_detail(NoteCode::ColumnsMapped, &name, detail);
                }
                if needs_conversion(mapped.field.kind(), mapped.column.kind) {
                    let detail = format!("declared {}", mapped.column.declared);
                    notes.add_detail(NoteCode::TypesConverted, &name, detail);
                }
            }
            for field in map.missing() {
                notes.add_detail(
                    NoteCode::ColumnsMissing,
                    &format!("{table}.{}", field.name()),
                    "empty".to_owned(),
                );
            }
        }
    }
}

/// Whether values of a column have to be converted. False for a column without a type, for which this is not known.
fn needs_conversion(documented: Kind, declared: Kind) -> bool {
    documented != declared && declared != Kind::Other
}

/// The required tables and columns that are missing or ambiguous.
fn missing_or_ambiguous(role_tables: &RoleTables, maps: &[Option<TableMap>]) -> Vec<RefusalReason> {
    let mut reasons = Vec::new();
    let ambiguous = |role: Role| role_tables.ambiguous.iter().find(|(other, _)| *other == role);
    let mut roles: Vec<&str> = Role::ALL
        .into_iter()
        .filter(|role| role_tables.get(*role).is_none() && ambiguous(*role).is_none())
        .map(Role::name)
        .collect();
    roles.sort_unstable();
    if !roles.is_empty() {
        reasons.push(RefusalReason::NoTable { roles });
    }
    for (role, tables) in &role_tables.ambiguous {
        reasons.push(RefusalReason::AmbiguousTable {
            role: role.name(),
            tables: tables.clone(),
        });
    }
    for map in maps.iter().flatten() {
        let mut columns: Vec<&str> = Vec::new();
        // Ids of another type, such as UUIDs, can't be kept.
        if map
            .table
            .column(&map.id)
            .is_none_or(|column| column.kind != Kind::Integer)
        {
            columns.push("id");
        }
        let lacks = |field: &&Field| {
            let has_no_target = **field == Field::Supplier && role_tables.get(Role::Supplier).is_none();
            map.get(**field).is_none() && !has_no_target
        };
        columns.extend(map.role.required().iter().filter(lacks).map(|field| field.name()));
        if !columns.is_empty() {
            reasons.push(RefusalReason::NoColumn {
                table: map.table.name.clone(),
                columns,
            });
        }
    }
    reasons
}

/// The reason to refuse the source if it has several tenants and the options choose none of them.
fn tenants_refusal(reader: &mut Reader, layout: &Layout, options: &Options) -> Result<Option<RefusalReason>> {
    let maps = layout.maps();
    tenants::check(options.tenant.as_ref(), &maps)?;
    if options.tenant.is_some() {
        return Ok(None);
    }
    let schemas = &layout.catalogue.schemas_in_use;
    if schemas.len() > 1 {
        let values = schemas.iter().take(20).cloned().map(TenantValue::Text).collect();
        return Ok(Some(RefusalReason::SeveralTenants {
            column: "schema".to_owned(),
            values,
        }));
    }
    let tenancy = tenants::find(reader, &maps)?;
    Ok(tenancy.map(|found| RefusalReason::SeveralTenants {
        column: found.column,
        values: found.values,
    }))
}

/// Rejects a `--map` of a column in a table without a role, which would have no effect.
fn check_overrides(layout: &Layout, options: &Options) -> Result<()> {
    for column_map in options.map.iter().filter(|entry| entry.column.is_some()) {
        let has_role = layout
            .maps()
            .iter()
            .any(|map| map.table.name.eq_ignore_ascii_case(&column_map.table));
        if !has_role {
            return Err(Error::Option(format!(
                "--map: the table {} has no role",
                column_map.table
            )));
        }
    }
    Ok(())
}
