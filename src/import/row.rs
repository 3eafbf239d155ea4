//! Converts rows of the source to rows of the target, and back for the comparison.

use ::entity::label::Label;
use ::entity::stock_change::Reason;
use ::entity::{Money, Record as _, fold, inflow, outflow, product, stock_change, user};
use django_source::row;

/// The password hash of a user who can't log in. As in Django, no password matches it.
const NO_PASSWORD: &str = "!";

pub(super) fn user(row: row::User) -> user::Model {
    user::Model {
        id: row.id,
        username: row.username,
        password_hash: row.password.unwrap_or_else(|| NO_PASSWORD.to_owned()),
        is_active: row.is_active,
        is_superuser: row.is_superuser,
        created_at: row.created_at,
        tokens_revoked_at: None,
        token_generation: 0,
    }
}

pub(super) fn source_user(row: user::Model) -> row::User {
    row::User {
        id: row.id,
        username: row.username,
        password: Some(row.password_hash).filter(|hash| hash != NO_PASSWORD),
        is_active: row.is_active,
        is_superuser: row.is_superuser,
        created_at: row.created_at,
    }
}

pub(super) fn label<L: Label>(row: row::Label) -> L::Model {
    let mut model = L::blank(row.created_at);
    model.set_id(row.id);
    let fields = L::fields_mut(&mut model);
    *fields.name_folded = fold(&row.name);
    *fields.name = row.name;
    *fields.description_folded = row.description.as_deref().map(fold);
    *fields.description = row.description;
    *fields.updated_at = row.updated_at;
    model
}

#[expect(clippy::needless_pass_by_value, reason = "the same signature for every table")]
pub(super) fn source_label<L: Label>(model: L::Model) -> row::Label {
    let fields = L::fields(&model);
    row::Label {
        id: fields.id,
        name: fields.name.to_owned(),
        description: fields.description.map(str::to_owned),
        created_at: fields.created_at,
        updated_at: fields.updated_at,
    }
}

pub(super) fn product(row: row::Product) -> product::Model {
    product::Model {
        id: row.id,
        title_folded: fold(&row.title),
        title: row.title,
        category_id: row.category_id,
        brand_id: row.brand_id,
        description_folded: row.description.as_deref().map(fold),
        description: row.description,
        serie_number_folded: row.serie_number.as_deref().map(fold),
        serie_number: row.serie_number,
        cost_price: Money(row.cost_price),
        selling_price: Money(row.selling_price),
        quantity: row.quantity,
        updated_at: row.updated_at,
        // `blank` sets the version and the columns that the source does not have.
        ..product::Model::blank(row.created_at)
    }
}

pub(super) fn source_product(row: product::Model) -> row::Product {
    row::Product {
        id: row.id,
        title: row.title,
        description: row.description,
        serie_number: row.serie_number,
        cost_price: row.cost_price.0,
        selling_price: row.selling_price.0,
        quantity: row.quantity,
        brand_id: row.brand_id,
        category_id: row.category_id,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn inflow(row: row::Inflow) -> inflow::Model {
    inflow::Model {
        id: row.id,
        supplier_id: row.supplier_id,
        product_id: row.product_id,
        quantity: row.quantity,
        description_folded: row.description.as_deref().map(fold),
        description: row.description,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn source_inflow(row: inflow::Model) -> row::Inflow {
    row::Inflow {
        id: row.id,
        product_id: row.product_id,
        supplier_id: row.supplier_id,
        quantity: row.quantity,
        description: row.description,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn outflow(row: row::Outflow) -> outflow::Model {
    outflow::Model {
        id: row.id,
        product_id: row.product_id,
        quantity: row.quantity,
        unit_price: Money(row.unit_price),
        unit_cost: Money(row.unit_cost),
        description_folded: row.description.as_deref().map(fold),
        description: row.description,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn source_outflow(row: outflow::Model) -> row::Outflow {
    row::Outflow {
        id: row.id,
        product_id: row.product_id,
        quantity: row.quantity,
        unit_price: row.unit_price.0,
        unit_cost: row.unit_cost.0,
        description: row.description,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

pub(super) fn stock_change(id: i64, row: &row::StockChange) -> stock_change::Model {
    stock_change::Model {
        id,
        product_id: row.product_id,
        reason: match row.reason {
            row::Reason::Opening => Reason::ProductCreated,
            row::Reason::Inflow => Reason::InflowCreated,
            row::Reason::Outflow => Reason::OutflowCreated,
            row::Reason::Closing => Reason::Adjustment,
        },
        change: row.change,
        balance: row.balance,
        movement_id: row.movement_id,
        actor_id: row.actor_id,
        created_at: row.created_at,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the same signature for every table")]
pub(super) fn source_stock_change(row: stock_change::Model) -> row::StockChange {
    row::StockChange {
        product_id: row.product_id,
        reason: match row.reason {
            Reason::ProductCreated => row::Reason::Opening,
            Reason::InflowCreated | Reason::InflowDeleted => row::Reason::Inflow,
            Reason::OutflowCreated | Reason::OutflowDeleted => row::Reason::Outflow,
            Reason::Adjustment => row::Reason::Closing,
        },
        change: row.change,
        balance: row.balance,
        movement_id: row.movement_id,
        actor_id: row.actor_id,
        created_at: row.created_at,
    }
}
