//! The examples of the document, as they stand there.

use serde_json::{Value, json};

use crate::kind::Kind;

/// An object, as it is read.
pub fn object(kind: Kind) -> Value {
    match kind {
        Kind::Brand => json!({
            "id": 1,
            "name": "Samsung",
            "description": "Electronics brand",
            "created_at": "2024-01-15T10:30:00Z",
            "updated_at": "2024-01-15T10:30:00Z",
        }),
        Kind::Category => json!({
            "id": 1,
            "name": "Electronics",
            "description": "Electronic devices and accessories",
            "created_at": "2024-01-10T08:00:00Z",
            "updated_at": "2024-01-10T08:00:00Z",
        }),
        Kind::Supplier => json!({
            "id": 1,
            "name": "Tech Distributors Inc.",
            "description": "Main electronics distributor",
            "created_at": "2024-01-05T09:00:00Z",
            "updated_at": "2024-01-05T09:00:00Z",
        }),
        Kind::Product => json!({
            "id": 1,
            "title": "Samsung Galaxy S23",
            "category": { "id": 1, "name": "Electronics" },
            "brand": { "id": 1, "name": "Samsung" },
            "description": "Latest flagship smartphone",
            "serie_number": "SN123456789",
            "cost_price": "500.00",
            "selling_price": "799.99",
            "quantity": 50,
            "created_at": "2024-01-10T10:00:00Z",
            "updated_at": "2024-01-15T14:30:00Z",
        }),
        Kind::Inflow => json!({
            "id": 1,
            "supplier": { "id": 1, "name": "Tech Distributors Inc." },
            "product": { "id": 1, "title": "Samsung Galaxy S23" },
            "quantity": 20,
            "description": "Monthly restock",
            "created_at": "2024-01-15T09:00:00Z",
            "updated_at": "2024-01-15T09:00:00Z",
        }),
        Kind::Outflow => json!({
            "id": 1,
            "product": { "id": 1, "title": "Samsung Galaxy S23" },
            "quantity": 5,
            "description": "Sale to customer #1234",
            "created_at": "2024-01-15T14:30:00Z",
            "updated_at": "2024-01-15T14:30:00Z",
        }),
        Kind::Webhook => super::webhooks::endpoint(),
    }
}

/// A page of a list; the document shows its first result alone.
pub fn list(kind: Kind) -> Value {
    let (count, has_next) = match kind {
        Kind::Brand => (50, true),
        Kind::Category => (30, false),
        Kind::Supplier => (25, false),
        Kind::Product => (150, true),
        Kind::Inflow => (100, false),
        Kind::Outflow => (200, false),
        Kind::Webhook => (1, false),
    };
    let next = has_next.then(|| format!("http://localhost:8000/api/v1/{}/?page=2", kind.plural()));
    json!({ "count": count, "next": next, "previous": null, "results": [object(kind)] })
}

/// What a new one is made of.
pub fn new(kind: Kind) -> Value {
    match kind {
        Kind::Brand => json!({ "name": "LG", "description": "Korean electronics manufacturer" }),
        Kind::Category => json!({ "name": "Home Appliances", "description": "Household appliances" }),
        Kind::Supplier => json!({ "name": "Global Supplies Ltd.", "description": "International supplier" }),
        Kind::Product => json!({
            "title": "iPhone 15 Pro",
            "category": 1,
            "brand": 2,
            "description": "Apple flagship phone",
            "cost_price": "899.00",
            "selling_price": "1199.00",
            "quantity": 30,
        }),
        Kind::Inflow => json!({
            "supplier": 1,
            "product": 1,
            "quantity": 50,
            "description": "Emergency restock",
        }),
        Kind::Outflow => json!({ "product": 1, "quantity": 10, "description": "Bulk sale" }),
        Kind::Webhook => super::webhooks::new(),
    }
}

