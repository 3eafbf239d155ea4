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
const PRODUCT_ORDERS: [&str; 3] = ["cost_price", "selling_price", "created_at"];

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
            let create = format!("CREATE INDEX {name} ON {table}");
            run(
                manager,
                &format!("{create} ({key}, {added})"),
                &format!("{create} ({key}) INCLUDE ({added})"),
            )
            .await?;
        }
        for (name, reference, order) in product_indexes() {
            let sql = format!("CREATE INDEX {name} ON product ({reference}, {order}, id)");
            run_on_both(manager, &sql).await?;
        }
        analyze(manager).await?;
        mark_compatible(manager, self.name()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, ..) in product_indexes() {
            run_on_both(manager, &format!("DROP INDEX {name}")).await?;
        }
        for CoveringIndex { name, table, key, .. } in COVERING_INDEXES {
            run_on_both(manager, &format!("DROP INDEX {name}")).await?;
            run_on_both(manager, &format!("CREATE INDEX {name} ON {table} ({key})")).await?;
        }
        analyze(manager).await?;
        unmark_compatible(manager, self.name()).await
    }
}

/// The name, the reference and the order of each new index of products.
fn product_indexes() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    PRODUCT_REFERENCES.into_iter().flat_map(|reference| {
        PRODUCT_ORDERS.map(|order| (format!("product_{reference}_{order}_idx"), reference, order))
    })
}

/// SQLite's planner prefers an index without statistics to one that has them, whatever the order of the list. PostgreSQL has
/// statistics of columns, which remain.
async fn analyze(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    for table in ["product", "inflow", "outflow"] {
        run(manager, &format!("ANALYZE {table}"), "SELECT 1").await?;
    }
    Ok(())
}
