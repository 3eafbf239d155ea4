//! Webhook endpoints that are managed through the APIs, the attempts of their deliveries, and the permission for both.
//!
//! The permission includes reading endpoints and attempts.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run, run_on_both};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

const PERMISSION: &str = "change_webhook";

/// The new columns, by table, name and type.
const COLUMNS: [(&str, &str, &str); 10] = [
    ("endpoint", "description", "{text}"),
    ("endpoint", "secret", "{text}"),
    ("endpoint", "previous_secret", "{text}"),
    ("endpoint", "previous_secret_until", "{moment}"),
    ("endpoint", "failing_since", "{moment}"),
    ("endpoint", "ended_because", "{text}"),
    ("endpoint", "version", "{int} NOT NULL DEFAULT 1"),
    ("delivery", "attempts_before", "{int} NOT NULL DEFAULT 0"),
    ("delivery", "ended_at", "{moment}"),
    ("event", "ledger_id", "{key}"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column, kind) in COLUMNS {
            create(
                manager,
                &format!("ALTER TABLE {table} ADD COLUMN {column} {kind}"),
            )
            .await?;
        }
        for sql in [
            "UPDATE endpoint SET ended_because = 'gone' WHERE ended_at IS NOT NULL",
            "UPDATE delivery SET ended_at = tried_at WHERE outcome IS NOT NULL",
            // A test event has no entry in the ledger, and SQLite can't drop NOT NULL from a column.
            "UPDATE event SET ledger_id = stock_change_id",
            "ALTER TABLE event DROP COLUMN stock_change_id",
            "ALTER TABLE event RENAME COLUMN ledger_id TO stock_change_id",
            // For lists of an endpoint's deliveries, newest first, and of the few failed ones among them.
            "CREATE INDEX delivery_endpoint_id_idx ON delivery (endpoint_id, id)",
            "CREATE INDEX delivery_failed_idx ON delivery (endpoint_id, id) WHERE outcome = 'failed'",
            "CREATE TABLE attempt (
                id {id},
                delivery_id {key} NOT NULL CONSTRAINT attempt_delivery_id_fkey REFERENCES delivery (id) ON DELETE CASCADE,
                number {int} NOT NULL,
                started_at {moment} NOT NULL,
                duration_ms {int} NOT NULL,
                status {int},
                error {text})",
            "CREATE INDEX attempt_delivery_id_idx ON attempt (delivery_id, id)",
            "CREATE TABLE removed_endpoint (endpoint_id {key} PRIMARY KEY NOT NULL, removed_at {moment} NOT NULL)",
        ] {
            create(manager, sql).await?;
        }
        run_on_both(
            manager,
            &format!(
                "INSERT INTO permission (group_id, codename)
                 SELECT id, '{PERMISSION}' FROM \"group\" WHERE name = 'Administrator'"
            ),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_on_both(
            manager,
            &format!("DELETE FROM permission WHERE codename = '{PERMISSION}'"),
        )
        .await?;
        drop_tables(manager, &["removed_endpoint", "attempt"]).await?;
        for sql in [
            "DROP INDEX delivery_failed_idx",
            "DROP INDEX delivery_endpoint_id_idx",
            // The earlier version of the program supports neither test events nor endpoints other than the one from the settings.
            "DELETE FROM event WHERE stock_change_id IS NULL",
            "DELETE FROM endpoint WHERE managed",
            "DELETE FROM delivery WHERE endpoint_id NOT IN (SELECT id FROM endpoint)",
        ] {
            run_on_both(manager, sql).await?;
        }
        create(
            manager,
            "ALTER TABLE event ADD COLUMN ledger_id {key} NOT NULL DEFAULT 0",
        )
        .await?;
        run_on_both(manager, "UPDATE event SET ledger_id = stock_change_id").await?;
        run_on_both(manager, "ALTER TABLE event DROP COLUMN stock_change_id").await?;
        run_on_both(
            manager,
            "ALTER TABLE event RENAME COLUMN ledger_id TO stock_change_id",
        )
        .await?;
        run(
            manager,
            "SELECT 1",
            "ALTER TABLE event ALTER COLUMN stock_change_id DROP DEFAULT",
        )
        .await?;
        for (table, column, _) in COLUMNS.iter().filter(|(table, ..)| *table != "event") {
            run_on_both(manager, &format!("ALTER TABLE {table} DROP COLUMN {column}")).await?;
        }
        Ok(())
    }
}
