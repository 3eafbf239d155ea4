//! Users, groups, permissions and tokens.
//!
//! `account_epoch` has one row. Triggers increment its `epoch` whenever one of the `ACCOUNT_TABLES` changes, even if it
//! is changed outside of the program. That invalidates the accounts that the program has cached.

use sea_orm_migration::prelude::*;

use crate::column::{create, drop_tables, run};

#[derive(DeriveMigrationName, Debug)]
pub struct Migration;

/// The tables from which the program loads accounts.
const ACCOUNT_TABLES: [&str; 4] = ["user", "user_group", "permission", "ended_session"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in [
            r#"CREATE TABLE "user" (
                id {id},
                username {text} NOT NULL CONSTRAINT user_username_key UNIQUE,
                password_hash {text} NOT NULL,
                is_active {bool} NOT NULL,
                is_superuser {bool} NOT NULL,
                created_at {moment} NOT NULL)"#,
            r#"CREATE TABLE "group" (
                id {id},
                name {text} NOT NULL CONSTRAINT group_name_key UNIQUE)"#,
            r#"CREATE TABLE user_group (
                user_id {key} NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
                group_id {key} NOT NULL REFERENCES "group" (id) ON DELETE CASCADE,
                PRIMARY KEY (user_id, group_id))"#,
            "CREATE INDEX user_group_group_id_idx ON user_group (group_id)",
            r#"CREATE TABLE permission (
                id {id},
                user_id {key} REFERENCES "user" (id) ON DELETE CASCADE,
                group_id {key} REFERENCES "group" (id) ON DELETE CASCADE,
                codename {text} NOT NULL,
                CONSTRAINT permission_has_one_holder CHECK ((user_id IS NULL) <> (group_id IS NULL)))"#,
            "CREATE UNIQUE INDEX permission_user_key ON permission (user_id, codename)",
            "CREATE UNIQUE INDEX permission_group_key ON permission (group_id, codename)",
            r"CREATE TABLE spent_token (jti {text} PRIMARY KEY NOT NULL, expires_at {moment} NOT NULL)",
            "CREATE INDEX spent_token_expires_at_idx ON spent_token (expires_at)",
            r"CREATE TABLE ended_session (session {text} PRIMARY KEY NOT NULL, expires_at {moment} NOT NULL)",
            "CREATE INDEX ended_session_expires_at_idx ON ended_session (expires_at)",
            r"CREATE TABLE account_epoch (id {key} PRIMARY KEY NOT NULL CHECK (id = 1), epoch {int} NOT NULL)",
            "INSERT INTO account_epoch (id, epoch) VALUES (1, 1)",
        ] {
            create(manager, sql).await?;
        }
        run(
            manager,
            "SELECT 1",
            "CREATE FUNCTION account_epoch_advance() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN UPDATE account_epoch SET epoch = epoch + 1; RETURN NULL; END $$",
        )
        .await?;
        for table in ACCOUNT_TABLES {
            for event in ["INSERT", "UPDATE", "DELETE"] {
                let name = format!("{table}_{}_advances_epoch", event.to_lowercase());
                run(
                    manager,
                    &format!(
                        "CREATE TRIGGER {name} AFTER {event} ON \"{table}\"
                         BEGIN UPDATE account_epoch SET epoch = epoch + 1; END"
                    ),
                    &format!(
                        "CREATE TRIGGER {name} AFTER {event} ON \"{table}\"
                         FOR EACH STATEMENT EXECUTE FUNCTION account_epoch_advance()"
                    ),
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(
            manager,
            &[
                "ended_session",
                "spent_token",
                "permission",
                "user_group",
                "group",
                "user",
                "account_epoch",
            ],
        )
        .await?;
        run(manager, "SELECT 1", "DROP FUNCTION account_epoch_advance()").await
    }
}
