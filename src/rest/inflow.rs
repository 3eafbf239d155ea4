//! Inflows: JSON, list parameters and request bodies.

use ::entity::inflow::{Column, Entity};
use ::entity::{product, supplier};
use form_fields::Form;
use schemars::JsonSchema;
use serde::Serialize;

use super::label::reference;
use super::list_query::{FilterBy, ListFilter};
use super::representation::{Represent, RestResource, Versions};
use super::value::{NamedReference, ProductReference, Timestamp};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::query::check::INT_MAX;
use crate::resolvers::inflow::Draft;

#[derive(Serialize, JsonSchema)]
pub(crate) struct InflowView {
    /// The id, which is never reused.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// The supplier.
    supplier: NamedReference,
    /// The product.
    product: ProductReference,
    /// The number of units.
    #[schemars(with = "i32", range(min = 1, max = INT_MAX))]
    quantity: i64,
    /// A description.
    description: Option<String>,
    /// The time of creation.
    #[schemars(extend("readOnly" = true))]
    created_at: Timestamp,
    /// The time of the last change.
    #[schemars(extend("readOnly" = true))]
    updated_at: Timestamp,
}

impl Represent for Entity {
    type View = InflowView;
    const FILTERS: &'static [ListFilter<Column>] = &[
        ListFilter {
            name: "supplier",
            by: FilterBy::Reference(Column::SupplierId),
            description: "Only inflows from the supplier with this id.",
        },
        ListFilter {
            name: "product",
            by: FilterBy::Reference(Column::ProductId),
            description: "Only inflows of the product with this id.",
        },
        ListFilter {
            name: "date_from",
            by: FilterBy::FromDay(Column::CreatedAt),
            description: "Only inflows of this UTC day, such as `2024-01-01`, or later.",
        },
        ListFilter {
            name: "date_to",
            by: FilterBy::ToDay(Column::CreatedAt),
            description: "Only inflows of this UTC day, such as `2024-01-31`, or earlier.",
        },
    ];

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
        let (supplier, supplier_version) = reference(&supplier);
        let view = InflowView {
            id: row.id,
            supplier,
            product: ProductReference {
                id: product.id,
                title: product.title.clone(),
            },
            quantity: row.quantity,
            description: row.description.clone(),
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
        };
        Ok(Some((view, [1, supplier_version, product.version])))
    }
}

impl RestResource for Entity {
    fn draft(mut form: Form<'_>) -> Draft {
        Draft {
            supplier_id: form.reference("supplier", "supplier_id"),
            product_id: form.reference("product", "product_id"),
            quantity: form.integer("quantity"),
            description: form.text("description"),
            faults: form.faults(),
        }
    }
}
