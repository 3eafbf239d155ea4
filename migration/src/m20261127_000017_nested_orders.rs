//! Indexes for the orders of nested lists.
//!
//! The products of a category or brand get indexes by prices and by creation. The columns of the other orders, and the other
//! reference of an inflow, are added to the existing indexes of the references. So the first rows of a parent are found in
//! one index: sorting the rows of a parent there takes a fraction of the time that reading them from the table takes.
//!
//! The stock of a product and the time of its last change are left out. Each movement changes them: see the migration
//! `m20261127_000016_hot_updates`.

use sea_orm_migration::prelude::*;

use crate::column::{mark_compatible, run, run_on_both, unmark_compatible};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const PRODUCT_REFERENCES: [&str; 2] = ["category_id", "brand_id"];
/// The orders of products, each with a column that is read from its index, too.
const PRODUCT_ORDERS: [(&str, Option<&str>); 3] = [
    ("cost_price", None),
    // A search for titles in the order of prices reads no other rows than those it finds.
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
        for CoveringIndex {
            name,
            table,
            key,
            added,
        } in COVERING_INDEXES
        {
            run_on_both(manager, &format!("DROP INDEX {name}")).await?;
            create_index(manager, name, table, key, Some(added)).await?;
        }
        for reference in PRODUCT_REFERENCES {
            for (order, added) in PRODUCT_ORDERS {
                let name = product_index(reference, order);
                create_index(
                    manager,
                    &name,
                    "product",
                    &format!("{reference}, {order}, id"),
                    added,
                )
                .await?;
            }
        }
        analyze(manager).await?;
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for reference in PRODUCT_REFERENCES {
            for (order, _) in PRODUCT_ORDERS {
                let name = product_index(reference, order);
                run_on_both(manager, &format!("DROP INDEX {name}")).await?;
            }
        }
        for CoveringIndex { name, table, key, .. } in COVERING_INDEXES {
            run_on_both(manager, &format!("DROP INDEX {name}")).await?;
            create_index(manager, name, table, key, None).await?;
        }
        analyze(manager).await?;
        unmark_compatible(manager, self.name()).await
    }
}

fn product_index(reference: &str, order: &str) -> String {
    format!("product_{reference}_{order}_idx")
}

/// Creates an index by `key` that also contains the columns `added`.
async fn create_index(
    manager: &SchemaManager<'_>,
    name: &str,
    table: &str,
    key: &str,
    added: Option<&str>,
) -> Result<(), DbErr> {
    let create = format!("CREATE INDEX {name} ON {table}");
    match added {
        None => run_on_both(manager, &format!("{create} ({key})")).await,
        Some(added) => {
            let sqlite = format!("{create} ({key}, {added})");
            let postgres = format!("{create} ({key}) INCLUDE ({added})");
            run(manager, &sqlite, &postgres).await
        }
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
