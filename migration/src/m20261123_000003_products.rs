//! Products. A check constraint repeats the limits of the stock, in case of a bug in the program.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create(
            manager,
            "CREATE TABLE product (
                id {id},
                title {text} NOT NULL,
                title_folded {text} NOT NULL,
                category_id {key} NOT NULL CONSTRAINT product_category_id_fkey REFERENCES category (id),
                brand_id {key} NOT NULL CONSTRAINT product_brand_id_fkey REFERENCES brand (id),
                description {text},
                description_folded {text},
                serie_number {text},
                serie_number_folded {text},
                cost_price {money} NOT NULL,
                selling_price {money} NOT NULL,
                quantity {int} NOT NULL CONSTRAINT product_quantity_check CHECK (quantity BETWEEN 0 AND 2147483647),
                version {int} NOT NULL,
                created_at {moment} NOT NULL,
                updated_at {moment} NOT NULL)",
        )
        .await?;
        // As for labels, PostgreSQL's index does not contain the title itself.
        run(
            manager,
            "CREATE INDEX product_title_idx ON product (title_folded, title, id)",
            "CREATE INDEX product_title_idx ON product (title_folded, id)",
        )
        .await?;
        create(
            manager,
            "CREATE UNIQUE INDEX product_serie_number_key ON product (serie_number)",
        )
        .await?;
        for column in [
            "cost_price",
            "selling_price",
            "quantity",
            "created_at",
            "updated_at",
        ] {
            create(
                manager,
                &format!("CREATE INDEX product_{column}_idx ON product ({column}, id)"),
            )
            .await?;
        }
        for column in ["category_id", "brand_id"] {
            run(
                manager,
                &format!("CREATE INDEX product_{column}_idx ON product ({column}, title_folded, title, id)"),
                &format!("CREATE INDEX product_{column}_idx ON product ({column}, title_folded, id)"),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["product"]).await
    }
}
