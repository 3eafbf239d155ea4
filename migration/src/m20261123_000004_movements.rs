//! Inflows and outflows. Lists sort by time and filter by product, supplier and day.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            "CREATE TABLE inflow (
                id {id},
                supplier_id {key} NOT NULL CONSTRAINT inflow_supplier_id_fkey REFERENCES supplier (id),
                product_id {key} NOT NULL CONSTRAINT inflow_product_id_fkey REFERENCES product (id),
                quantity {int} NOT NULL CONSTRAINT inflow_quantity_check CHECK (quantity BETWEEN 1 AND 2147483647),
                description {text},
                description_folded {text},
                created_at {moment} NOT NULL,
                updated_at {moment} NOT NULL)",
            "CREATE INDEX inflow_created_at_idx ON inflow (created_at, id)",
            "CREATE INDEX inflow_product_id_idx ON inflow (product_id, created_at, id)",
            "CREATE INDEX inflow_supplier_id_idx ON inflow (supplier_id, created_at, id)",
            "CREATE TABLE outflow (
                id {id},
                product_id {key} NOT NULL CONSTRAINT outflow_product_id_fkey REFERENCES product (id),
                quantity {int} NOT NULL CONSTRAINT outflow_quantity_check CHECK (quantity BETWEEN 1 AND 2147483647),
                unit_price {money} NOT NULL,
                unit_cost {money} NOT NULL,
                description {text},
                description_folded {text},
                created_at {moment} NOT NULL,
                updated_at {moment} NOT NULL)",
            "CREATE INDEX outflow_created_at_idx ON outflow (created_at, id)",
            "CREATE INDEX outflow_product_id_idx ON outflow (product_id, created_at, id)",
        ] {
            create(manager, sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["outflow", "inflow"]).await
    }
}
