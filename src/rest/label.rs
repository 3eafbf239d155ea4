//! Brands, categories and suppliers: JSON and request bodies.

use ::entity::label::Label;
use ::entity::{brand, category, supplier};
use form_fields::Form;
use schemars::JsonSchema;
use serde::Serialize;

use super::list_query::ListFilter;
use super::representation::{Represent, RestResource, Versions, declared_texts, text_limits};
use super::value::{NamedReference, Timestamp};
use crate::ctx::Ctx;
use crate::error::Result;
use crate::query::Row;
use crate::resolvers::label::Draft;
use crate::resource::Resource;

// The rules for the texts of all labels are the same.
#[derive(Serialize, JsonSchema)]
#[schemars(transform = text_limits::<brand::Entity>)]
pub(crate) struct LabelView {
    /// The id, which is never reused.
    #[schemars(range(min = 1), extend("readOnly" = true))]
    id: i64,
    /// The name.
    name: String,
    /// A description.
    description: Option<String>,
    /// The time of creation.
    #[schemars(extend("readOnly" = true))]
    created_at: Timestamp,
    /// The time of the last change.
    #[schemars(extend("readOnly" = true))]
    updated_at: Timestamp,
}

/// Returns a reference to a row, and its version.
pub(crate) fn reference<L: Label + Resource>(row: &Row<L>) -> (NamedReference, i64) {
    let fields = L::fields(row);
    (
        NamedReference {
            id: fields.id,
            name: fields.name.to_owned(),
        },
        fields.version,
    )
}

macro_rules! label {
    ($label:ident) => {
        impl Represent for $label::Entity {
            type View = LabelView;
            const FILTERS: &'static [ListFilter<$label::Column>] = &[];

            async fn view(_ctx: &Ctx, row: &Row<Self>) -> Result<Option<(LabelView, Versions)>> {
                let fields = Self::fields(row);
                let view = LabelView {
                    id: fields.id,
                    name: fields.name.to_owned(),
                    description: fields.description.map(str::to_owned),
                    created_at: Timestamp(fields.created_at),
                    updated_at: Timestamp(fields.updated_at),
                };
                Ok(Some((view, [fields.version, 0, 0])))
            }
        }

        impl RestResource for $label::Entity {
            fn draft(mut form: Form<'_>) -> Draft {
                Draft {
                    texts: declared_texts::<Self>(&mut form),
                    faults: form.faults(),
                }
            }
        }
    };
}

label!(brand);
label!(category);
label!(supplier);
