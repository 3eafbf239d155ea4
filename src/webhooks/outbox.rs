//! The outbox: events and their deliveries are stored in the transaction of the change they describe. A rejected change
//! leaves no event, and a committed one can't lose its event.
//!
//! An event without a subscribed endpoint is not stored. While webhooks are switched off, no statement is sent.
//!
//! Parameters are numbered in the order of their first use, so that both databases accept the same text.

use ::entity::event::{Name, product_copies};
use ::entity::product;
use ::entity::stock_change::Reason;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, IdenStatic as _, ModelTrait as _, Statement, Value};

use crate::services::Services;
use crate::stock::low_stock;
use crate::tx::Tx;

/// A ledger entry with the other data of its events.
#[derive(Clone, Debug)]
pub struct StockEvent<'a> {
    pub stock_change_id: i64,
    pub reason: Reason,
    /// Negative if stock was removed.
    pub change: i64,
    /// The product right after the change.
    pub product: &'a product::Model,
    /// The movement's description.
    pub description: Option<&'a str>,
}

/// The condition that an endpoint is enabled and subscribed to an event. `name` is an SQL expression for the event's name.
fn is_subscribed_sql(name: &str) -> String {
    format!("endpoint.ended_at IS NULL AND ',' || endpoint.events || ',' LIKE '%,' || {name} || ',%'")
}

/// The event of a change for this reason, if it has one.
const fn event_of(reason: Reason) -> Option<Name> {
    match reason {
        Reason::OutflowCreated => Some(Name::OutflowCreated),
        Reason::InflowCreated => Some(Name::InflowCreated),
        Reason::ProductCreated | Reason::Adjustment | Reason::InflowDeleted | Reason::OutflowDeleted => None,
    }
}

/// A new id of a message, the same for all its receivers and attempts.
pub fn message_id() -> String {
    format!("msg_{:032x}", rand::random::<u128>())
}

/// Stores the events of a ledger entry.
pub async fn publish(tx: &Tx, event: StockEvent<'_>) -> Result<(), DbErr> {
    let config = &tx.ctx().services.config;
    if !config.webhook_enabled {
        return Ok(());
    }
    let is_low = low_stock::became_low(event.product.quantity, event.change, config.low_stock_threshold);
    let names = event_of(event.reason)
        .into_iter()
        .chain(is_low.then_some(Name::LowStock));
    for name in names {
        insert(tx, name, &event).await?;
    }
    Ok(())
}

async fn insert(tx: &Tx, name: Name, event: &StockEvent<'_>) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Inserted {
        id: i64,
    }
    let mut values: Vec<Value> = vec![
        message_id().into(),
        name.as_str().into(),
        event.stock_change_id.into(),
        event.description.map(str::to_owned).into(),
        tx.ctx().now.into(),
    ];
    values.extend(product_copies().map(|(_, original)| event.product.get(original)));
    let parameters: Vec<String> = (1..=values.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "INSERT INTO event ({columns})
         SELECT {parameters} WHERE EXISTS (SELECT 1 FROM endpoint WHERE {subscribed}) RETURNING id",
        columns = event_columns(),
        parameters = parameters.join(", "),
        subscribed = is_subscribed_sql("$2"),
    );
    let backend = tx.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let Some(row) = tx.query_one_raw(statement).await? else {
        return Ok(());
    };
    let inserted = Inserted::from_query_result(&row, "")?;
    let sql = format!(
        "INSERT INTO delivery (event_id, endpoint_id, attempts, due_at)
         SELECT $1, endpoint.id, 0, $2 FROM endpoint WHERE {subscribed}",
        subscribed = is_subscribed_sql("$3"),
    );
    let values: Vec<Value> = vec![inserted.id.into(), tx.ctx().now.into(), name.as_str().into()];
    tx.execute_raw(Statement::from_sql_and_values(backend, sql, values))
        .await?;
    tx.wake_webhooks();
    Ok(())
}

/// The columns of a stock event, its copies of product columns last.
fn event_columns() -> String {
    let copies: String = product_copies()
        .map(|(copy, _)| format!(", {}", copy.as_str()))
        .collect();
    format!("message_id, name, stock_change_id, description, created_at{copies}")
}

/// Whether changes for this reason can have events.
pub fn publishes(services: &Services, reason: Reason) -> bool {
    services.config.webhook_enabled && event_of(reason).is_some()
}

/// [`publish`] as a part of the statement that records movements on PostgreSQL (`stock/movement_batch.rs`): further
/// queries of its `WITH` clause. `accepted` has the movements, each with two message ids, `locked` has their products,
/// and `ledger_entries` has the ids of their ledger entries.
///
/// Empty if there are no events.
pub fn with_queries(services: &Services, reason: Reason) -> String {
    let Some(name) = event_of(reason).filter(|_| publishes(services, reason)) else {
        return String::new();
    };
    let originals: String = product_copies()
        .map(|(_, original)| format!(", locked.{}", original.as_str()))
        .collect();
    format!(
        ", published AS (
            INSERT INTO event ({columns})
            SELECT possible.message_id, possible.name, ledger_entries.id, accepted.description, accepted.at{originals}
            FROM accepted JOIN ledger_entries USING (movement_id) JOIN locked ON locked.id = accepted.product_id, LATERAL (VALUES
                (1, accepted.message_id, '{name}'), (2, accepted.low_stock_message_id, '{low}')
            ) AS possible (ordinal, message_id, name)
            WHERE (possible.ordinal = 1 OR {became_low})
            AND EXISTS (SELECT 1 FROM endpoint WHERE {subscribed})
            ORDER BY accepted.ordinal, possible.ordinal RETURNING id, name, created_at
        ), queued AS (
            INSERT INTO delivery (event_id, endpoint_id, attempts, due_at)
            SELECT published.id, endpoint.id, 0, published.created_at FROM published, endpoint
            WHERE {subscribed_to_published}
        )",
        columns = event_columns(),
        name = name.as_str(),
        low = Name::LowStock.as_str(),
        became_low = low_stock::became_low_sql(services.config.low_stock_threshold),
        subscribed = is_subscribed_sql("possible.name"),
        subscribed_to_published = is_subscribed_sql("published.name"),
    )
}
