//! What each noun is called in the description, and what there is to know about it.

use crate::kind::Kind;

/// The name of its schema: `Product`.
pub fn name(kind: Kind) -> String {
    match kind {
        Kind::Webhook => "WebhookEndpoint".to_owned(),
        kind => capital(kind.singular()),
    }
}

/// The name of its operations on many: `Products`.
pub fn names(kind: Kind) -> String {
    match kind {
        Kind::Webhook => "WebhookEndpoints".to_owned(),
        kind => capital(kind.plural()),
    }
}

/// The tag of its operations: `Products`.
pub fn tag(kind: Kind) -> String {
    capital(kind.plural())
}

/// A name as GraphQL calls a field: `product`.
pub fn field(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// One of them, in a sentence: `an inflow`.
pub fn one(kind: Kind) -> String {
    let article = match kind {
        Kind::Inflow | Kind::Outflow => "an",
        Kind::Brand | Kind::Category | Kind::Supplier | Kind::Product | Kind::Webhook => "a",
    };
    format!("{article} {}", kind.singular())
}

/// What it is.
pub const fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand => "Who makes a product.",
        Kind::Category => "What kind of thing a product is.",
        Kind::Supplier => "Who delivers stock.",
        Kind::Product => "Something kept in stock.",
        Kind::Inflow => "Stock that came in. It never changes; delete it and record another.",
        Kind::Outflow => "Stock that went out. It never changes; delete it and record another.",
        Kind::Webhook => "An endpoint that is told of events by webhook.",
    }
}

/// What creating one does besides.
pub const fn creating(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand | Kind::Category | Kind::Supplier => "",
        Kind::Product => "What it begins with in stock is entered in the ledger.",
        Kind::Inflow => "Adds to the product's quantity at the same time.",
        Kind::Outflow => {
            "Takes from the product's quantity at the same time. Refused on `quantity` if there is less in stock. Tells \
             webhooks, where there are any."
        }
        Kind::Webhook => {
            "The answer has the `secret` that its messages are signed with: it is shown this once and never again. There \
             may be 50."
        }
    }
}

/// When one can't be deleted, or what that does besides.
pub const fn deleting(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand | Kind::Category => "Refused as `PROTECTED` while it has products.",
        Kind::Supplier => "Refused as `PROTECTED` while it has inflows.",
        Kind::Product => "Refused as `PROTECTED` while it has inflows or outflows.",
        Kind::Inflow => "Takes its stock back. Refused as `INSUFFICIENT_STOCK` when that is no longer there.",
        Kind::Outflow => {
            "Puts its stock back. Refused as `INSUFFICIENT_STOCK` when that would be more than a product can have."
        }
        Kind::Webhook => {
            "Its deliveries go with it. Refused as `READ_ONLY` for the endpoint of the settings."
        }
    }
}

/// A word with a capital letter.
pub fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
