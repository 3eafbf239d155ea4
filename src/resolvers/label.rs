//! Brand, category and supplier: names that others refer to.

use ::entity::label::Label;
use ::entity::{brand, category, fold, inflow, product, supplier};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};

use crate::db_error::on_foreign_key;
use crate::error::{Error, Faults, Result};
use crate::kind::Kind;
use crate::query::{Check, Collection, Direction, Field, Sortable};
use crate::resource::{Created, Editable, Resource, delete_row, insert, update_row};
use crate::tx::Tx;

/// The most characters of a name or title.
pub const NAME_LENGTH: usize = 500;

/// What a caller may say of a label.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// 1 to 500 characters.
    pub name: Field<String>,
    /// More about it.
    pub description: Field<String>,
    /// What the face could not read.
    pub faults: Faults,
}

fn write<L: Label>(row: &mut L::Model, draft: Draft, mut check: Check) -> Result<()> {
    let fields = L::fields_mut(row);
    if let Some(name) = check.required_text("name", draft.name, NAME_LENGTH) {
        *fields.name_folded = fold(&name);
        *fields.name = name;
    }
    if let Some(description) = check.optional_text("description", draft.description, usize::MAX) {
        *fields.description_folded = description.as_deref().map(fold);
        *fields.description = description;
    }
    check.finish()
}

async fn create<L: Label + Resource>(tx: &Tx, mut draft: Draft) -> Result<Created<L>> {
    let check = Check::new_row(std::mem::take(&mut draft.faults));
    let mut row = L::blank(tx.ctx().now);
    write::<L>(&mut row, draft, check)?;
    Ok(Created::alone(insert::<L>(tx, row).await?))
}

async fn change<L: Label + Resource>(tx: &Tx, mut row: L::Model, mut draft: Draft) -> Result<L::Model> {
    let check = Check::old_row(std::mem::take(&mut draft.faults));
    write::<L>(&mut row, draft, check)?;
    let fields = L::fields_mut(&mut row);
    *fields.version += 1;
    *fields.updated_at = tx.ctx().now;
    update_row::<L>(tx, &row).await?;
    Ok(row)
}

/// Removes a row that nothing of `T` refers to.
async fn remove<L: Resource, T: Resource>(tx: &Tx, row: &L::Model, reference: T::Column) -> Result<()> {
    let id = ::entity::Record::id(row);
    let referring = T::find().filter(reference.eq(id)).count(tx).await?;
    if referring > 0 {
        return Err(Error::Protected {
            by: vec![(T::KIND, referring)],
        });
    }
    // One that comes in between is found by the foreign key.
    on_foreign_key(delete_row::<L>(tx, row).await, |_| Error::Protected {
        by: vec![(T::KIND, 1)],
    })
}

/// The three differ in their name and in who refers to them.
macro_rules! label {
    ($noun:ident, $kind:ident, $referring:ident, $reference:ident) => {
        impl Collection for $noun::Entity {
            const SORTABLE: &'static [Sortable<$noun::Column>] = &[
                Sortable {
                    name: "name",
                    columns: &[$noun::Column::NameFolded, $noun::Column::Name],
                    nullable: false,
                },
                Sortable {
                    name: "id",
                    columns: &[$noun::Column::Id],
                    nullable: false,
                },
                Sortable {
                    name: "description",
                    columns: &[$noun::Column::DescriptionFolded, $noun::Column::Description],
                    nullable: true,
                },
                Sortable {
                    name: "created_at",
                    columns: &[$noun::Column::CreatedAt],
                    nullable: false,
                },
                Sortable {
                    name: "updated_at",
                    columns: &[$noun::Column::UpdatedAt],
                    nullable: false,
                },
            ];
            const DEFAULT_ORDER: (&'static str, Direction) = ("name", Direction::Ascending);
            const SEARCHED: Option<$noun::Column> = Some($noun::Column::NameFolded);
        }

        impl Resource for $noun::Entity {
            const KIND: Kind = Kind::$kind;
            type Draft = Draft;

            async fn create(tx: &Tx, draft: Draft) -> Result<Created<Self>> {
                create::<Self>(tx, draft).await
            }

            async fn remove(tx: &Tx, row: &$noun::Model) -> Result<()> {
                remove::<Self, $referring::Entity>(tx, row, $referring::Column::$reference).await
            }
        }

        impl Editable for $noun::Entity {
            async fn change(tx: &Tx, row: $noun::Model, draft: Draft) -> Result<$noun::Model> {
                change::<Self>(tx, row, draft).await
            }
        }
    };
}

label!(brand, Brand, product, BrandId);
label!(category, Category, product, CategoryId);
label!(supplier, Supplier, inflow, SupplierId);