/// What that has become.
pub fn created(kind: Kind) -> Value {
    match kind {
        Kind::Brand => json!({
            "id": 2,
            "name": "LG",
            "description": "Korean electronics manufacturer",
            "created_at": "2024-01-16T14:20:00Z",
            "updated_at": "2024-01-16T14:20:00Z",
        }),
        Kind::Category => json!({
            "id": 2,
            "name": "Home Appliances",
            "description": "Household appliances",
            "created_at": "2024-01-16T14:30:00Z",
            "updated_at": "2024-01-16T14:30:00Z",
        }),
        Kind::Supplier => json!({
            "id": 2,
            "name": "Global Supplies Ltd.",
            "description": "International supplier",
            "created_at": "2024-01-16T14:45:00Z",
            "updated_at": "2024-01-16T14:45:00Z",
        }),
        Kind::Product => json!({
            "id": 2,
            "title": "iPhone 15 Pro",
            "category": { "id": 1, "name": "Electronics" },
            "brand": { "id": 2, "name": "Apple" },
            "description": "Apple flagship phone",
            "serie_number": null,
            "cost_price": "899.00",
            "selling_price": "1199.00",
            "quantity": 30,
            "created_at": "2024-01-16T15:00:00Z",
            "updated_at": "2024-01-16T15:00:00Z",
        }),
        Kind::Inflow => json!({
            "id": 2,
            "supplier": { "id": 1, "name": "Tech Distributors Inc." },
            "product": { "id": 1, "title": "Samsung Galaxy S23" },
            "quantity": 50,
            "description": "Emergency restock",
            "created_at": "2024-01-16T10:00:00Z",
            "updated_at": "2024-01-16T10:00:00Z",
        }),
        Kind::Outflow => json!({
            "id": 2,
            "product": { "id": 1, "title": "Samsung Galaxy S23" },
            "quantity": 10,
            "description": "Bulk sale",
            "created_at": "2024-01-16T11:00:00Z",
            "updated_at": "2024-01-16T11:00:00Z",
        }),
        Kind::Webhook => super::webhooks::with_secret(),
    }
}

/// What is to change of [`object`]. The document shows none of a supplier; movements never change.
pub fn changes(kind: Kind) -> Value {
    match kind {
        Kind::Brand => json!({ "name": "Samsung Electronics", "description": "Updated description" }),
        Kind::Category => json!({ "name": "Consumer Electronics", "description": "Updated description" }),
        Kind::Product => json!({
            "title": "Samsung Galaxy S23 Ultra",
            "selling_price": "899.99",
            "quantity": 45,
        }),
        Kind::Supplier | Kind::Inflow | Kind::Outflow | Kind::Webhook => {
            json!({ "description": "Updated description" })
        }
    }
}

/// What that has become. The document shows it of a brand; the others follow it.
pub fn changed(kind: Kind) -> Value {
    let mut object = object(kind);
    if let (Value::Object(object), Value::Object(changes)) = (&mut object, changes(kind)) {
        object.extend(changes);
        object.insert("updated_at".to_owned(), "2024-01-16T15:00:00Z".into());
    }
    object
}

/// What may be wrong with one.
pub fn faults(kind: Kind) -> Value {
    match kind {
        Kind::Brand | Kind::Category | Kind::Supplier => json!({ "name": ["This field is required."] }),
        Kind::Product => json!({
            "title": ["This field is required."],
            "selling_price": ["Ensure that there are no more than 20 digits before the decimal point."],
        }),
        Kind::Inflow => json!({
            "supplier": ["Invalid pk \"7\" - object does not exist."],
            "quantity": ["Ensure this value is greater than or equal to 1."],
        }),
        Kind::Outflow => json!({ "quantity": ["Not enough stock: 5 available."] }),
        Kind::Webhook => json!({
            "url": ["Enter a valid URL: it must be an http or https address."],
            "events": ["This list may not be empty."],
        }),
    }
}

/// How to log in.
pub fn credentials() -> Value {
    json!({ "username": "admin", "password": "yourpassword" })
}

/// What logging in gives.
pub fn tokens() -> Value {
    json!({ "access": TOKEN, "refresh": TOKEN })
}

/// A refresh token to be traded or ended.
pub fn refresh() -> Value {
    json!({ "refresh": TOKEN })
}

/// What a refresh token gives.
pub fn refreshed() -> Value {
    json!({ "access": TOKEN })
}

/// A token to be checked.
pub fn token() -> Value {
    json!({ "token": TOKEN })
}

const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9...";
