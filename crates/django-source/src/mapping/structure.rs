//! Finds tables with unknown names by their columns and foreign keys.

use super::spelling::{MIN_SIMILARITY, known_names, max_similarity};
use super::tables::{RoleTables, fit};
use super::{Field, Role};
use crate::catalogue::{Catalogue, Table};

/// Finds tables for the roles for which none was found by name.
pub(super) fn fill(catalogue: &Catalogue, role_tables: &mut RoleTables) {
    let model_tables: Vec<&Table> = catalogue
        .models
        .iter()
        .filter_map(|model| catalogue.table_of(model))
        .collect();
    let is_unassigned = |role_tables: &RoleTables, role| {
        role_tables.get(role).is_none() && role_tables.ambiguous.iter().all(|(other, _)| *other != role)
    };
    if is_unassigned(role_tables, Role::Product) {
        // No other table has a title, two prices, a quantity and two relations.
        assign_if_unique(&model_tables, role_tables, Role::Product, |table| {
            fit(table, Role::Product) > 0.99 && table.foreign_keys.len() >= 2
        });
    }
    for (role, field, from) in [
        (Role::Brand, Field::Brand, Role::Product),
        (Role::Category, Field::Category, Role::Product),
        (Role::Supplier, Field::Supplier, Role::Inflow),
    ] {
        if is_unassigned(role_tables, role)
            && let Some(target) = target(catalogue, role_tables.get(from), field)
            && role_tables.role_of(&target.name).is_none()
        {
            role_tables.set(role, target);
        }
    }
    let Some(product) = role_tables.get(Role::Product).map(|table| table.name.clone()) else {
        return;
    };
    let supplier = role_tables.get(Role::Supplier).map(|table| table.name.clone());
    let refers_to = |table: &Table, to: &str| {
        table
            .foreign_keys
            .iter()
            .any(|(_, target)| target.eq_ignore_ascii_case(to))
    };
    let refers_to_supplier = |table: &Table| {
        supplier
            .as_deref()
            .is_some_and(|supplier| refers_to(table, supplier))
    };
    if is_unassigned(role_tables, Role::Inflow) {
        assign_if_unique(&model_tables, role_tables, Role::Inflow, |table| {
            fit(table, Role::Inflow) > 0.99 && refers_to(table, &product) && refers_to_supplier(table)
        });
    }
    if is_unassigned(role_tables, Role::Outflow) {
        assign_if_unique(&model_tables, role_tables, Role::Outflow, |table| {
            fit(table, Role::Outflow) > 0.99
                && refers_to(table, &product)
                && !refers_to_supplier(table)
                && max_similarity(
                    &table.name,
                    &[
                        "outflow",
                        "outflows",
                        "exit",
                        "sale",
                        "sales",
                        "saida",
                        "saidas",
                        "salida",
                        "stockout",
                        "stock_out",
                        "withdrawal",
                        "issue",
                        "dispatch",
                    ],
                ) > 0.4
        });
    }
}

/// Assigns the role if exactly one table fits.
fn assign_if_unique(
    model_tables: &[&Table],
    role_tables: &mut RoleTables,
    role: Role,
    fits: impl Fn(&Table) -> bool,
) {
    let mut fitting = model_tables
        .iter()
        .filter(|table| role_tables.role_of(&table.name).is_none() && fits(table));
    if let (Some(table), None) = (fitting.next(), fitting.next()) {
        role_tables.set(role, table);
    }
}

/// The table that a relation refers to; the relation is found by its name.
fn target<'a>(catalogue: &'a Catalogue, table: Option<&Table>, field: Field) -> Option<&'a Table> {
    let table = table?;
    let names: Vec<&str> = std::iter::once(field.name())
        .chain(known_names(field).iter().copied())
        .collect();
    let (_, target) = table
        .foreign_keys
        .iter()
        .find(|(column, _)| max_similarity(column, &names) >= MIN_SIMILARITY)?;
    catalogue.table(target)
}
