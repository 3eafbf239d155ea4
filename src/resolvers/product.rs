//! Products.

use ::entity::product::{Column, Entity, Model};
use ::entity::{brand, category, inflow, outflow};
use database::bulk::json_rows;
use database::{Backend, Failure};
use sea_orm::{
    ColumnTrait, ConnectionTrait as _, DbErr, EntityTrait, IdenStatic as _, PaginatorTrait, QueryFilter,
    Statement,
};
use table_query::Comparison;

use super::label::NAME;
use crate::ctx::Ctx;
use crate::db_error::on_foreign_key;
use crate::error::{Error, Faults, Result};
use crate::kind::Kind;
use crate::query::check::{
    INT_MAX, missing_row, money, optional_texts, reference, required_texts, unique_violation,
};
use crate::query::{Collection, Direction, Field, FieldCheck, Filter, ListColumn, TextRules, Texts};
use crate::resource::{Created, Editable, RelatedRows, Resource, delete_row, insert, update_row};
use crate::stock::{low_stock, record};
use crate::tx::Tx;

/// The values that a client can send for a product.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub texts: Texts,
    pub category_id: Field<i64>,
    pub brand_id: Field<i64>,
    /// 0 or more, at most two decimals.
    pub cost_price: Field<String>,
    /// 0 or more, at most two decimals.
    pub selling_price: Field<String>,
    /// 0 or more.
    pub quantity: Field<i64>,
    /// The faults of values that the API could not read.
    pub faults: Faults,
}

pub fn is_low(ctx: &Ctx, row: &Model) -> bool {
    low_stock::is_low(row.quantity, ctx.services.config.low_stock_threshold)
}

/// The products that are low on stock, or those that are not.
pub fn low_stock_filter(ctx: &Ctx, is_low: bool) -> Filter {
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

/// Writes a draft to a row, except for the quantity, which it returns: only `stock/record.rs` changes stock.
async fn write(tx: &Tx, row: &mut Model, draft: Draft, mut check: FieldCheck) -> Result<i64> {
    required_texts::<Entity>(&mut check, tx, row, &draft.texts).await?;
    if let Some(id) = reference::<category::Entity>(&mut check, tx, "category_id", draft.category_id).await? {
        row.category_id = id;
    }
    if let Some(id) = reference::<brand::Entity>(&mut check, tx, "brand_id", draft.brand_id).await? {
        row.brand_id = id;
    }
    optional_texts::<Entity>(&mut check, tx, row, &draft.texts).await?;
    if let Some(price) = money(&mut check, "cost_price", draft.cost_price) {
        row.cost_price = price;
    }
    if let Some(price) = money(&mut check, "selling_price", draft.selling_price) {
        row.selling_price = price;
    }
    let quantity = check.integer("quantity", draft.quantity, 0..=INT_MAX, Some(0));
    check.finish()?;
    Ok(quantity.unwrap_or(row.quantity))
}

/// The error of a statement that violates a constraint because of a change made after the draft was checked.
fn constraint_error(row: &Model) -> impl FnOnce(DbErr) -> Error + use<> {
    let (category_id, brand_id) = (row.category_id, row.brand_id);
    move |error| {
        let fault = match Failure::of(&error) {
            Failure::Unique(name) => unique_violation::<Entity>(&name),
            Failure::ForeignKey(Some(name)) => match name.as_str() {
                "product_category_id_fkey" => Some(missing_row("category_id", category_id)),
                "product_brand_id_fkey" => Some(missing_row("brand_id", brand_id)),
                _ => None,
            },
            _ => None,
        };
        fault.map_or_else(|| error.into(), Error::from)
    }
}

impl Collection for Entity {
    const COLUMNS: &'static [ListColumn<Column>] = &[
        ListColumn::text(Column::Title, Column::TitleFolded, NAME),
        ListColumn::value(Column::Id),
        ListColumn::text(
            Column::Description,
            Column::DescriptionFolded,
            TextRules::OPTIONAL,
        ),
        ListColumn::text(
            Column::SerieNumber,
            Column::SerieNumberFolded,
            TextRules {
                max_length: 200,
                unique: true,
                ..TextRules::OPTIONAL
            },
        ),
        ListColumn::value(Column::CostPrice),
        ListColumn::value(Column::SellingPrice),
        ListColumn::value(Column::Quantity),
        ListColumn::value(Column::CreatedAt),
        ListColumn::value(Column::UpdatedAt),
    ];
    const DEFAULT_ORDER: (&'static str, Direction) = ("title", Direction::Ascending);
    const INDEXED_ORDERS: &'static [&'static str] =
        &["title", "id", "cost_price", "selling_price", "created_at"];
    const OPTIONAL_COLUMNS: &'static [(Column, &'static [&'static str])] = &[
        (Column::Description, &["description"]),
        (Column::SerieNumber, &["serie_number"]),
        (Column::CostPrice, &["cost_price"]),
        (Column::SellingPrice, &["selling_price"]),
        (Column::Quantity, &["quantity", "is_low_stock"]),
        (Column::Version, &["version"]),
        (Column::CreatedAt, &["created_at"]),
        (Column::UpdatedAt, &["updated_at"]),
    ];
}

