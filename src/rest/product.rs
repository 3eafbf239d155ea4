//! Products as the document shows them.

use ::entity::product::{Column, Entity};
use ::entity::{brand, category};
use schemars::JsonSchema;
use serde::Serialize;

use super::face::{Rest, Shown, Versions};
use super::form::{Form, NOT_BLANK};
use super::label::named;
use super::page::{Moment, Named, Price};
use super::query::{By, Filterable};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::query::check::INT_MAX;
use crate::resolvers::label::NAME_LENGTH;
use crate::resolvers::product::{Draft, SERIE_NUMBER_LENGTH};

/// The JSON of a product.
#[derive(Serialize, JsonSchema)]
pub struct ProductView {
    /// Its number among its kind, for ever.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// What people call it.
    #[schemars(length(min = 1, max = NAME_LENGTH), regex(pattern = NOT_BLANK))]
    title: String,
    /// What kind of thing it is.
    category: Named,
    /// Who makes it.
    brand: Named,
    /// More about it.
    description: Option<String>,
    /// The maker's number for it; no two products have the same.
    #[schemars(length(max = SERIE_NUMBER_LENGTH))]
    serie_number: Option<String>,
    /// What one unit costs the shop.
    cost_price: Price,
    /// What one unit is sold for.
    selling_price: Price,
    /// How many are in stock now.
    #[schemars(with = "i32", range(min = 0, max = INT_MAX), extend("default" = 0))]
    quantity: i64,
    /// When it came to be.
    #[schemars(extend("readOnly" = true))]
    created_at: Moment,
    /// When it last changed.
    #[schemars(extend("readOnly" = true))]
    updated_at: Moment,
}

impl Shown for Entity {
    type View = ProductView;
    const FILTERS: &'static [Filterable<Column>] = &[
        Filterable {
            name: "category",
            by: By::Reference(Column::CategoryId),
            about: "Only products of the category with this id.",
        },
        Filterable {
            name: "brand",
            by: By::Reference(Column::BrandId),
            about: "Only products of the brand with this id.",
        },
        Filterable {
            name: "min_price",
            by: By::AtLeast(Column::SellingPrice),
            about: "Only products that are sold for this price, such as `500.00`, or more.",
        },
        Filterable {
            name: "max_price",
            by: By::AtMost(Column::SellingPrice),
            about: "Only products that are sold for this price, such as `799.99`, or less.",
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
        let ((category, category_version), (brand, brand_version)) = (named(&category), named(&brand));
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
            created_at: Moment(row.created_at),
            updated_at: Moment(row.updated_at),
        };
        Ok(Some((view, [row.version, category_version, brand_version])))
    }
}

impl Rest for Entity {
    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            texts: form.declared_texts::<Self>(),
            category_id: form.reference("category", "category_id"),
            brand_id: form.reference("brand", "brand_id"),
            cost_price: form.decimal("cost_price"),
            selling_price: form.decimal("selling_price"),
            quantity: form.integer("quantity"),
            faults: form.faults(),
        }
    }
}
