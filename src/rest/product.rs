//! Products as the document shows them.

use ::entity::product::{Column, Entity};
use ::entity::{brand, category};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::face::{Rest, Versions};
use super::form::Form;
use super::label::named;
use super::page::{Named, seconds};
use super::query::Query;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::filter::Comparison;
use crate::resolvers::product::Draft;
use crate::resolvers::{Filter, Row};

/// The JSON of a product.
#[derive(Serialize)]
pub struct ProductView {
    id: i64,
    title: String,
    category: Named,
    brand: Named,
    description: Option<String>,
    serie_number: Option<String>,
    cost_price: String,
    selling_price: String,
    quantity: i64,
    #[serde(serialize_with = "seconds")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "seconds")]
    updated_at: DateTime<Utc>,
}

impl Rest for Entity {
    type View = ProductView;

    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            title: form.text("title"),
            category_id: form.reference("category", "category_id"),
            brand_id: form.reference("brand", "brand_id"),
            description: form.text("description"),
            serie_number: form.text("serie_number"),
            cost_price: form.decimal("cost_price"),
            selling_price: form.decimal("selling_price"),
            quantity: form.integer("quantity"),
            faults: form.faults(),
        }
    }

    fn filter(query: &Query) -> Result<Filter> {
        Ok(query
            .reference("category", Column::CategoryId)?
            .and(query.reference("brand", Column::BrandId)?)
            .and(query.price("min_price", Column::SellingPrice, Comparison::GreaterOrEqual)?)
            .and(query.price("max_price", Column::SellingPrice, Comparison::LessOrEqual)?))
    }

    async fn view(ctx: &Ctx, row: &Row<Self>) -> Result<Option<(ProductView, Versions)>> {
        let category = row
            .one::<category::Entity>(ctx, "category", |row| Some(row.category_id))
            .await?;
        let brand = row
            .one::<brand::Entity>(ctx, "brand", |row| Some(row.brand_id))
            .await?;
        let (Some(category), Some(brand)) = (category, brand) else {
            return Ok(None);
        };
        let ((category, category_version), (brand, brand_version)) = (named(&category), named(&brand));
        let view = ProductView {
            id: row.id,
            title: row.title.clone(),
            category,
            brand,
            description: row.description.clone(),
            serie_number: row.serie_number.clone(),
            cost_price: row.cost_price.to_string(),
            selling_price: row.selling_price.to_string(),
            quantity: row.quantity,
            created_at: row.created_at,
            updated_at: row.updated_at,
        };
        Ok(Some((view, [row.version, category_version, brand_version])))
    }
}