impl Resource for Entity {
    const KIND: Kind = Kind::Product;
    type Draft = Draft;

    /// Locks the unique texts in a fixed order. Otherwise two batches with the same texts in different orders could deadlock on
    /// the index entries.
    async fn lock_for(tx: &Tx, drafts: &[Draft]) -> Result<()> {
        if tx.backend() == Backend::Sqlite || drafts.len() < 2 {
            return Ok(());
        }
        let mut texts: Vec<String> = Vec::new();
        for (column, _) in Self::texts().filter(|(_, text)| text.rules.unique) {
            texts.extend(drafts.iter().filter_map(|draft| match draft.texts.get(column) {
                Field::Set(text) => Some(format!("{}:{}", column.as_str(), text.trim())),
                _ => None,
            }));
        }
        if texts.len() < 2 {
            return Ok(());
        }
        let sql = "SELECT pg_advisory_xact_lock(number) FROM (
            SELECT DISTINCT hashtextextended(text, 0) AS number
            FROM json_array_elements_text(CAST($1 AS json)) AS text ORDER BY number) AS ordered";
        let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [json_rows(&texts)]);
        tx.query_all_raw(statement).await?;
        Ok(())
    }

    async fn create(tx: &Tx, mut draft: Draft) -> Result<Created<Self>> {
        let check = FieldCheck::new_object(std::mem::take(&mut draft.faults));
        let mut row = Model::blank(tx.ctx().now);
        row.quantity = write(tx, &mut row, draft, check).await?;
        let on_error = constraint_error(&row);
        let row = insert::<Self>(tx, row).await.map_err(on_error)?;
        record::record_opening(tx, &row).await?;
        Ok(Created::new(row))
    }

    async fn load_related(tx: &Tx, rows: &[Model]) -> Result<Vec<RelatedRows>> {
        let mut related = Vec::with_capacity(rows.len());
        for row in rows {
            related.push(RelatedRows {
                brand: brand::Entity::find_by_id(row.brand_id).one(tx).await?,
                category: category::Entity::find_by_id(row.category_id).one(tx).await?,
                ..RelatedRows::default()
            });
        }
        Ok(related)
    }

    async fn remove(tx: &Tx, row: &Model) -> Result<Option<Model>> {
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
        })?;
        Ok(None)
    }
}

impl Editable for Entity {
    async fn change(tx: &Tx, mut row: Model, mut draft: Draft) -> Result<Model> {
        let check = FieldCheck::existing_object(std::mem::take(&mut draft.faults));
        let quantity = write(tx, &mut row, draft, check).await?;
        row.version += 1;
        row.updated_at = tx.ctx().now;
        record::adjust(tx, &mut row, quantity).await?;
        let on_error = constraint_error(&row);
        update_row::<Self>(tx, &row).await.map_err(on_error)?;
        Ok(row)
    }
}
