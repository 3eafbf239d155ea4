//! Names of resources, and the texts that differ between them.

use openapi_document::capitalized;

use crate::kind::Kind;

/// Returns the name in operation ids and schemas: `Product`.
pub(super) fn operation_name(kind: Kind) -> String {
    match kind {
        Kind::Webhook => "WebhookEndpoint".to_owned(),
        kind => capitalized(kind.singular()),
    }
}

/// Returns the name in the ids of operations on lists: `Products`.
pub(super) fn plural_operation_name(kind: Kind) -> String {
    match kind {
        Kind::Webhook => "WebhookEndpoints".to_owned(),
        kind => capitalized(kind.plural()),
    }
}

pub(super) fn tag(kind: Kind) -> String {
    capitalized(kind.plural())
}

/// Returns the name of the GraphQL field: `product`.
pub(super) fn graphql_field(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

/// Returns the name with its article: `an inflow`.
pub(super) fn with_article(kind: Kind) -> String {
    let article = match kind {
        Kind::Inflow | Kind::Outflow => "an",
        Kind::Brand | Kind::Category | Kind::Supplier | Kind::Product | Kind::Webhook => "a",
    };
    format!("{article} {}", kind.singular())
}

/// Describes the resource.
pub(super) const fn description(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand => "The manufacturer of a product.",
        Kind::Category => "A group of products.",
        Kind::Supplier => "A company that delivers products.",
        Kind::Product => "An article that is kept in stock.",
        Kind::Inflow => "A delivery of a product. It cannot be changed; delete it and create another.",
        Kind::Outflow => {
            "A sale or other removal of a product. It cannot be changed; delete it and create another."
        }
        Kind::Webhook => "A webhook endpoint, to which events are sent.",
    }
}

/// Describes the side effects of a creation.
pub(super) const fn creation_notes(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand | Kind::Category | Kind::Supplier => "",
        Kind::Product => "Records the initial quantity in the ledger.",
        Kind::Inflow => "Increases the quantity of the product.",
        Kind::Outflow => {
            "Decreases the quantity of the product. Fails with a message on `quantity` if there is less in stock. Sends an \
             event to webhook endpoints."
        }
        Kind::Webhook => {
            "The response has the `secret` that signs its messages, which is not shown again. The maximum is 50 endpoints."
        }
    }
}

/// Describes when a deletion fails, and its side effects.
pub(super) const fn deletion_notes(kind: Kind) -> &'static str {
    match kind {
        Kind::Brand | Kind::Category => "Fails with `PROTECTED` while it has products.",
        Kind::Supplier => "Fails with `PROTECTED` while it has inflows.",
        Kind::Product => "Fails with `PROTECTED` while it has inflows or outflows.",
        Kind::Inflow => {
            "Decreases the quantity of the product again. Fails with `INSUFFICIENT_STOCK` if there is less in stock."
        }
        Kind::Outflow => {
            "Increases the quantity of the product again. Fails with `INSUFFICIENT_STOCK` if that would exceed the maximum."
        }
        Kind::Webhook => {
            "Deletes its deliveries too. Fails with `READ_ONLY` for the endpoint of the settings."
        }
    }
}
