//! Products: what one is, and when it may go.

use ::entity::product::{Column, Entity, Model};
use ::entity::{Money, brand, category, fold, inflow, outflow};
use database::Failure;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::label::NAME_LENGTH;
use crate::ctx::Ctx;
use crate::db_error::on_foreign_key;
use crate::error::{Error, Fault, FaultCode, Faults, Result};
use crate::kind::Kind;
use crate::query::check::{INT_MAX, no_such};
use crate::query::filter::Comparison;
use crate::query::{Check, Collection, Direction, Field, Filter, Sortable};
use crate::resource::{Created, Editable, Resource, delete_row, insert, update_row};
use crate::stock::stock;
use crate::tx::Tx;

/// The most characters of a serie number.
pub const SERIE_NUMBER_LENGTH: usize = 200;

/// What a caller may say of a product.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// 1 to 500 characters.
    pub title: Field<String>,
    /// An existing category.
    pub category_id: Field<i64>,
    /// An existing brand.
    pub brand_id: Field<i64>,
    /// More about it.
    pub description: Field<String>,
    /// Up to 200 characters, unique.
    pub serie_number: Field<String>,
    /// As written: 0 or more, at most two decimals.
    pub cost_price: Field<String>,
    /// As written: 0 or more, at most two decimals.
    pub selling_price: Field<String>,
    /// 0 or more.
    pub quantity: Field<i64>,
    /// What the face could not read.
    pub faults: Faults,
}

/// Whether a product is low on stock.
pub fn is_low(ctx: &Ctx, row: &Model) -> bool {
    row.quantity <= ctx.services.config.low_stock_threshold
}

/// The products that are low on stock, or those that are not.
pub fn low(ctx: &Ctx, is_low: bool) -> Filter {
    let comparison = if is_low {
        Comparison::LessOrEqual
    } else {
        Comparison::Greater
    };
    Filter::compare(
        Column::Quantity,
        comparison,
        ctx.services.config.low_stock_threshold,
    )
}

/// Writes what a draft says to a row and returns the quantity that it asks for; stock itself is `stock.rs`'s.
async fn write(tx: &Tx, row: &mut Model, draft: Draft, mut check: Check) -> Result<i64> {
    if let Some(title) = check.required_text("title", draft.title, NAME_LENGTH) {
        row.title_folded = fold(&title);
        row.title = title;
    }
    if let Some(id) = check
        .reference::<category::Entity>(tx, "category_id", draft.category_id)
        .await?
    {
        row.category_id = id;
    }
    if let Some(id) = check
        .reference::<brand::Entity>(tx, "brand_id", draft.brand_id)
        .await?
    {
        row.brand_id = id;
    }
    if let Some(description) = check.optional_text("description", draft.description, usize::MAX) {
        row.description_folded = description.as_deref().map(fold);
        row.description = description;
    }
    if let Some(number) = check.optional_text("serie_number", draft.serie_number, SERIE_NUMBER_LENGTH) {
        let taken = match &number {
            Some(number) => {
                let others = Entity::find()
                    .filter(Column::SerieNumber.eq(number))
                    .filter(Column::Id.ne(row.id));
                others.count(tx).await? > 0
            }
            None => false,
        };
        if taken {
            check.fault("serie_number", FaultCode::Taken, TAKEN);
        }
        row.serie_number_folded = number.as_deref().map(fold);
        row.serie_number = number;
    }
    if let Some(price) = check.money("cost_price", draft.cost_price) {
        row.cost_price = price;
    }
    if let Some(price) = check.money("selling_price", draft.selling_price) {
        row.selling_price = price;
    }
    let quantity = check.integer("quantity", draft.quantity, 0..=INT_MAX, Some(0));
    check.finish()?;
    Ok(quantity.unwrap_or(row.quantity))
}

const TAKEN: &str = "This field must be unique.";

