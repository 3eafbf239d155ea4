//! Brand, category and supplier as the document shows them.

use ::entity::label::Label;
use ::entity::{brand, category, supplier};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::face::{Rest, Versions};
use super::form::Form;
use super::page::{Named, seconds};
use super::query::Query;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::resolvers::label::Draft;
use crate::resolvers::{Filter, Resource, Row};

/// The JSON of a brand, a category or a supplier.
#[derive(Serialize)]
pub struct LabelView {
    id: i64,
    name: String,
    description: Option<String>,
    #[serde(serialize_with = "seconds")]
    created_at: DateTime<Utc>,
    #[serde(serialize_with = "seconds")]
    updated_at: DateTime<Utc>,
}

/// The reference to one, as products and inflows show it, with its version.
pub fn named<L: Label + Resource>(row: &Row<L>) -> (Named, i64) {
    let fields = L::fields(row);
    (
        Named {
            id: fields.id,
            name: fields.name.to_owned(),
        },
        fields.version,
    )
}

macro_rules! label {
    ($noun:ident) => {
        impl Rest for $noun::Entity {
            type View = LabelView;

            fn draft(mut form: Form<'_>) -> Draft {
                let (name, description) = (form.text("name"), form.text("description"));
                Draft {
                    name,
                    description,
                    faults: form.faults(),
                }
            }

            fn filter(_query: &Query) -> Result<Filter> {
                Ok(Filter::default())
            }

            async fn view(_ctx: &Ctx, row: &Row<Self>) -> Result<Option<(LabelView, Versions)>> {
                let fields = Self::fields(row);
                let view = LabelView {
                    id: fields.id,
                    name: fields.name.to_owned(),
                    description: fields.description.map(str::to_owned),
                    created_at: fields.created_at,
                    updated_at: fields.updated_at,
                };
                Ok(Some((view, [fields.version, 0, 0])))
            }
        }
    };
}

label!(brand);
label!(category);
label!(supplier);
