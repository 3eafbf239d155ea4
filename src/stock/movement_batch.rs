//! The statement that records movements on PostgreSQL.

use std::fmt::Write as _;

use ::entity::{Record as _, product};
use chrono::{DateTime, Utc};
use database::{Backend, bulk};
use sea_orm::{
    ConnectionTrait, DbErr, FromQueryResult, IdenStatic as _, Iterable as _, QueryResult, Statement,
};
use serde::Serialize;

use super::movement::Movement;
use super::movement_queue::{MovementRequest, RecordedMovement};
use super::new_movement::NewMovement;
use crate::ctx::Ctx;
use crate::query::check::INT_MAX;
use crate::resource::Created;
use crate::services::Services;
use crate::tx::Tx;
use crate::webhooks::outbox;

/// How the statement handles a product that another transaction has locked.
#[derive(Clone, Copy, Debug)]
pub(super) enum OnLocked {
    Wait,
    /// Leaves the product's movements out of the result.
    Skip,
}

/// A movement to be recorded, with its request's user and time.
pub(super) struct BatchItem<'m> {
    movement: &'m NewMovement,
    actor_id: Option<i64>,
    at: DateTime<Utc>,
}

impl<'m> From<&'m MovementRequest> for BatchItem<'m> {
    fn from(request: &'m MovementRequest) -> Self {
        Self {
            movement: &request.movement,
            actor_id: request.actor_id,
            at: request.at,
        }
    }
}

/// Records a movement as part of a transaction. Returns `None` if the stock does not allow it or a row that it refers to is
/// missing.
pub(super) async fn record_in_tx<M: Movement>(
    tx: &Tx,
    movement: &NewMovement,
) -> Result<Option<Created<M>>, DbErr> {
    let ctx = tx.ctx();
    let item = BatchItem {
        movement,
        actor_id: actor_id(ctx),
        at: ctx.now,
    };
    if outbox::publishes(&ctx.services, M::CREATED) {
        tx.wake_webhooks();
    }
    let statement = statement::<M>(&ctx.services, &[item], OnLocked::Wait);
    let recorded = read(&tx.query_all_raw(statement).await?)?.pop();
    Ok(recorded.map(|(_, recorded)| created_movement::<M>(movement, ctx.now, recorded)))
}

/// The user in the ledger entry, or `None` for the program itself.
pub(super) fn actor_id(ctx: &Ctx) -> Option<i64> {
    ctx.actor.as_ref().and_then(|actor| actor.user_id)
}

/// The row and the product of a recorded movement.
pub(super) fn created_movement<M: Movement>(
    movement: &NewMovement,
    at: DateTime<Utc>,
    RecordedMovement { movement_id, product }: RecordedMovement,
) -> Created<M> {
    let mut row = M::row(movement, &product, at);
    row.set_id(movement_id);
    Created {
        product: Some(product),
        ..Created::new(row)
    }
}

/// A movement in the statement's only parameter, a JSON array.
#[derive(Serialize)]
struct MovementParameter<'m> {
    ordinal: usize,
    product_id: i64,
    supplier_id: Option<i64>,
    quantity: i64,
    description: Option<&'m str>,
    description_folded: Option<String>,
    actor_id: Option<i64>,
    at: DateTime<Utc>,
    message_id: Option<String>,
    low_stock_message_id: Option<String>,
}

