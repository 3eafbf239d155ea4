//! Outflows as the document shows them.

use ::entity::outflow::{Column, Entity};
use ::entity::product;
use schemars::JsonSchema;
use serde::Serialize;

use super::face::{Rest, Shown, Versions};
use super::form::Form;
use super::page::{Moment, Titled};
use super::query::{By, Filterable};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::query::check::INT_MAX;
use crate::resolvers::outflow::Draft;

/// The JSON of an outflow.
#[derive(Serialize, JsonSchema)]
pub struct OutflowView {
    /// Its number among its kind, for ever.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// What went out.
    product: Titled,
    /// How many.
    #[schemars(with = "i32", range(min = 1, max = INT_MAX))]
    quantity: i64,
    /// Why.
    description: Option<String>,
    /// When it came to be.
    #[schemars(extend("readOnly" = true))]
    created_at: Moment,
    /// When it last changed.
    #[schemars(extend("readOnly" = true))]
    updated_at: Moment,
}

impl Shown for Entity {
    type View = OutflowView;
    const FILTERS: &'static [Filterable<Column>] = &[
        Filterable {
            name: "product",
            by: By::Reference(Column::ProductId),
            about: "Only outflows of the product with this id.",
        },
        Filterable {
            name: "date_from",
            by: By::FromDay(Column::CreatedAt),
            about: "Only outflows of this UTC day, such as `2024-01-01`, or later.",
        },
        Filterable {
            name: "date_to",
            by: By::ToDay(Column::CreatedAt),
            about: "Only outflows of this UTC day, such as `2024-01-31`, or earlier, the whole day included.",
        },
    ];

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(OutflowView, Versions)>> {
        let product = row
            .one::<product::Entity>(ctx, "product", |row| Some(row.product_id))
            .await?;
        let Some(product) = product else { return Ok(None) };
        let view = OutflowView {
            id: row.id,
            product: Titled {
                id: product.id,
                title: product.title.clone(),
            },
            quantity: row.quantity,
            description: row.description.clone(),
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
        };
        Ok(Some((view, [1, product.version, 0])))
    }
}

impl Rest for Entity {
    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            product_id: form.reference("product", "product_id"),
            quantity: form.integer("quantity"),
            description: form.text("description"),
            faults: form.faults(),
            ..Draft::default()
        }
    }
}
