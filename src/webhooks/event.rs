//! The payload of each event.
//!
//! One struct is the payload of all events. Fields that an event does not have are left out.

use ::entity::event::{self, Name, product_copies};
use ::entity::{stock_change, webhook_endpoint};
use chrono::SecondsFormat;
use sea_orm::{IdenStatic as _, ModelTrait as _};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The body, in the form of the Standard Webhooks specification.
#[derive(Debug, Serialize)]
struct Payload<'a> {
    #[serde(rename = "type")]
    name: &'static str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Debug, Default, Serialize)]
struct Data<'a> {
    /// Present in test events only.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<Endpoint<'a>>,
    /// Present in stock events only, like the following fields.
    #[serde(flatten)]
    change: Option<StockChange>,
    #[serde(flatten)]
    movement: Option<Movement<'a>>,
    /// Present in `product.low_stock` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Endpoint<'a> {
    id: i64,
    description: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct StockChange {
    /// Orders the events of one product: a later one has a larger id.
    ledger_id: i64,
    product: Product,
    /// The product's stock right after the change.
    balance: i64,
}

#[derive(Debug, Serialize)]
struct Product {
    id: i64,
    /// The event's copies of the product's columns, by their original names.
    #[serde(flatten)]
    copies: Map<String, Value>,
}

/// The movement in `inflow.created` and `outflow.created`.
#[derive(Debug, Serialize)]
struct Movement<'a> {
    id: Option<i64>,
    quantity: i64,
    description: Option<&'a str>,
}

/// The bytes of the body, which are signed.
///
/// # Errors
/// Fails if the ledger entry of a stock event is missing.
pub fn body(
    event: &event::Model,
    change: Option<&stock_change::Model>,
    endpoint: &webhook_endpoint::Model,
    threshold: i64,
) -> Result<Vec<u8>> {
    let data = match (event.name, change) {
        (Name::Test, _) => Data {
            endpoint: Some(Endpoint {
                id: endpoint.id,
                description: endpoint.description.as_deref(),
            }),
            ..Data::default()
        },
        (_, None) => return Err(Error::internal("the ledger entry of an event is missing")),
        (Name::LowStock, Some(change)) => Data {
            threshold: Some(threshold),
            ..stock_change(event, change)
        },
        (Name::InflowCreated | Name::OutflowCreated, Some(change)) => Data {
            movement: Some(Movement {
                id: change.movement_id,
                quantity: change.change.abs(),
                description: event.description.as_deref(),
            }),
            ..stock_change(event, change)
        },
    };
    let payload = Payload {
        name: event.name.as_str(),
        timestamp: event.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        data,
    };
    serde_json::to_vec(&payload).map_err(Error::internal)
}

fn stock_change<'a>(event: &'a event::Model, change: &stock_change::Model) -> Data<'a> {
    Data {
        change: Some(StockChange {
            ledger_id: change.id,
            product: Product {
                id: change.product_id,
                copies: copies(event),
            },
            balance: change.balance,
        }),
        ..Data::default()
    }
}

/// The product's texts at the time of the event.
fn copies(event: &event::Model) -> Map<String, Value> {
    product_copies()
        .map(|(copy, original)| {
            let text = match event.get(copy) {
                sea_orm::Value::String(Some(text)) => Value::String(text),
                _ => Value::Null,
            };
            (original.as_str().to_owned(), text)
        })
        .collect()
}
