//! Indexes for the orders of nested lists.
//!
//! The products of a category or brand get indexes by prices and by creation. The columns of the other orders, and the other
//! reference of an inflow, are added to the existing indexes of the references. So the first rows of a parent are found in
//! one index: sorting the rows of a parent there takes a fraction of the time that reading them from the table takes.
//!
//! The stock of a product and the time of its last change are left out. Each movement changes them: see the migration
//! `m20261127_000016_hot_updates`.

use sea_orm_migration::prelude::*;

use crate::column::{is_sqlite, mark_compatible, run, run_on_both, unmark_compatible};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const NO_CHANGE: &str = "SELECT 1";
const PRODUCT_REFERENCES: [&str; 2] = ["category_id", "brand_id"];
/// The orders of products, each with a column that its index also contains.
const PRODUCT_ORDERS: [(&str, Option<&str>); 3] = [
    ("cost_price", None),
    // Lists of one category or brand that are searched for titles and ordered by price read only the rows they return.
    ("selling_price", Some("title_folded")),
    ("created_at", None),
];

struct CoveringIndex {
    name: &'static str,
    table: &'static str,
    key: &'static str,
    /// Columns that are read from the index, but that it is not sorted by.
    added: &'static str,
}

const COVERING_INDEXES: [CoveringIndex; 5] = [
    CoveringIndex {
        name: "product_category_id_id_idx",
        table: "product",
        key: "category_id, id",
        added: "serie_number_folded",
    },
    CoveringIndex {
        name: "product_brand_id_id_idx",
        table: "product",
        key: "brand_id, id",
        added: "serie_number_folded",
    },
    CoveringIndex {
        name: "inflow_supplier_id_idx",
        table: "inflow",
        key: "supplier_id, created_at, id",
        added: "product_id, quantity, updated_at",
    },
    CoveringIndex {
        name: "inflow_product_id_idx",
        table: "inflow",
        key: "product_id, created_at, id",
        added: "supplier_id, quantity, updated_at",
    },
    CoveringIndex {
        name: "outflow_product_id_idx",
        table: "outflow",
        key: "product_id, created_at, id",
        added: "quantity, updated_at",
    },
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for reference in PRODUCT_REFERENCES {
            for (order, added) in PRODUCT_ORDERS {
                let (name, key) = (
                    product_index(reference, order),
                    format!("{reference}, {order}, id"),
                );
                run_on_both(manager, &create_index(manager, &name, "product", &key, added)).await?;
            }
        }
        replace_indexes(manager, true).await?;
        analyze(manager).await?;
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        replace_indexes(manager, false).await?;
        for reference in PRODUCT_REFERENCES {
            for (order, _) in PRODUCT_ORDERS {
                let name = product_index(reference, order);
                run_on_both(manager, &format!("DROP INDEX {name}")).await?;
            }
        }
        analyze(manager).await?;
        unmark_compatible(manager, self.name()).await
    }
}

fn product_index(reference: &str, order: &str) -> String {
    format!("product_{reference}_{order}_idx")
}

/// Replaces the indexes by references by those with or without the added columns.
///
/// On PostgreSQL the new ones are created under other names first, while servers go on reading. Dropping an index locks its
/// table until the end of the transaction, so that comes last.
async fn replace_indexes(manager: &SchemaManager<'_>, with_added: bool) -> Result<(), DbErr> {
    for index in COVERING_INDEXES {
        let CoveringIndex { name, table, key, .. } = index;
        let added = with_added.then_some(index.added);
        run(manager, &format!("DROP INDEX {name}"), NO_CHANGE).await?;
        let sqlite = create_index(manager, name, table, key, added);
        let postgres = create_index(manager, &format!("{name}_new"), table, key, added);
        run(manager, &sqlite, &postgres).await?;
    }
    for CoveringIndex { name, .. } in COVERING_INDEXES {
        run(manager, NO_CHANGE, &format!("DROP INDEX {name}")).await?;
        let rename = format!("ALTER INDEX {name}_new RENAME TO {name}");
        run(manager, NO_CHANGE, &rename).await?;
    }
    Ok(())
}

/// The statement for an index by `key` that also contains the columns `added`.
fn create_index(
    manager: &SchemaManager<'_>,
    name: &str,
    table: &str,
    key: &str,
    added: Option<&str>,
) -> String {
    match (added, is_sqlite(manager)) {
        (None, _) => format!("CREATE INDEX {name} ON {table} ({key})"),
        (Some(added), true) => format!("CREATE INDEX {name} ON {table} ({key}, {added})"),
        (Some(added), false) => format!("CREATE INDEX {name} ON {table} ({key}) INCLUDE ({added})"),
    }
}

/// SQLite's planner prefers an index without statistics to one that has them, whatever the order of the list. PostgreSQL has
/// statistics of columns, which remain.
async fn analyze(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for table in ["product", "inflow", "outflow"] {
        run(manager, &format!("ANALYZE {table}"), "SELECT 1").await?;
    }
    Ok(())
}
