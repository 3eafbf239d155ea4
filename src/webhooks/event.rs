//! What receivers are sent: the public shape of each event.

use ::entity::event::{self, Name};
use ::entity::stock_change;
use chrono::SecondsFormat;
use serde::Serialize;

use crate::error::{Error, Result};

/// The body of a message, as the Standard Webhooks specification shapes it.
#[derive(Debug, Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    name: &'static str,
    timestamp: String,
    data: Data<'a>,
}

/// What happened to a product's stock.
#[derive(Debug, Serialize)]
struct Data<'a> {
    /// The entry of the ledger: of two events of one product, the later has the larger one.
    ledger_id: i64,
    product: Product<'a>,
    /// What is in stock after it.
    balance: i64,
    #[serde(flatten)]
    about: About<'a>,
}

#[derive(Debug, Serialize)]
struct Product<'a> {
    id: i64,
    title: &'a str,
}

/// What only one kind of event has.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum About<'a> {
    Movement {
        /// The outflow or inflow.
        id: Option<i64>,
        quantity: i64,
        description: Option<&'a str>,
    },
    LowStock {
        threshold: i64,
    },
}

/// The bytes that are signed and sent.
pub fn body(event: &event::Model, change: &stock_change::Model, threshold: i64) -> Result<Vec<u8>> {
    let about = match event.name {
        Name::OutflowCreated | Name::InflowCreated => About::Movement {
            id: change.movement_id,
            quantity: change.change.abs(),
            description: event.description.as_deref(),
        },
        Name::LowStock => About::LowStock { threshold },
    };
    let message = Message {
        name: event.name.as_str(),
        timestamp: event.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        data: Data {
            ledger_id: change.id,
            product: Product {
                id: change.product_id,
                title: &event.product_title,
            },
            balance: change.balance,
            about,
        },
    };
    serde_json::to_vec(&message).map_err(Error::internal)
}
