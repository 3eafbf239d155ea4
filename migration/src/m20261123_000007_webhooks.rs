//! Webhooks: their receivers (`endpoint`), the events (`event`), and the deliveries of events to receivers
//! (`delivery`).
//!
//! A delivery has no foreign key to its endpoint: with one, each movement would lock the row of the endpoint.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            "CREATE TABLE endpoint (
                id {id},
                managed {bool} NOT NULL,
                url {text} NOT NULL,
                events {text} NOT NULL,
                ended_at {moment},
                created_at {moment} NOT NULL,
                updated_at {moment} NOT NULL)",
            // At most one endpoint comes from the settings, even if several servers start at the same time.
            "CREATE UNIQUE INDEX endpoint_managed_key ON endpoint (managed) WHERE NOT managed",
            "CREATE TABLE event (
                id {id},
                message_id {text} NOT NULL,
                name {text} NOT NULL,
                stock_change_id {key} NOT NULL,
                product_title {text} NOT NULL,
                description {text},
                created_at {moment} NOT NULL)",
            "CREATE INDEX event_created_at_idx ON event (created_at, id)",
            "CREATE TABLE delivery (
                id {id},
                event_id {key} NOT NULL CONSTRAINT delivery_event_id_fkey REFERENCES event (id) ON DELETE CASCADE,
                endpoint_id {key} NOT NULL,
                attempts {int} NOT NULL,
                due_at {moment},
                leased_until {moment},
                outcome {text},
                last_status {int},
                last_error {text},
                tried_at {moment})",
            "CREATE INDEX delivery_event_id_idx ON delivery (event_id)",
            // Contains only pending deliveries, so that its size does not depend on the number of finished ones.
            "CREATE INDEX delivery_due_at_idx ON delivery (endpoint_id, due_at, id) WHERE due_at IS NOT NULL",
        ] {
            create(manager, sql).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["delivery", "event", "endpoint"]).await
    }
}
