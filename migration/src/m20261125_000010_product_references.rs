//! The selling price beside a product's references: a list of a category or a brand that is narrowed by price or ordered
//! by it is found by the index alone.

use sea_orm_migration::prelude::*;

use crate::column::{run, run_on_both};

/// See the file's first lines.
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
