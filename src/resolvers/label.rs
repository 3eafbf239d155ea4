//! Labels: brands, categories and suppliers, the named rows that products and inflows refer to.

use ::entity::label::Label;
use ::entity::{Record as _, brand, category, inflow, product, supplier};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};

use crate::db_error::on_foreign_key;
use crate::error::{Error, Faults, Result};
use crate::kind::Kind;
use crate::query::check::{optional_texts, required_texts};
use crate::query::{Collection, Direction, FieldCheck, ListColumn, TextRules, Texts};
use crate::resource::{Created, Editable, Resource, delete_row, insert, update_row};
use crate::tx::Tx;

/// The maximum length of a name or title, in characters.
const NAME_LENGTH: usize = 500;

/// The rules for a name or title.
pub(super) const NAME: TextRules = TextRules {
    max_length: NAME_LENGTH,
    required: true,
    searched: true,
    ..TextRules::OPTIONAL
};

/// The values that a client can send for a label.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The name and the description.
    pub texts: Texts,
    /// The faults of the values that the API could not parse.
    pub faults: Faults,
}

async fn write<L: Collection>(
    tx: &Tx,
    row: &mut L::Model,
    texts: &Texts,
    mut check: FieldCheck,
) -> Result<()> {
    required_texts::<L>(&mut check, tx, row, texts).await?;
    optional_texts::<L>(&mut check, tx, row, texts).await?;
    Ok(check.finish()?)
}

async fn create<L: Label + Resource>(tx: &Tx, draft: Draft) -> Result<Created<L>> {
    let mut row = L::blank(tx.ctx().now);
    write::<L>(tx, &mut row, &draft.texts, FieldCheck::new_object(draft.faults)).await?;
    Ok(Created::new(insert::<L>(tx, row).await?))
}

async fn change<L: Label + Resource>(tx: &Tx, mut row: L::Model, draft: Draft) -> Result<L::Model> {
    let check = FieldCheck::existing_object(draft.faults);
    write::<L>(tx, &mut row, &draft.texts, check).await?;
    let fields = L::fields_mut(&mut row);
    *fields.version += 1;
    *fields.updated_at = tx.ctx().now;
    update_row::<L>(tx, &row).await?;
    Ok(row)
}

/// Deletes a row.
///
/// # Errors
/// [`Error::Protected`] if a row of `T` refers to it.
async fn delete<L: Resource, T: Resource>(tx: &Tx, row: &L::Model, reference: T::Column) -> Result<()> {
    let referring = T::find().filter(reference.eq(row.id())).count(tx).await?;
    if referring > 0 {
        return Err(Error::Protected {
            by: vec![(T::KIND, referring)],
        });
    }
    // The foreign key detects a row that another transaction has added since the count.
    on_foreign_key(delete_row::<L>(tx, row).await, |_| Error::Protected {
        by: vec![(T::KIND, 1)],
    })
}

/// Implements the resource traits for one of the labels, which differ only in their names and in the rows that refer to
/// them.
macro_rules! label {
    ($label:ident, $kind:ident, $referring:ident, $reference:ident) => {
        impl Collection for $label::Entity {
            const COLUMNS: &'static [ListColumn<$label::Column>] = &[
                ListColumn::text($label::Column::Name, $label::Column::NameFolded, NAME),
                ListColumn::value($label::Column::Id),
                ListColumn::text(
                    $label::Column::Description,
                    $label::Column::DescriptionFolded,
                    TextRules::OPTIONAL,
                ),
                ListColumn::value($label::Column::CreatedAt),
                ListColumn::value($label::Column::UpdatedAt),
            ];
            const DEFAULT_ORDER: (&'static str, Direction) = ("name", Direction::Ascending);
        }

        impl Resource for $label::Entity {
            const KIND: Kind = Kind::$kind;
            type Draft = Draft;

            async fn create(tx: &Tx, draft: Draft) -> Result<Created<Self>> {
                create::<Self>(tx, draft).await
            }

            async fn remove(tx: &Tx, row: &$label::Model) -> Result<Option<product::Model>> {
                delete::<Self, $referring::Entity>(tx, row, $referring::Column::$reference).await?;
                Ok(None)
            }
        }

        impl Editable for $label::Entity {
            async fn change(tx: &Tx, row: $label::Model, draft: Draft) -> Result<$label::Model> {
                change::<Self>(tx, row, draft).await
            }
        }
    };
}

label!(brand, Brand, product, BrandId);
label!(category, Category, product, CategoryId);
label!(supplier, Supplier, inflow, SupplierId);