/// The statement: locks the products of the movements, applies the movements in their order, and stores those that stock
/// allows with their ledger entries and events.
pub(super) fn statement<M: Movement>(
    services: &Services,
    items: &[BatchItem<'_>],
    on_locked: OnLocked,
) -> Statement {
    let locked = match on_locked {
        OnLocked::Wait => "",
        OnLocked::Skip => "SKIP LOCKED",
    };
    let events = outbox::with_queries(services, M::CREATED);
    let has_events = outbox::publishes(services, M::CREATED);
    let parameters: Vec<MovementParameter<'_>> = items
        .iter()
        .enumerate()
        .map(
            |(
                ordinal,
                BatchItem {
                    movement,
                    actor_id,
                    at,
                },
            )| MovementParameter {
                ordinal,
                product_id: movement.product_id,
                supplier_id: movement.supplier_id,
                quantity: movement.quantity,
                description: movement.description.as_deref(),
                description_folded: movement.description_folded(),
                actor_id: *actor_id,
                at: *at,
                message_id: has_events.then(outbox::message_id),
                low_stock_message_id: has_events.then(outbox::message_id),
            },
        )
        .collect();
    // The columns of the product after the movement.
    let mut product_columns = String::new();
    for column in product::Column::iter() {
        let name = column.as_str();
        // Writing to a String does not fail.
        let _ = match column {
            product::Column::Quantity => write!(product_columns, ", accepted.balance AS {name}"),
            product::Column::Version => write!(product_columns, ", accepted.version_after AS {name}"),
            product::Column::UpdatedAt => write!(product_columns, ", accepted.at AS {name}"),
            _ => write!(product_columns, ", locked.{name}"),
        };
    }
    // The balance is computed from `locked`, which has the rows as they are after the lock was granted. An `UPDATE` that added
    // to `product.quantity` would first use the older value in the statement's snapshot.
    let sql = format!(
        r"WITH requested AS MATERIALIZED (
            SELECT ordinal, product_id, supplier_id, quantity, {sign} * quantity AS change, description, description_folded,
                actor_id, at, message_id, low_stock_message_id
            FROM json_to_recordset(CAST($1 AS json)) AS movement (ordinal bigint, product_id bigint, supplier_id bigint,
                quantity bigint, description text, description_folded text, actor_id bigint, at timestamptz,
                message_id text, low_stock_message_id text)
        ), locked AS MATERIALIZED (
            SELECT * FROM product WHERE id IN (SELECT product_id FROM requested) ORDER BY id FOR NO KEY UPDATE {locked}
        ), computed AS (
            SELECT requested.*, locked.selling_price, locked.cost_price,
                CAST(locked.quantity + SUM(requested.change) OVER earlier AS bigint) AS balance,
                locked.version + ROW_NUMBER() OVER earlier AS version_after
            FROM requested JOIN locked ON locked.id = requested.product_id
            {references}
            WINDOW earlier AS (PARTITION BY requested.product_id ORDER BY requested.ordinal)
        ), accepted AS MATERIALIZED (
            SELECT *, nextval(CAST('{table}_id_seq' AS regclass)) AS movement_id FROM (
                SELECT *, BOOL_AND(balance BETWEEN 0 AND {INT_MAX}) OVER (PARTITION BY product_id ORDER BY ordinal) AS fits
                FROM computed) AS checked
            WHERE fits
        ), updated AS (
            UPDATE product SET quantity = last.balance, version = last.version_after, updated_at = last.at
            FROM (SELECT DISTINCT ON (product_id) product_id, balance, version_after, at
                FROM accepted ORDER BY product_id, ordinal DESC) AS last
            WHERE product.id = last.product_id
        ), inserted AS (
            INSERT INTO {table} ({columns}) SELECT {values} FROM accepted ORDER BY ordinal
        ), ledger_entries AS (
            INSERT INTO stock_change (product_id, reason, change, balance, movement_id, actor_id, created_at)
            SELECT product_id, '{reason}', change, balance, movement_id, actor_id, at FROM accepted ORDER BY ordinal
            RETURNING id, movement_id
        ){events}
        SELECT accepted.ordinal, accepted.movement_id{product_columns} FROM accepted JOIN locked ON locked.id = accepted.product_id",
        sign = M::SIGN,
        references = M::REFERENCES,
        table = M::default().table_name(),
        columns = M::INSERT.0,
        values = M::INSERT.1,
        reason = sea_orm::ActiveEnum::to_value(&M::CREATED),
    );
    Statement::from_sql_and_values(Backend::Postgres.into(), sql, [bulk::json_rows(&parameters)])
}

/// The movements that the statement recorded, each with its index among the requested ones.
pub(super) fn read(rows: &[QueryResult]) -> Result<Vec<(usize, RecordedMovement)>, DbErr> {
    #[derive(FromQueryResult)]
    struct Position {
        ordinal: i64,
        movement_id: i64,
    }
    rows.iter()
        .map(|row| {
            let Position { ordinal, movement_id } = Position::from_query_result(row, "")?;
            let product = product::Model::from_query_result(row, "")?;
            let position = usize::try_from(ordinal).unwrap_or(usize::MAX);
            Ok((position, RecordedMovement { movement_id, product }))
        })
        .collect()
}
