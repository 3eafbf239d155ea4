//! The roles of tables: by `--map`, by the names of Django's models, or by structure.

use super::spelling::{MIN_SIMILARITY, known_names, max_similarity};
use super::structure;
use super::{Field, Role};
use crate::catalogue::{Catalogue, Table};
use crate::error::{Error, Result};
use crate::options::MapOverride;

/// The table of each role, by [`Role::index`].
#[derive(Clone, Debug, Default)]
pub(crate) struct RoleTables {
    pub(crate) tables: [Option<Table>; 6],
    /// Roles for which several tables are equally likely, and these tables.
    pub(crate) ambiguous: Vec<(Role, Vec<String>)>,
}

impl RoleTables {
    pub(crate) fn get(&self, role: Role) -> Option<&Table> {
        self.tables.get(role.index()).and_then(Option::as_ref)
    }

    pub(super) fn set(&mut self, role: Role, table: &Table) {
        if let Some(slot) = self.tables.get_mut(role.index()) {
            *slot = Some(table.clone());
        }
    }

    /// The role of a table.
    pub(crate) fn role_of(&self, table: &str) -> Option<Role> {
        let is = |role: &Role| {
            self.get(*role)
                .is_some_and(|found| found.name.eq_ignore_ascii_case(table))
        };
        Role::ALL.into_iter().find(is)
    }
}

/// Finds the tables.
pub(crate) fn find(catalogue: &Catalogue, overrides: &[MapOverride]) -> Result<RoleTables> {
    let mut role_tables = RoleTables::default();
    for entry in overrides.iter().filter(|entry| entry.column.is_none()) {
        let table = catalogue.table(&entry.table);
        let table =
            table.ok_or_else(|| Error::Option(format!("--map: there is no table {}", entry.table)))?;
        let role = Role::from_name(&entry.role);
        let role = role.ok_or_else(|| Error::Option(format!("--map: there is no role {}", entry.role)))?;
        role_tables.set(role, table);
    }
    for role in Role::ALL {
        if role_tables.get(role).is_none() {
            find_by_name(catalogue, role, &mut role_tables);
        }
    }
    structure::fill(catalogue, &mut role_tables);
    Ok(role_tables)
}

fn find_by_name(catalogue: &Catalogue, role: Role, role_tables: &mut RoleTables) {
    let mut best: Vec<(f64, &Table)> = Vec::new();
    for (score, table) in candidates(catalogue, role) {
        if role_tables.role_of(&table.name).is_some() {
            continue;
        }
        // Lower than every score, as tables without a model have a negative score.
        let top = best.first().map_or(f64::NEG_INFINITY, |(score, _)| *score);
        if score > top + 1e-9 {
            best = vec![(score, table)];
        } else if score > top - 1e-9 && best.iter().all(|(_, other)| other.name != table.name) {
            best.push((score, table));
        }
    }
    match best.as_slice() {
        [] => {}
        [(_, table)] => role_tables.set(role, table),
        several => role_tables.ambiguous.push((
            role,
            several.iter().map(|(_, table)| table.name.clone()).collect(),
        )),
    }
}

/// The tables with names that match a role, and their scores, which also depend on the name of the app and the columns.
fn candidates(catalogue: &Catalogue, role: Role) -> Vec<(f64, &Table)> {
    let mut candidates = Vec::new();
    let mut consider = |app: &str, model: &str, table, penalty: f64| {
        let similarity = max_similarity(model, role.words());
        if similarity >= MIN_SIMILARITY {
            let app = max_similarity(app, role.words());
            candidates.push((similarity + app / 2.0 + fit(table, role) - penalty, table));
        }
    };
    for model in &catalogue.models {
        if let Some(table) = catalogue.table_of(model) {
            consider(&model.app, &model.name, table, 0.0);
        }
    }
    // A table without a model may belong to a model with a custom table name, or be left over from a broken migration. So it is
    // chosen only if there is no other table.
    for table in &catalogue.tables {
        let listed = catalogue
            .models
            .iter()
            .any(|model| format!("{}_{}", model.app, model.name).eq_ignore_ascii_case(&table.name));
        if !listed {
            let (app, model) = table.name.rsplit_once('_').unwrap_or(("", &table.name));
            consider(app, model, table, 10.0);
        }
    }
    candidates
}

/// The fraction, from 0 to 1, of a role's required columns, except relations, that a table has under a known name.
pub(super) fn fit(table: &Table, role: Role) -> f64 {
    let required: Vec<Field> = role
        .required()
        .iter()
        .copied()
        .filter(|field| field.refers_to().is_none())
        .collect();
    let has = |field: &&Field| {
        let mut names = std::iter::once(field.name()).chain(known_names(**field).iter().copied());
        names.any(|name| table.column(name).is_some())
    };
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    number(required.iter().filter(has).count()) / number(required.len().max(1))
}
