//! Brand, category and supplier as the document shows them.

use ::entity::label::Label;
use ::entity::{brand, category, supplier};
use schemars::JsonSchema;
use serde::Serialize;

use super::face::{Rest, Shown, Versions};
use super::form::{Form, NOT_BLANK};
use super::page::{Moment, Named};
use super::query::Filterable;
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::resolvers::label::{Draft, NAME_LENGTH};
use crate::resource::Resource;

/// The JSON of a brand, a category or a supplier.
#[derive(Serialize, JsonSchema)]
pub struct LabelView {
    /// Its number among its kind, for ever.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// What people call it.
    #[schemars(length(min = 1, max = NAME_LENGTH), regex(pattern = NOT_BLANK))]
    name: String,
    /// More about it.
    description: Option<String>,
    /// When it came to be.
    #[schemars(extend("readOnly" = true))]
    created_at: Moment,
    /// When it last changed.
    #[schemars(extend("readOnly" = true))]
    updated_at: Moment,
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
        impl Shown for $noun::Entity {
            type View = LabelView;
            const FILTERS: &'static [Filterable<$noun::Column>] = &[];

            async fn view(_ctx: &Ctx, row: &Row<Self>) -> Result<Option<(LabelView, Versions)>> {
                let fields = Self::fields(row);
                let view = LabelView {
                    id: fields.id,
                    name: fields.name.to_owned(),
                    description: fields.description.map(str::to_owned),
                    created_at: Moment(fields.created_at),
                    updated_at: Moment(fields.updated_at),
                };
                Ok(Some((view, [fields.version, 0, 0])))
            }
        }

        impl Rest for $noun::Entity {
            fn draft(mut form: Form<'_>) -> Draft {
                Draft {
                    texts: form.declared_texts::<Self>(),
                    faults: form.faults(),
                }
            }
        }
    };
}

label!(brand);
label!(category);
label!(supplier);
