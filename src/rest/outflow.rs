//! Outflows as the document shows them.

use ::entity::outflow::{Column, Entity};
use ::entity::product;
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::face::{Rest, Versions};
use super::form::Form;
use super::page::{Titled, seconds};
use super::query::Query;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::outflow::Draft;
use crate::resolvers::{Filter, Row};

/// The JSON of an outflow.
#[derive(Serialize)]
pub struct OutflowView {
    id: i64,
    product: Titled,
    quantity: i64,
    description: Option<String>,
    #[serde(serialize_with = "seconds")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "seconds")]
    updated_at: DateTime<Utc>,
}

impl Rest for Entity {
    type View = OutflowView;

    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            product_id: form.reference("product", "product_id"),
            quantity: form.integer("quantity"),
            description: form.text("description"),
            faults: form.faults(),
        }
    }

    fn filter(query: &Query) -> Result<Filter> {
        Ok(query
            .reference("product", Column::ProductId)?
            .and(query.days(Column::CreatedAt)?))
    }

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
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(Some((view, [1, product.version, 0])))
    }
}
