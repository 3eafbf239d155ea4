//! The migrations of Stockroom, in order. They do not depend on the program's code, so that they do not change with it. Only
//! [`refold_batch`] uses the program's folding, because the rows must be consistent with the program.

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::migrator::MigratorTrait;

mod column;
mod m20261123_000001_accounts;
mod m20261123_000002_labels;
mod m20261123_000003_products;
mod m20261123_000004_movements;
mod m20261123_000005_stock_changes;
mod m20261123_000006_groups;
mod m20261123_000007_webhooks;
mod m20261125_000008_webhook_endpoints;
mod m20261125_000009_tallies;
mod m20261125_000010_product_references;
mod m20261126_000011_folded_order;
mod m20261126_000012_token_revocation;
mod m20261126_000013_idempotency_keys;
mod m20261126_000014_compatible_migrations;
mod m20261126_000015_revisions;
mod m20261127_000016_hot_updates;
mod m20261127_000017_nested_orders;
mod refold;

pub use refold::refold_batch;

#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_accounts::Migration),
            Box::new(m20261123_000002_labels::Migration),
            Box::new(m20261123_000003_products::Migration),
            Box::new(m20261123_000004_movements::Migration),
            Box::new(m20261123_000005_stock_changes::Migration),
            Box::new(m20261123_000006_groups::Migration),
            Box::new(m20261123_000007_webhooks::Migration),
            Box::new(m20261125_000008_webhook_endpoints::Migration),
            Box::new(m20261125_000009_tallies::Migration),
            Box::new(m20261125_000010_product_references::Migration),
            Box::new(m20261126_000011_folded_order::Migration),
            Box::new(m20261126_000012_token_revocation::Migration),
            Box::new(m20261126_000013_idempotency_keys::Migration),
            Box::new(m20261126_000014_compatible_migrations::Migration),
            Box::new(m20261126_000015_revisions::Migration),
            Box::new(m20261127_000016_hot_updates::Migration),
            Box::new(m20261127_000017_nested_orders::Migration),
        ]
    }
}