/// What the database says to a row that another request has made wrong in between.
fn refused(row: &Model) -> impl FnOnce(sea_orm::DbErr) -> Error + use<> {
    let (category_id, brand_id) = (row.category_id, row.brand_id);
    move |error| match Failure::of(&error) {
        Failure::Unique(name) if name == "product_serie_number_key" => {
            Fault::new("serie_number", FaultCode::Taken, TAKEN).into()
        }
        Failure::ForeignKey(Some(name)) if name == "product_category_id_fkey" => {
            no_such("category_id", category_id).into()
        }
        Failure::ForeignKey(Some(name)) if name == "product_brand_id_fkey" => {
            no_such("brand_id", brand_id).into()
        }
        _ => error.into(),
    }
}

impl Collection for Entity {
    const SORTABLE: &'static [Sortable<Column>] = &[
        Sortable {
            name: "title",
            columns: &[Column::TitleFolded, Column::Title],
            nullable: false,
        },
        Sortable {
            name: "id",
            columns: &[Column::Id],
            nullable: false,
        },
        Sortable {
            name: "description",
            columns: &[Column::DescriptionFolded, Column::Description],
            nullable: true,
        },
        Sortable {
            name: "serie_number",
            columns: &[Column::SerieNumberFolded, Column::SerieNumber],
            nullable: true,
        },
        Sortable {
            name: "cost_price",
            columns: &[Column::CostPrice],
            nullable: false,
        },
        Sortable {
            name: "selling_price",
            columns: &[Column::SellingPrice],
            nullable: false,
        },
        Sortable {
            name: "quantity",
            columns: &[Column::Quantity],
            nullable: false,
        },
        Sortable {
            name: "created_at",
            columns: &[Column::CreatedAt],
            nullable: false,
        },
        Sortable {
            name: "updated_at",
            columns: &[Column::UpdatedAt],
            nullable: false,
        },
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("title", Direction::Ascending);
    const SEARCHED: Option<Column> = Some(Column::TitleFolded);
}

impl Resource for Entity {
    const KIND: Kind = Kind::Product;
    type Draft = Draft;

    async fn create(tx: &Tx, mut draft: Draft) -> Result<Created<Self>> {
        let check = Check::new_row(std::mem::take(&mut draft.faults));
        let now = tx.ctx().now;
        let mut row = Model {
            id: 0,
            title: String::new(),
            title_folded: String::new(),
            category_id: 0,
            brand_id: 0,
            description: None,
            description_folded: None,
            serie_number: None,
            serie_number_folded: None,
            cost_price: Money::default(),
            selling_price: Money::default(),
            quantity: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        row.quantity = write(tx, &mut row, draft, check).await?;
        let refuse = refused(&row);
        let row = insert::<Self>(tx, row).await.map_err(refuse)?;
        stock::open(tx, &row).await?;
        Ok(Created::alone(row))
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<()> {
        let by = [
            (
                Kind::Inflow,
                inflow::Entity::find()
                    .filter(inflow::Column::ProductId.eq(row.id))
                    .count(tx)
                    .await?,
            ),
            (
                Kind::Outflow,
                outflow::Entity::find()
                    .filter(outflow::Column::ProductId.eq(row.id))
                    .count(tx)
                    .await?,
            ),
        ];
        let by: Vec<(Kind, u64)> = by.into_iter().filter(|(_, count)| *count > 0).collect();
        if !by.is_empty() {
            return Err(Error::Protected { by });
        }
        on_foreign_key(delete_row::<Self>(tx, row).await, |constraint| {
            let kind = if constraint == Some("inflow_product_id_fkey") {
                Kind::Inflow
            } else {
                Kind::Outflow
            };
            Error::Protected { by: vec![(kind, 1)] }
        })
    }
}

impl Editable for Entity {
    async fn change(tx: &Tx, mut row: Model, mut draft: Draft) -> Result<Model> {
        let check = Check::old_row(std::mem::take(&mut draft.faults));
        let quantity = write(tx, &mut row, draft, check).await?;
        row.version += 1;
        row.updated_at = tx.ctx().now;
        stock::adjust(tx, &mut row, quantity).await?;
        let refuse = refused(&row);
        update_row::<Self>(tx, &row).await.map_err(refuse)?;
        Ok(row)
    }
}
