//! The scalars: exact decimals, big whole numbers, moments and days. And how ids and whole numbers of the domain look in
//! GraphQL, whose `Int` has 32 bits and whose `ID` is any text.

use ::entity::Money;
use async_graphql::{Description, ID, InputValueError, InputValueResult, Number, Scalar, ScalarType, Value};
use chrono::{DateTime as ChronoDateTime, NaiveDate, SecondsFormat, Utc};
use graphql_server::ErrorCode;

use crate::error::{Fault, FaultCode};
use crate::query::day::parse_day;

/// An exact decimal number, sent as a string so that no client rounds it. Prices
/// always have two decimals: `"799.99"`, `"500.00"`. As input, a string
/// (`"799.99"`, `"800"`) or a number (`799.99`, `800`). A number must be less than
/// 10,000,000,000,000, since JSON readers round larger ones: send those as a string.
#[derive(Description, Clone, Debug, PartialEq, Eq)]
pub struct Decimal(Written);

/// What a client or the database wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Written {
    Text(String),
    /// A number that whoever read the JSON may have rounded.
    Rounded,
}

/// The least number that is taken for rounded: any smaller one with two decimals comes through a double as it was.
const ROUNDED: f64 = 1e13;

impl Decimal {
    /// The text of a price, or what is wrong with it.
    ///
    /// # Errors
    /// A number that may have been rounded.
    pub fn text(self, field: &'static str) -> Result<String, Fault> {
        match self.0 {
            Written::Text(text) => Ok(text),
            Written::Rounded => Err(Fault::new(
                field,
                FaultCode::OutOfRange,
                "Send a number of 14 digits or more as a string.",
            )),
        }
    }

    /// A bound to compare prices with, if it is a number.
    pub fn bound(&self) -> Option<Money> {
        match &self.0 {
            Written::Text(text) => Money::parse_bound(text.trim()).ok(),
            Written::Rounded => None,
        }
    }

    /// A number that the database has written exactly.
    pub fn exact(text: String) -> Self {
        Self(Written::Text(text))
    }

    fn of_number(number: &Number) -> Self {
        // The shortest text that reads as the same double is the one that was sent.
        if number.as_f64().is_some_and(|value| value.abs() < ROUNDED) {
            Self(Written::Text(number.to_string()))
        } else {
            Self(Written::Rounded)
        }
    }
}

impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        Self(Written::Text(money.to_string()))
    }
}

#[Scalar(name = "Decimal", use_type_description = true)]
impl ScalarType for Decimal {
    // Whether a text is a price is a rule, with a user error of its field; here it only has to be a text or a number.
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(Written::Text(text))),
            Value::Number(number) => Ok(Self::of_number(&number)),
            _ => Err(refused("a string or a number")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_) | Value::Number(_))
    }

    fn to_value(&self) -> Value {
        match &self.0 {
            Written::Text(text) => Value::String(text.clone()),
            Written::Rounded => Value::Null,
        }
    }
}

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
            _ => Err(refused("a whole number as a string")),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// A moment in UTC, RFC 3339: `"2024-01-15T10:30:00Z"`, with its fraction of a second
/// where it has one: `"2024-01-15T10:30:00.123456Z"`. Other offsets are accepted as
/// input and converted.
#[derive(Description, Clone, Copy, Debug)]
pub struct DateTime(pub ChronoDateTime<Utc>);

impl DateTime {
    fn read(value: &Value) -> Option<Self> {
        let Value::String(text) = value else { return None };
        let moment = ChronoDateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(moment.with_timezone(&Utc)))
    }
}

#[Scalar(
    name = "DateTime",
    use_type_description = true,
    specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html"
)]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        Self::read(&value).ok_or_else(|| refused("a moment such as 2024-01-15T10:30:00Z"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_some()
    }

    fn to_value(&self) -> Value {
        // Nothing is cut off, so that filters find the row of a moment that was read.
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
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
        Self::read(&value).ok_or_else(|| refused("a day such as 2024-01-15"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

/// Whether a value is one of the custom scalar of this name.
pub fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "Decimal" => <Decimal as ScalarType>::is_valid(value),
        "DateTime" => <DateTime as ScalarType>::is_valid(value),
        "Date" => <Date as ScalarType>::is_valid(value),
        _ => true,
    }
}

/// The library adds its own words and the value around a scalar's; ours say what would be right.
fn refused<T: async_graphql::InputType>(expected: &str) -> InputValueError<T> {
    InputValueError::custom(format!("expected {expected}"))
        .with_extension("code", ErrorCode::BadUserInput.as_str())
}

/// The key that an id names: digits and nothing else. Any other text is the id of nothing.
pub fn key(id: &ID) -> Option<i64> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    id.parse().ok()
}

/// A whole number of the domain as an `Int`. Quantities have 32 bits by rule; a count or version beyond stops there.
pub fn int(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

/// A count as an `Int`.
pub fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use async_graphql::{ID, ScalarType as _, Value};

    use super::{Date, DateTime, Decimal, Written, key};

    #[test]
    fn numbers_come_through_as_they_were_sent() {
        for text in [
            "799.99",
            "800",
            "0.1",
            "9999999999999.99",
            "1234567890123",
            "-0.01",
        ] {
            let value: Value = serde_json::from_str(text).expect("a number");
            let read = Decimal::parse(value).expect("a decimal");
            assert_eq!(read, Decimal(Written::Text(text.to_owned())));
        }
        for text in ["10000000000000", "12345678901234567890.99", "-1e300"] {
            let value: Value = serde_json::from_str(text).expect("a number");
            assert_eq!(
                Decimal::parse(value).expect("a decimal"),
                Decimal(Written::Rounded)
            );
        }
    }

    #[test]
    fn only_digits_are_ids() {
        assert_eq!(key(&ID::from("12")), Some(12));
        assert_eq!(key(&ID::from("9223372036854775807")), Some(i64::MAX));
        for id in ["", "abc", "+1", "-1", "1.0", " 1", "9223372036854775808", "١"] {
            assert_eq!(key(&ID::from(id)), None, "{id:?}");
        }
    }

    #[test]
    fn moments_and_days_have_one_form() {
        let read = |text: &str| DateTime::parse(Value::from(text)).map(|moment| moment.to_value());
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
