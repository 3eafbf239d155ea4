//! Inflows as the document shows them.

use ::entity::inflow::{Column, Entity};
use ::entity::{product, supplier};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::face::{Rest, Versions};
use super::form::Form;
use super::label::named;
use super::page::{Named, Titled, seconds};
use super::query::Query;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::inflow::Draft;
use crate::resolvers::{Filter, Row};

/// The JSON of an inflow.
#[derive(Serialize)]
pub struct InflowView {
    id: i64,
    supplier: Named,
    product: Titled,
    quantity: i64,
    description: Option<String>,
    #[serde(serialize_with = "seconds")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "seconds")]
    updated_at: DateTime<Utc>,
}

impl Rest for Entity {
    type View = InflowView;

    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            supplier_id: form.reference("supplier", "supplier_id"),
            product_id: form.reference("product", "product_id"),
            quantity: form.integer("quantity"),
            description: form.text("description"),
            faults: form.faults(),
        }
    }

    fn filter(query: &Query) -> Result<Filter> {
        Ok(query
            .reference("supplier", Column::SupplierId)?
            .and(query.reference("product", Column::ProductId)?)
            .and(query.days(Column::CreatedAt)?))
    }

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(InflowView, Versions)>> {
        let supplier = row
            .one::<supplier::Entity>(ctx, "supplier", |row| Some(row.supplier_id))
            .await?;
        let product = row
            .one::<product::Entity>(ctx, "product", |row| Some(row.product_id))
            .await?;
        let (Some(supplier), Some(product)) = (supplier, product) else {
            return Ok(None);
        };
        let (supplier, supplier_version) = named(&supplier);
        let view = InflowView {
            id: row.id,
            supplier,
            product: Titled {
                id: product.id,
                title: product.title.clone(),
            },
            quantity: row.quantity,
            description: row.description.clone(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(Some((view, [1, supplier_version, product.version])))
    }
}
