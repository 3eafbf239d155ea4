//! The ledger of stock. It is append-only, which triggers enforce, and outlives products and movements.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            "CREATE TABLE stock_change (
                id {id},
                product_id {key} NOT NULL,
                reason {text} NOT NULL,
                change {int} NOT NULL CONSTRAINT stock_change_change_check CHECK (change <> 0),
                balance {int} NOT NULL CONSTRAINT stock_change_balance_check CHECK (balance BETWEEN 0 AND 2147483647),
                movement_id {key},
                actor_id {key},
                created_at {moment} NOT NULL)",
            "CREATE INDEX stock_change_product_id_idx ON stock_change (product_id, id)",
            "CREATE INDEX stock_change_created_at_idx ON stock_change (created_at, id)",
        ] {
            create(manager, sql).await?;
        }
        run(
            manager,
            "SELECT 1",
            "CREATE FUNCTION stock_change_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$",
        )
        .await?;
        for event in ["UPDATE", "DELETE"] {
            let name = format!("stock_change_refuses_{}", event.to_lowercase());
            run(
                manager,
                &format!(
                    "CREATE TRIGGER {name} BEFORE {event} ON stock_change
                     BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
                ),
                &format!(
                    "CREATE TRIGGER {name} BEFORE {event} ON stock_change
                     FOR EACH ROW EXECUTE FUNCTION stock_change_refuse()"
                ),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["stock_change"]).await?;
        run(manager, "SELECT 1", "DROP FUNCTION stock_change_refuse()").await
    }
}
