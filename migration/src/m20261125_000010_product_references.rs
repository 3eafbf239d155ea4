//! Adds the selling price to the indexes of products by category and by brand, so that the products of one category or
//! brand can be filtered and sorted by price from the index alone.

use sea_orm_migration::prelude::*;

use crate::column::{run, run_on_both};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const COLUMNS: [&str; 2] = ["category_id", "brand_id"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            run_on_both(manager, &format!("DROP INDEX product_{column}_idx")).await?;
            let index = format!("CREATE INDEX product_{column}_idx ON product");
            run(
                manager,
                &format!("{index} ({column}, title_folded, title, id, selling_price)"),
                &format!("{index} ({column}, title_folded, id) INCLUDE (selling_price)"),
            )
            .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            run_on_both(manager, &format!("DROP INDEX product_{column}_idx")).await?;
            let index = format!("CREATE INDEX product_{column}_idx ON product");
            run(
                manager,
                &format!("{index} ({column}, title_folded, title, id)"),
                &format!("{index} ({column}, title_folded, id)"),
            )
            .await?;
        }
        Ok(())
    }
}
