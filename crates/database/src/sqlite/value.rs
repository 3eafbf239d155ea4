//! Values as SQLite stores them.
//!
//! * A timestamp is the number of microseconds since 1970, in a column declared `MOMENT`. It sorts by time.
//! * Money is text of fixed width, `00000000000000000799.99`, in a column declared `MONEY_TEXT`. It sorts by amount and
//!   is exact, whereas SQLite's floating-point numbers would be rounded.
//! * A boolean is 0 or 1, in a column declared `BOOLEAN`.

use chrono::DateTime;
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value as Stored, ValueRef};
use rust_decimal::Decimal;
use sea_orm::{DbErr, Statement, Value};

/// Digits of an amount before the decimal point.
pub const MONEY_WHOLE_DIGITS: usize = 20;
/// Digits of an amount after the decimal point.
pub const MONEY_DECIMALS: u32 = 2;

/// The parameters of a statement.
pub(super) fn parameters(statement: &Statement) -> impl Iterator<Item = Parameter<'_>> {
    statement
        .values
        .iter()
        .flat_map(|values| values.0.iter())
        .map(Parameter)
}

pub(super) struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let integer = |value: i64| ToSqlOutput::Owned(Stored::Integer(value));
        let null = ToSqlOutput::Owned(Stored::Null);
        Ok(match self.0 {
            Value::Bool(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::TinyInt(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::SmallInt(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::Int(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::BigInt(value) => value.map_or(null, integer),
            Value::Unsigned(value) => value.map_or(null, |value| integer(i64::from(value))),
            Value::BigUnsigned(value) => match value.map(i64::try_from) {
                None => null,
                Some(Ok(value)) => integer(value),
                Some(Err(error)) => return Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
            },
            Value::String(value) => match value {
                Some(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
                None => null,
            },
            Value::ChronoDateTimeUtc(value) => {
                value.map_or(null, |moment| integer(moment.timestamp_micros()))
            }
            Value::Decimal(value) => match value {
                Some(value) => ToSqlOutput::Owned(Stored::Text(money_text(*value))),
                None => null,
            },
            other => {
                let message = format!("a {other:?} can't be stored in SQLite");
                return Err(rusqlite::Error::ToSqlConversionFailure(message.into()));
            }
        })
    }
}

/// The fixed-width text of an amount. A filter may compare with an amount that no column can contain: a negative one becomes
/// `-` and one that is too large becomes `:`, which sort before and after all digits.
fn money_text(value: Decimal) -> String {
    if value.is_sign_negative() && !value.is_zero() {
        return "-".to_owned();
    }
    let mut value = value.normalize();
    if value.scale() < MONEY_DECIMALS {
        value.rescale(MONEY_DECIMALS);
    }
    let text = value.to_string();
    let whole = text.find('.').unwrap_or(text.len());
    if whole > MONEY_WHOLE_DIGITS {
        return ":".to_owned();
    }
    format!("{}{text}", "0".repeat(MONEY_WHOLE_DIGITS - whole))
}

/// The amount of a fixed-width text. `Decimal`'s own parser takes several times as long.
fn read_money(text: &[u8]) -> Option<Decimal> {
    let (whole, decimals) = text.split_at_checked(MONEY_WHOLE_DIGITS)?;
    let decimals = decimals.strip_prefix(b".")?;
    if usize::try_from(MONEY_DECIMALS) != Ok(decimals.len()) {
        return None;
    }
    let mut digits = whole.iter().chain(decimals).skip_while(|digit| **digit == b'0');
    let units = digits.try_fold(0_i128, |units, digit| {
        digit
            .is_ascii_digit()
            .then(|| units * 10 + i128::from(digit - b'0'))
    })?;
    Decimal::try_from_i128_with_scale(units, MONEY_DECIMALS).ok()
}

/// The declared type of a column, which determines how its integers and texts are read.
#[derive(Clone, Copy)]
pub(super) enum DeclaredType {
    Moment,
    Money,
    Boolean,
    Other,
}

impl DeclaredType {
    pub(super) fn of(declared: Option<&str>) -> Self {
        match declared {
            Some("MOMENT") => Self::Moment,
            Some("MONEY_TEXT") => Self::Money,
            Some("BOOLEAN") => Self::Boolean,
            _ => Self::Other,
        }
    }

    pub(super) fn read(self, value: ValueRef<'_>) -> Result<Value, DbErr> {
        Ok(match (self, value) {
            (Self::Moment, ValueRef::Integer(micros)) => Value::ChronoDateTimeUtc(Some(
                DateTime::from_timestamp_micros(micros).ok_or_else(|| unreadable("timestamp"))?,
            )),
            (Self::Money, ValueRef::Text(text)) => {
                let parsed = || Decimal::from_str_exact(std::str::from_utf8(text).ok()?).ok();
                let amount = read_money(text).or_else(parsed);
                Value::Decimal(Some(amount.ok_or_else(|| unreadable("amount"))?))
            }
            (Self::Boolean, ValueRef::Integer(value)) => Value::Bool(Some(value != 0)),
            (_, ValueRef::Integer(value)) => Value::BigInt(Some(value)),
            (_, ValueRef::Real(value)) => Value::Double(Some(value)),
            (_, ValueRef::Text(text)) => Value::String(Some(
                String::from_utf8(text.to_vec()).map_err(|_| unreadable("text"))?,
            )),
            (_, ValueRef::Blob(bytes)) => Value::Bytes(Some(bytes.to_vec())),
            // SeaORM reads a null of any type as `None`.
            (_, ValueRef::Null) => Value::String(None),
        })
    }
}

pub(super) fn unreadable(kind: &str) -> DbErr {
    DbErr::Type(format!("the database contains a {kind} that can't be read"))
}

#[cfg(test)]
mod tests {
    use super::{money_text, read_money};
    use rust_decimal::Decimal;

    #[test]
    fn amounts_are_read_as_they_were_written() {
        for amount in ["0.00", "0.01", "799.99", "1000000.10", "99999999999999999999.99"] {
            let amount = Decimal::from_str_exact(amount).expect("a decimal");
            let read = read_money(money_text(amount).as_bytes()).expect("an amount");
            assert_eq!(read.to_string(), amount.to_string());
        }
        for text in [
            "",
            "799.99",
            "0000000000000000799.999",
            "000000000000000000a1.00",
            "-",
            ":",
        ] {
            assert_eq!(read_money(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn amounts_sort_as_text() {
        let text = |value: &str| money_text(Decimal::from_str_exact(value).expect("a decimal"));
        assert_eq!(text("799.99"), "00000000000000000799.99");
        assert_eq!(text("0"), "00000000000000000000.00");
        assert_eq!(text("99999999999999999999.99"), "99999999999999999999.99");
        let mut sorted: Vec<String> = [
            "-1",
            "0",
            "0.01",
            "1.0001",
            "1.01",
            "10",
            "9.99",
            "100000000000000000000",
        ]
        .map(text)
        .into();
        sorted.sort();
        let expected: Vec<String> = [
            "-1",
            "0",
            "0.01",
            "1.0001",
            "1.01",
            "9.99",
            "10",
            "100000000000000000000",
        ]
        .map(text)
        .into();
        assert_eq!(sorted, expected);
    }
}
