//! Custom scalars other than `Decimal`; conversions of `ID`, which can be any string, into keys, and of 64-bit numbers into
//! `Int`, which has 32 bits.

use async_graphql::{Context, Description, ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime as ChronoDateTime, NaiveDate, SecondsFormat, Utc};
use graphql_server::ErrorCode;
use graphql_server::resolve::{WriteValue, write};
use table_query::parse_day;

use crate::decimal::Decimal;

/// A whole number that may not fit in 32 bits, sent as a string: `"4200000000"`.
/// Only sums use it.
#[derive(Description, Clone, Debug)]
pub struct BigInt(pub String);

#[Scalar(name = "BigInt", use_type_description = true)]
impl ScalarType for BigInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.parse::<i128>().is_ok() => Ok(Self(text)),
            Value::Number(number) if number.is_i64() => Ok(Self(number.to_string())),
            _ => Err(expected("a whole number as a string")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A point in time in UTC, RFC 3339: `"2024-01-15T10:30:00Z"`, with the fraction of
/// a second if it has one: `"2024-01-15T10:30:00.123456Z"`. Other offsets are
/// accepted as input and converted.
#[derive(Description, Clone, Copy, Debug)]
pub struct DateTime(pub ChronoDateTime<Utc>);

impl DateTime {
    fn read(value: &Value) -> Option<Self> {
        let Value::String(text) = value else { return None };
        let time = ChronoDateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(time.with_timezone(&Utc)))
    }
}

#[Scalar(
    name = "DateTime",
    use_type_description = true,
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::read(&value).ok_or_else(|| expected("a time such as 2024-01-15T10:30:00Z"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_some()
    }

    fn to_value(&self) -> Value {
        // All digits are kept, so that a filter for a time from a response finds its row.
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl WriteValue for DateTime {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        write(json, &self.to_value());
        true
    }
}

/// A calendar day in UTC: `"2024-01-15"`.
#[derive(Description, Clone, Copy, Debug)]
pub struct Date(pub NaiveDate);

impl Date {
    fn read(value: &Value) -> Option<Self> {
        let Value::String(text) = value else { return None };
        parse_day(text).map(Self)
    }
}

#[Scalar(
    name = "Date",
    use_type_description = true,
    specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html"
)]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::read(&value).ok_or_else(|| expected("a day such as 2024-01-15"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// The error for a value that does not have the scalar's form. The code prevents async-graphql from appending its own
/// message, which quotes the value.
pub(crate) fn expected<T: async_graphql::InputType>(form: &str) -> InputValueError<T> {
    InputValueError::custom(format!("expected {form}"))
        .with_extension("code", ErrorCode::BadUserInput.as_str())
}

/// Whether a value is valid for the custom scalar with this name. Any value is valid for an unknown scalar.
pub fn is_valid_scalar(name: &str, value: &Value) -> bool {
    match name {
        "Decimal" => <Decimal as ScalarType>::is_valid(value),
        "DateTime" => <DateTime as ScalarType>::is_valid(value),
        "Date" => <Date as ScalarType>::is_valid(value),
        _ => true,
    }
}

/// Parses the key of a row, which consists of ASCII digits. Any other string identifies no row.
pub fn parse_id(id: &ID) -> Option<i64> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    id.parse().ok()
}

/// A 64-bit number as an `Int`, saturating.
pub fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

/// A count as an `Int`, saturating.
pub fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use async_graphql::{ID, ScalarType as _, Value};

    use super::{Date, DateTime, parse_id};

    #[test]
    fn only_digits_are_keys() {
        assert_eq!(parse_id(&ID::from("12")), Some(12));
        assert_eq!(parse_id(&ID::from("9223372036854775807")), Some(i64::MAX));
        for id in ["", "abc", "+1", "-1", "1.0", " 1", "9223372036854775808", "١"] {
            assert_eq!(parse_id(&ID::from(id)), None, "{id:?}");
        }
    }

    #[test]
    fn times_and_days_are_normalized() {
        let read = |text: &str| DateTime::parse(Value::from(text)).map(|time| time.to_value());
        assert_eq!(
            read("2024-01-15T12:30:00.75+02:00").ok(),
            Some("2024-01-15T10:30:00.750Z".into())
        );
        for text in ["2024-01-15T10:30:00Z", "2024-01-15T10:30:00.123456Z"] {
            assert_eq!(read(text).ok(), Some(text.into()));
        }
        assert!(read("2024-01-15").is_err() && read("tomorrow").is_err());
        let day = |text: &str| Date::parse(Value::from(text)).map(|day| day.to_value());
        assert_eq!(day("2024-02-29").ok(), Some("2024-02-29".into()));
        for text in [
            "2023-02-29",
            "2024-1-5",
            "+2024-01-05",
            "2024-01-15T00:00:00Z",
            "12024-01-1",
        ] {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
