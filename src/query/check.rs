//! Checks of a draft's fields that need the database or the declared columns. [`FieldCheck`] has the other checks.

use ::entity::money::MoneyError;
use ::entity::{MAX_FOLDED_BYTES, Money, Record as _, fold};
use sea_orm::{
    ColumnTrait, IdenStatic as _, ModelTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
};
use table_query::{TextColumn, TextRules};

use super::{Collection, Field, FieldCheck, Texts, key};
use crate::error::{Fault, FaultCode, Result};
use crate::tx::Tx;

/// The largest quantity: the largest signed 32-bit integer.
pub const INT_MAX: i64 = 2_147_483_647;

/// Writes the required texts of a draft to a row, with their folded forms.
pub async fn required_texts<R: Collection>(
    check: &mut FieldCheck,
    tx: &Tx,
    row: &mut R::Model,
    texts: &Texts,
) -> Result<()> {
    write_texts::<R>(check, tx, row, texts, |rules| rules.required).await
}

/// Writes the other texts of a draft to a row, with their folded forms.
pub async fn optional_texts<R: Collection>(
    check: &mut FieldCheck,
    tx: &Tx,
    row: &mut R::Model,
    texts: &Texts,
) -> Result<()> {
    write_texts::<R>(check, tx, row, texts, |rules| !rules.required).await
}

async fn write_texts<R: Collection>(
    check: &mut FieldCheck,
    tx: &Tx,
    row: &mut R::Model,
    texts: &Texts,
    is_chosen: fn(&TextRules) -> bool,
) -> Result<()> {
    for (column, TextColumn { folded, rules }) in R::texts().filter(|(_, text)| is_chosen(&text.rules)) {
        let (name, value) = (column.as_str(), texts.get(column));
        let value = if rules.required {
            check.required_text(name, value, rules.max_length).map(Some)
        } else {
            check.optional_text(name, value, rules.max_length)
        };
        let Some(value) = value else { continue };
        let folded_value = value.as_deref().map(fold);
        // In a few scripts, 500 folded characters have more bytes than an index entry of PostgreSQL can hold.
        if rules.max_length < usize::MAX
            && folded_value
                .as_ref()
                .is_some_and(|folded| folded.len() > MAX_FOLDED_BYTES)
        {
            check.fault(name, FaultCode::TooLong, "This text is too long for its script.");
            continue;
        }
        if rules.unique
            && let Some(value) = &value
        {
            let others = R::find().filter(column.eq(value)).filter(key::<R>().ne(row.id()));
            if others.count(tx).await? > 0 {
                check.push(not_unique(name));
            }
        }
        row.try_set(folded, folded_value.into())?;
        row.try_set(column, value.into())?;
    }
    Ok(())
}

/// Parses a price.
pub fn money(check: &mut FieldCheck, field: &'static str, value: Field<String>) -> Option<Money> {
    let text = check.required(field, value)?;
    let (code, message) = match Money::parse(text.trim()) {
        Ok(money) => return Some(money),
        Err(MoneyError::Malformed) => (FaultCode::Invalid, "A valid number is required."),
        Err(MoneyError::TooManyWholeDigits) => (
            FaultCode::OutOfRange,
            "Ensure that there are no more than 20 digits before the decimal point.",
        ),
        Err(MoneyError::TooManyDecimals) => (
            FaultCode::OutOfRange,
            "Ensure that there are no more than 2 decimal places.",
        ),
        Err(MoneyError::Negative) => (
            FaultCode::OutOfRange,
            "Ensure this value is greater than or equal to 0.",
        ),
    };
    check.fault(field, code, message);
    None
}

/// The id of a row of another table, which must exist.
pub async fn reference<R: Collection>(
    check: &mut FieldCheck,
    tx: &Tx,
    field: &'static str,
    value: Field<i64>,
) -> Result<Option<i64>> {
    let Some(id) = check.required(field, value) else {
        return Ok(None);
    };
    let found: Option<i64> = R::find_by_id(id)
        .select_only()
        .column(key::<R>())
        .into_tuple()
        .one(tx)
        .await?;
    if found.is_none() {
        check.push(missing_row(field, id));
    }
    Ok(found)
}

/// The fault of a reference to a row that does not exist.
pub fn missing_row(field: &'static str, id: i64) -> Fault {
    Fault::new(
        field,
        FaultCode::NotFound,
        format!("Invalid pk \"{id}\" - object does not exist."),
    )
}

/// The fault for a unique constraint that a statement violated, if it is on a text. `constraint` is its name, or on SQLite
/// its table and column.
pub fn unique_violation<R: Collection>(constraint: &str) -> Option<Fault> {
    let table = R::default();
    let table = table.table_name();
    R::texts()
        .map(|(column, _)| column.as_str())
        .find(|name| constraint == format!("{table}_{name}_key") || constraint == format!("{table}.{name}"))
        .map(not_unique)
}

fn not_unique(field: &'static str) -> Fault {
    Fault::new(field, FaultCode::Taken, "This field must be unique.")
}
