//! What receivers are sent: the public shape of each event.

use ::entity::event::{self, Name};
use ::entity::{stock_change, webhook_endpoint};
use chrono::SecondsFormat;
use serde::Serialize;

use crate::error::{Error, Result};

/// The body of a message, as the Standard Webhooks specification shapes it.
#[derive(Debug, Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    name: &'static str,
    timestamp: String,
    data: Told<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Told<'a> {
    Change(Data<'a>),
    Test(Test<'a>),
}

/// What a test tells: which endpoint was meant.
#[derive(Debug, Serialize)]
struct Test<'a> {
    endpoint: Endpoint<'a>,
}

#[derive(Debug, Serialize)]
struct Endpoint<'a> {
    id: i64,
    description: Option<&'a str>,
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
///
/// # Errors
/// When the entry of the ledger behind an event is missing.
pub fn body(
    event: &event::Model,
    change: Option<&stock_change::Model>,
    endpoint: &webhook_endpoint::Model,
    threshold: i64,
) -> Result<Vec<u8>> {
    let data = match (event.name, change) {
        (Name::Test, _) => Told::Test(Test {
            endpoint: Endpoint {
                id: endpoint.id,
                description: endpoint.description.as_deref(),
            },
        }),
        (name, Some(change)) => Told::Change(changed(name, event, change, threshold)),
        (_, None) => return Err(Error::internal("an event's entry of the ledger is missing")),
    };
    let message = Message {
        name: event.name.as_str(),
        timestamp: event.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        data,
    };
    serde_json::to_vec(&message).map_err(Error::internal)
}

fn changed<'a>(
    name: Name,
    event: &'a event::Model,
    change: &stock_change::Model,
    threshold: i64,
) -> Data<'a> {
    Data {
        ledger_id: change.id,
        product: Product {
            id: change.product_id,
            title: &event.product_title,
        },
        balance: change.balance,
        about: if name == Name::LowStock {
            About::LowStock { threshold }
        } else {
            About::Movement {
                id: change.movement_id,
                quantity: change.change.abs(),
                description: event.description.as_deref(),
            }
        },
    }
}
