//! `Check`: one line for each field of a draft, all faults at once, in the words of the document and of Django REST
//! framework.

use std::ops::RangeInclusive;

use ::entity::Money;
use ::entity::money::NotMoney;
use sea_orm::QuerySelect;

use super::key;
use crate::error::{Error, Fault, FaultCode, Faults, Result};
use crate::resource::Resource;
use crate::tx::Tx;

/// What a caller says of one field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field<T> {
    /// Nothing.
    #[default]
    Absent,
    /// That it is empty.
    Null,
    /// This.
    Set(T),
    /// Something that the face could not read and has a fault for already.
    Unreadable,
}

impl<T> Field<T> {
    /// The same with its value translated.
    pub fn map<U>(self, translate: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Set(value) => Field::Set(translate(value)),
            Self::Unreadable => Field::Unreadable,
        }
    }
}

/// The largest whole number of 32 bits, which no quantity passes.
pub const INT_MAX: i64 = 2_147_483_647;

/// Collects what is wrong with a draft.
pub struct Check {
    is_new: bool,
    faults: Faults,
}

impl Check {
    /// Of a draft for a new row, where what is required must be there, with the faults that its face has found.
    pub fn new_row(faults: Faults) -> Self {
        Self { is_new: true, faults }
    }

    /// Of a draft for a row that has all its values, where what is absent stays.
    pub fn old_row(faults: Faults) -> Self {
        Self {
            is_new: false,
            faults,
        }
    }

    /// A text that must be there: trimmed, 1 to `most` characters. `None` leaves the row as it is.
    pub fn required_text(
        &mut self,
        field: &'static str,
        value: Field<String>,
        most: usize,
    ) -> Option<String> {
        let text = self.required(field, value)?;
        let text = self.text(field, &text, most)?;
        if text.is_empty() {
            self.fault(field, FaultCode::Blank, "This field may not be blank.");
            return None;
        }
        Some(text)
    }

    /// A text that may be missing: trimmed, an empty one is null. `None` leaves the row as it is.
    pub fn optional_text(
        &mut self,
        field: &'static str,
        value: Field<String>,
        most: usize,
    ) -> Option<Option<String>> {
        match value {
            Field::Absent | Field::Unreadable => None,
            Field::Null => Some(None),
            Field::Set(text) => self
                .text(field, &text, most)
                .map(|text| Some(text).filter(|text| !text.is_empty())),
        }
    }

    fn text(&mut self, field: &'static str, text: &str, most: usize) -> Option<String> {
        let text = text.trim();
        if text.contains('\0') {
            self.fault(field, FaultCode::Invalid, "Null characters are not allowed.");
            return None;
        }
        if text.chars().count() > most {
            self.fault(
                field,
                FaultCode::TooLong,
                format!("Ensure this field has no more than {most} characters."),
            );
            return None;
        }
        Some(text.to_owned())
    }

    /// A price, as it was written.
    pub fn money(&mut self, field: &'static str, value: Field<String>) -> Option<Money> {
        let written = self.required(field, value)?;
        match Money::parse(written.trim()) {
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

    /// A whole number in a range. `default` is what a new row has without it; without a default it is required.
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
    pub async fn reference<R: Resource>(
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

    /// The id of a row of another table, which the statement that uses it will look for.
    pub fn id(&mut self, field: &'static str, value: Field<i64>) -> Option<i64> {
        self.required(field, value)
    }

    /// A value that must be there, and that the rule looks at itself. `None` leaves the row as it is.
    pub fn required<T>(&mut self, field: &'static str, value: Field<T>) -> Option<T> {
        match value {
            Field::Set(value) => return Some(value),
            Field::Null => self.fault(field, FaultCode::Null, "This field may not be null."),
            Field::Absent if self.is_new => self.fault(field, FaultCode::Required, "This field is required."),
            Field::Absent | Field::Unreadable => {}
        }
        None
    }

    /// A value that stays as it is when nothing is said of it, and is never null.
    pub fn optional<T>(&mut self, field: &'static str, value: Field<T>) -> Option<T> {
        match value {
            Field::Absent => None,
            said => self.required(field, said),
        }
    }

    /// Adds a fault that a rule has found itself.
    pub fn fault(&mut self, field: &'static str, code: FaultCode, message: impl Into<String>) {
        self.faults.push(Fault::new(field, code, message));
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Every fault at once, or none.
    pub fn finish(self) -> Result<()> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Error::Invalid(self.faults))
        }
    }
}

/// The fault of a reference to nothing.
pub fn no_such(field: &'static str, id: i64) -> Fault {
    Fault::new(
        field,
        FaultCode::NotFound,
        format!("Invalid pk \"{id}\" - object does not exist."),
    )
}
