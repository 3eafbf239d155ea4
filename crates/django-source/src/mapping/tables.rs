//! Which table plays which part: by `--map`, by the names of Django's models, else by structure.

use super::spelling::{ALIKE, closest, known};
use super::structure;
use super::{Field, Role};
use crate::catalogue::{Catalogue, Table};
use crate::error::{Error, Result};
use crate::options::MapOverride;

/// The table of each role, by [`Role::index`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) tables: [Option<Table>; 6],
    /// Roles for which two tables are equally likely, with both.
    pub(crate) ambiguous: Vec<(Role, Vec<String>)>,
}

impl Found {
    pub(crate) fn get(&self, role: Role) -> Option<&Table> {
        self.tables.get(role.index()).and_then(Option::as_ref)
    }

    pub(super) fn set(&mut self, role: Role, table: &Table) {
        if let Some(place) = self.tables.get_mut(role.index()) {
            *place = Some(table.clone());
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
pub(crate) fn find(catalogue: &Catalogue, overrides: &[MapOverride]) -> Result<Found> {
    let mut found = Found::default();
    for wanted in overrides.iter().filter(|wanted| wanted.column.is_none()) {
        let table = catalogue.table(&wanted.table);
        let table =
            table.ok_or_else(|| Error::Option(format!("--map: there is no table {}", wanted.table)))?;
        let role = Role::named(&wanted.role);
        let role = role.ok_or_else(|| Error::Option(format!("--map: there is no part {}", wanted.role)))?;
        found.set(role, table);
    }
    for role in Role::ALL {
        if found.get(role).is_none() {
            by_name(catalogue, role, &mut found);
        }
    }
    structure::fill(catalogue, &mut found);
    Ok(found)
}

fn by_name(catalogue: &Catalogue, role: Role, found: &mut Found) {
    let mut best: Vec<(f64, &Table)> = Vec::new();
    for (score, table) in candidates(catalogue, role) {
        if found.role_of(&table.name).is_some() {
            continue;
        }
        // Below every score: that of a table without a model is negative.
        let top = best.first().map_or(f64::NEG_INFINITY, |(score, _)| *score);
        if score > top + 1e-9 {
            best = vec![(score, table)];
        } else if score > top - 1e-9 && best.iter().all(|(_, other)| other.name != table.name) {
            best.push((score, table));
        }
    }
    match best.as_slice() {
        [] => {}
        [(_, table)] => found.set(role, table),
        several => found.ambiguous.push((
            role,
            several.iter().map(|(_, table)| table.name.clone()).collect(),
        )),
    }
}

/// Tables whose model is called like the role. The name of the app and the columns decide between several.
fn candidates(catalogue: &Catalogue, role: Role) -> Vec<(f64, &Table)> {
    let mut found = Vec::new();
    let mut consider = |app: &str, model: &str, table, malus: f64| {
        let likeness = closest(model, role.words());
        if likeness >= ALIKE {
            let app = closest(app, role.words());
            found.push((likeness + app / 2.0 + fit(table, role) - malus, table));
        }
    };
    for model in &catalogue.models {
        if let Some(table) = catalogue.table_of(model) {
            consider(&model.app, &model.name, table, 0.0);
        }
    }
    // A model with a table name of its own is here, but so is what a broken migration left: only where nothing else is.
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
    found
}

/// The part of a role's own columns, relations apart, that a table has under a known name.
pub(super) fn fit(table: &Table, role: Role) -> f64 {
    let own: Vec<Field> = role
        .required()
        .iter()
        .copied()
        .filter(|field| field.refers_to().is_none())
        .collect();
    let has = |field: &&Field| {
        let mut names = std::iter::once(field.name()).chain(known(**field).iter().copied());
        names.any(|name| table.column(name).is_some())
    };
    let share = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    share(own.iter().filter(has).count()) / share(own.len().max(1))
}
