//! `DraftCheck`: checks a draft field by field and reports all faults together, with the messages of Django REST framework,
//! which the contract fixes.

use std::ops::RangeInclusive;

use ::entity::money::NotMoney;
use ::entity::{MAX_FOLDED_BYTES, Money, Record as _, fold};
use sea_orm::{
    ColumnTrait, IdenStatic as _, ModelTrait as _, PaginatorTrait as _, QueryFilter as _, QuerySelect as _,
};
use table_query::TextColumn;

use super::{Collection, Field, Texts, key};
use crate::error::{Error, Fault, FaultCode, Faults, Result};
use crate::tx::Tx;

/// The largest quantity: the largest signed 32-bit integer.
pub const INT_MAX: i64 = 2_147_483_647;

/// Collects the faults of a draft.
pub struct DraftCheck {
    is_new: bool,
    faults: Faults,
}

impl DraftCheck {
    /// Checks a draft for a new row, which must have all required fields. `faults` are those that the API layer has found.
    pub fn new_row(faults: Faults) -> Self {
        Self { is_new: true, faults }
    }

    /// Checks a draft for an existing row, which keeps its values for absent fields.
    pub fn old_row(faults: Faults) -> Self {
        Self {
            is_new: false,
            faults,
        }
    }

    /// A text of 1 to `max_length` characters, trimmed. `None` if it is absent or has a fault.
    pub fn required_text(
        &mut self,
        field: &'static str,
        value: Field<String>,
        max_length: usize,
    ) -> Option<String> {
        let text = self.required(field, value)?;
        let text = self.trimmed(field, &text, max_length)?;
        if text.is_empty() {
            self.fault(field, FaultCode::Blank, "This field may not be blank.");
            return None;
        }
        Some(text)
    }

    /// A text of at most `max_length` characters, trimmed; a blank one becomes null. `None` if it is absent or has a fault.
    pub fn optional_text(
        &mut self,
        field: &'static str,
        value: Field<String>,
        max_length: usize,
    ) -> Option<Option<String>> {
        match value {
            Field::Absent | Field::Unreadable => None,
            Field::Null => Some(None),
            Field::Set(text) => self
                .trimmed(field, &text, max_length)
                .map(|text| Some(text).filter(|text| !text.is_empty())),
        }
    }

