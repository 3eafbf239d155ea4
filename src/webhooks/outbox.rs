//! The outbox: what receivers will be told, written inside the transaction that makes it so, and nothing else happens
//! there. A refused change leaves no event, a committed one can't lose it.
//!
//! An event nobody is told of is not written. With webhooks switched off nothing here sends a statement.
//!
//! Parameters are numbered in the order in which they first appear, so that both databases read the same text.

use ::entity::event::Name;
use ::entity::stock_change::Reason;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use crate::services::Services;
use crate::stock::low_stock;
use crate::tx::Tx;

/// An entry of the ledger, with what it does not hold itself.
#[derive(Clone, Debug)]
pub struct Told<'a> {
    /// The entry's id.
    pub stock_change_id: i64,
    /// Why stock changed.
    pub reason: Reason,
    /// What was added; negative when it was taken away.
    pub change: i64,
    /// What was in stock right after.
    pub balance: i64,
    /// What the product is called.
    pub product_title: &'a str,
    /// The movement's description.
    pub description: Option<&'a str>,
}

/// The endpoints that are told of the event called `name`, as a condition: it is one of theirs, whole.
fn subscribed(name: &str) -> String {
    format!("endpoint.ended_at IS NULL AND ',' || endpoint.events || ',' LIKE '%,' || {name} || ',%'")
}

/// What a movement of this kind is called, if receivers are told of it at all.
fn called(reason: Reason) -> Option<Name> {
    match reason {
        Reason::OutflowCreated => Some(Name::OutflowCreated),
        Reason::InflowCreated => Some(Name::InflowCreated),
        Reason::ProductCreated | Reason::Adjustment | Reason::InflowDeleted | Reason::OutflowDeleted => None,
    }
}

/// What receivers know a new message by.
pub fn message_id() -> String {
    format!("msg_{:032x}", rand::random::<u128>())
}

/// Writes what this entry of the ledger means to receivers.
pub async fn write(tx: &Tx, told: Told<'_>) -> Result<(), DbErr> {
    let services = &tx.ctx().services;
    if !services.config.webhook_enabled {
        return Ok(());
    }
    let threshold = services.config.low_stock_threshold;
    let fell_low = low_stock::fell_low(told.balance, told.change, threshold);
    let names = called(told.reason)
        .into_iter()
        .chain(fell_low.then_some(Name::LowStock));
    for name in names {
        event(tx, name, &told).await?;
    }
    Ok(())
}

async fn event(tx: &Tx, name: Name, told: &Told<'_>) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Written {
        id: i64,
    }
    let sql = format!(
        "INSERT INTO event (message_id, name, stock_change_id, product_title, description, created_at)
         SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM endpoint WHERE {subscribed}) RETURNING id",
        subscribed = subscribed("$2"),
    );
    let values: Vec<Value> = vec![
        message_id().into(),
        name.as_str().into(),
        told.stock_change_id.into(),
        told.product_title.into(),
        told.description.map(str::to_owned).into(),
        tx.ctx().now.into(),
    ];
    let backend = tx.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let Some(written) = tx.query_one_raw(statement).await? else {
        return Ok(());
    };
    let written = Written::from_query_result(&written, "")?;
    let sql = format!(
        "INSERT INTO delivery (event_id, endpoint_id, attempts, due_at)
         SELECT $1, endpoint.id, 0, $2 FROM endpoint WHERE {subscribed}",
        subscribed = subscribed("$3"),
    );
    let values: Vec<Value> = vec![written.id.into(), tx.ctx().now.into(), name.as_str().into()];
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    tx.wake_webhooks();
    Ok(())
}

/// Whether receivers may have to be told of a movement of this kind.
pub fn tells(services: &Services, reason: Reason) -> bool {
    services.config.webhook_enabled && called(reason).is_some()
}

/// The same as a part of PostgreSQL's one statement for movements (`resolvers/recorder.rs`): further members of its
/// `WITH`, for which `taken` has the movements, with two ids for messages, and `entered` their entries in the ledger.
///
/// It is empty when there is nothing to tell.
pub fn members(services: &Services, reason: Reason) -> String {
    let Some(name) = called(reason).filter(|_| tells(services, reason)) else {
        return String::new();
    };
    format!(
        ", happened AS (
            INSERT INTO event (message_id, name, stock_change_id, product_title, description, created_at)
            SELECT told.message_id, told.name, entered.id, taken.title, taken.description, taken.at
            FROM taken JOIN entered USING (movement_id), LATERAL (VALUES
                (1, taken.message_id, '{name}'), (2, taken.low_stock_message_id, '{low}')
            ) AS told (place, message_id, name)
            WHERE (told.place = 1 OR {fell_low})
            AND EXISTS (SELECT 1 FROM endpoint WHERE {subscribed})
            ORDER BY taken.place, told.place RETURNING id, name, created_at
        ), queued AS (
            INSERT INTO delivery (event_id, endpoint_id, attempts, due_at)
            SELECT happened.id, endpoint.id, 0, happened.created_at FROM happened, endpoint WHERE {subscribed_to_it}
        )",
        name = name.as_str(),
        low = Name::LowStock.as_str(),
        fell_low = low_stock::fell_low_sql(services.config.low_stock_threshold),
        subscribed = subscribed("told.name"),
        subscribed_to_it = subscribed("happened.name"),
    )
}
