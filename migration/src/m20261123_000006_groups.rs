//! The two built-in groups: `Manager` may add and change everything, and `Administrator` may also delete it.

use sea_orm_migration::prelude::*;

use crate::column::run_on_both;

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const KINDS: [&str; 6] = ["brand", "category", "supplier", "product", "inflow", "outflow"];
const GROUPS: [(&str, &[&str]); 2] = [
    ("Manager", &["add", "change"]),
    ("Administrator", &["add", "change", "delete"]),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (group, actions) in GROUPS {
            run_on_both(
                manager,
                &format!("INSERT INTO \"group\" (name) VALUES ('{group}')"),
            )
            .await?;
            for (action, kind) in actions.iter().flat_map(|action| KINDS.map(|kind| (action, kind))) {
                run_on_both(
                    manager,
                    &format!(
                        "INSERT INTO permission (group_id, codename)
                         SELECT id, '{action}_{kind}' FROM \"group\" WHERE name = '{group}'"
                    ),
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (group, _) in GROUPS {
            run_on_both(manager, &format!("DELETE FROM \"group\" WHERE name = '{group}'")).await?;
        }
        Ok(())
    }
}
