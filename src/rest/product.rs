//! Products: JSON, list parameters and request bodies.

use ::entity::product::{Column, Entity};
use ::entity::{brand, category};
use form_fields::Form;
use schemars::JsonSchema;
use serde::Serialize;

use super::label::reference;
use super::list_query::{FilterBy, ListFilter};
use super::representation::{Represent, RestResource, Versions, declared_texts, text_limits};
use super::value::{NamedReference, Price, Timestamp};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::query::check::INT_MAX;
use crate::resolvers::product::Draft;

#[derive(Serialize, JsonSchema)]
#[schemars(transform = text_limits::<Entity>)]
pub(crate) struct ProductView {
    /// The id, which is never reused.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// The title.
    title: String,
    /// The category.
    category: NamedReference,
    /// The brand.
    brand: NamedReference,
    /// A description.
    description: Option<String>,
    /// The manufacturer's serial number, unique among products.
    serie_number: Option<String>,
    /// The cost of one unit.
    cost_price: Price,
    /// The selling price of one unit.
    selling_price: Price,
    /// The number of units in stock.
    #[schemars(with = "i32", range(min = 0, max = INT_MAX), extend("default" = 0))]
    quantity: i64,
    /// The time of creation.
    #[schemars(extend("readOnly" = true))]
    created_at: Timestamp,
    /// The time of the last change.
    #[schemars(extend("readOnly" = true))]
    updated_at: Timestamp,
}

impl Represent for Entity {
    type View = ProductView;
    const FILTERS: &'static [ListFilter<Column>] = &[
        ListFilter {
            name: "category",
            by: FilterBy::Reference(Column::CategoryId),
            description: "Only products of the category with this id.",
        },
        ListFilter {
            name: "brand",
            by: FilterBy::Reference(Column::BrandId),
            description: "Only products of the brand with this id.",
        },
        ListFilter {
            name: "min_price",
            by: FilterBy::AtLeast(Column::SellingPrice),
            description: "Only products with at least this selling price, such as `500.00`.",
        },
        ListFilter {
            name: "max_price",
            by: FilterBy::AtMost(Column::SellingPrice),
            description: "Only products with at most this selling price, such as `799.99`.",
        },
    ];

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
        let ((category, category_version), (brand, brand_version)) =
            (reference(&category), reference(&brand));
        let view = ProductView {
            id: row.id,
            title: row.title.clone(),
            category,
            brand,
            description: row.description.clone(),
            serie_number: row.serie_number.clone(),
            cost_price: Price(row.cost_price),
            selling_price: Price(row.selling_price),
            quantity: row.quantity,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        };
        Ok(Some((view, [row.version, category_version, brand_version])))
    }
}

impl RestResource for Entity {
    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            texts: declared_texts::<Self>(&mut form),
            category_id: form.reference("category", "category_id"),
            brand_id: form.reference("brand", "brand_id"),
            cost_price: form.decimal("cost_price"),
            selling_price: form.decimal("selling_price"),
            quantity: form.integer("quantity"),
            faults: form.faults(),
        }
    }
}