    fn trimmed(&mut self, field: &'static str, text: &str, max_length: usize) -> Option<String> {
        let text = text.trim();
        if text.contains('\0') {
            self.fault(field, FaultCode::Invalid, "Null characters are not allowed.");
            return None;
        }
        if text.chars().count() > max_length {
            self.fault(
                field,
                FaultCode::TooLong,
                format!("Ensure this field has no more than {max_length} characters."),
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// Writes the required texts of a draft to a row, with their folded forms.
    pub async fn required_texts<R: Collection>(
        &mut self,
        tx: &Tx,
        row: &mut R::Model,
        texts: &Texts,
    ) -> Result<()> {
        for (column, text) in R::texts().filter(|(_, text)| text.rules.required) {
            self.write_text::<R>(tx, row, column, text, texts.get(column))
                .await?;
        }
        Ok(())
    }

    /// Writes the other texts of a draft to a row, with their folded forms.
    pub async fn optional_texts<R: Collection>(
        &mut self,
        tx: &Tx,
        row: &mut R::Model,
        texts: &Texts,
    ) -> Result<()> {
        for (column, text) in R::texts().filter(|(_, text)| !text.rules.required) {
            self.write_text::<R>(tx, row, column, text, texts.get(column))
                .await?;
        }
        Ok(())
    }

    async fn write_text<R: Collection>(
        &mut self,
        tx: &Tx,
        row: &mut R::Model,
        column: R::Column,
        text: TextColumn<R::Column>,
        value: Field<String>,
    ) -> Result<()> {
        let (name, rules) = (column.as_str(), text.rules);
        let value = if rules.required {
            self.required_text(name, value, rules.max_length).map(Some)
        } else {
            self.optional_text(name, value, rules.max_length)
        };
        let Some(value) = value else { return Ok(()) };
        // In a few scripts, 500 folded characters have more bytes than an index entry of PostgreSQL can hold.
        if rules.max_length < usize::MAX
            && value
                .as_deref()
                .is_some_and(|value| fold(value).len() > MAX_FOLDED_BYTES)
        {
            self.fault(name, FaultCode::TooLong, "This text is too long for its script.");
            return Ok(());
        }
        if rules.unique
            && let Some(value) = &value
        {
            let others = R::find().filter(column.eq(value)).filter(key::<R>().ne(row.id()));
            if others.count(tx).await? > 0 {
                self.faults.push(taken(name));
            }
        }
        row.try_set(text.folded, value.as_deref().map(fold).into())?;
        Ok(row.try_set(column, value.into())?)
    }

    /// Parses a price.
    pub fn money(&mut self, field: &'static str, value: Field<String>) -> Option<Money> {
        let text = self.required(field, value)?;
        match Money::parse(text.trim()) {
            Ok(money) => return Some(money),
            Err(NotMoney::Malformed) => self.fault(field, FaultCode::Invalid, "A valid number is required."),
            Err(NotMoney::TooManyWholeDigits) => self.fault(
                field,
                FaultCode::OutOfRange,
                "Ensure that there are no more than 20 digits before the decimal point.",
            ),
            Err(NotMoney::TooManyDecimals) => self.fault(
                field,
                FaultCode::OutOfRange,
                "Ensure that there are no more than 2 decimal places.",
            ),
            Err(NotMoney::Negative) => {
                self.fault(
                    field,
                    FaultCode::OutOfRange,
                    "Ensure this value is greater than or equal to 0.",
                );
            }
        }
        None
    }

    /// A whole number in a range. `default` applies to new rows; without it, they require the field.
    pub fn integer(
        &mut self,
        field: &'static str,
        value: Field<i64>,
        range: RangeInclusive<i64>,
        default: Option<i64>,
    ) -> Option<i64> {
        let number = match (value, default) {
            (Field::Absent, Some(default)) if self.is_new => default,
            (value, _) => self.required(field, value)?,
        };
        let (least, most) = (range.start(), range.end());
        if number < *least {
            self.fault(
                field,
                FaultCode::OutOfRange,
                format!("Ensure this value is greater than or equal to {least}."),
            );
            return None;
        }
        if number > *most {
            self.fault(
                field,
                FaultCode::OutOfRange,
                format!("Ensure this value is less than or equal to {most}."),
            );
            return None;
        }
        Some(number)
    }

    /// The id of a row of another table, which must exist.
    pub async fn reference<R: Collection>(
        &mut self,
        tx: &Tx,
        field: &'static str,
        value: Field<i64>,
    ) -> Result<Option<i64>> {
        let Some(id) = self.required(field, value) else {
            return Ok(None);
        };
        let found: Option<i64> = R::find_by_id(id)
            .select_only()
            .column(key::<R>())
            .into_tuple()
            .one(tx)
            .await
            .map_err(Error::from)?;
        if found.is_none() {
            self.faults.push(no_such(field, id));
        }
        Ok(found)
    }

    /// The id of a row of another table. The statement that uses it checks that the row exists.
    pub fn id(&mut self, field: &'static str, value: Field<i64>) -> Option<i64> {
        self.required(field, value)
    }

    /// A required value, which the caller checks further. `None` if it is absent or has a fault.
    pub fn required<T>(&mut self, field: &'static str, value: Field<T>) -> Option<T> {
        match value {
            Field::Set(value) => return Some(value),
            Field::Null => self.fault(field, FaultCode::Null, "This field may not be null."),
            Field::Absent if self.is_new => self.fault(field, FaultCode::Required, "This field is required."),
            Field::Absent | Field::Unreadable => {}
        }
        None
    }

    /// A value that must not be null. If it is absent, an existing row keeps its value and a new row gets the default.
    pub fn optional<T>(&mut self, field: &'static str, value: Field<T>) -> Option<T> {
        match value {
            Field::Absent => None,
            value => self.required(field, value),
        }
    }

    pub fn fault(&mut self, field: &'static str, code: FaultCode, message: impl Into<String>) {
        self.faults.push(Fault::new(field, code, message));
    }

    /// Whether there are no faults so far.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Fails with all faults, if there are any.
    pub fn finish(self) -> Result<()> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.faults))
        }
    }
}

/// The fault of a reference to a row that does not exist.
pub fn no_such(field: &'static str, id: i64) -> Fault {
    Fault::new(
        field,
        FaultCode::NotFound,
        format!("Invalid pk \"{id}\" - object does not exist."),
    )
}

/// The fault for a unique constraint that a statement violated, if it is on a text. `constraint` is its name, or on SQLite
/// its table and column.
pub fn violated_unique<R: Collection>(constraint: &str) -> Option<Fault> {
    let table = R::default();
    let table = table.table_name();
    R::texts()
        .map(|(column, _)| column.as_str())
        .find(|name| constraint == format!("{table}_{name}_key") || constraint == format!("{table}.{name}"))
        .map(taken)
}

fn taken(field: &'static str) -> Fault {
    Fault::new(field, FaultCode::Taken, "This field must be unique.")
}
