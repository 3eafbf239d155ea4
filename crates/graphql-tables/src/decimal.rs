//! The scalar `Decimal`.

use async_graphql::{Context, Description, InputValueResult, Number, Scalar, ScalarType, Value};
use form_fields::{Fault, FaultCode};
use graphql_server::resolve::{WriteValue, write, write_text};

use crate::context::TableContext;
use crate::scalar::expected;

/// An exact decimal number, sent as a string so that no client rounds it. Prices
/// always have two decimals: `"799.99"`, `"500.00"`. As input, a string
/// (`"799.99"`, `"800"`) or a number (`799.99`, `800`). A number must be less than
/// 10,000,000,000,000, since JSON readers round larger ones: send those as a string.
#[derive(Description, Clone, Debug, PartialEq, Eq)]
pub struct Decimal(Digits);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Digits {
    Exact(String),
    /// A JSON number so large that the client or the JSON parser could have rounded it to a double.
    Rounded,
}

/// The smallest number that counts as rounded. Smaller numbers with two decimals are unchanged by a conversion to a double
/// and back.
const MIN_ROUNDED: f64 = 1e13;

impl Decimal {
    /// The text as it was sent, which is not necessarily a number.
    ///
    /// # Errors
    /// A fault of `field` for a number that may have been rounded.
    pub fn into_digits(self, field: &'static str) -> Result<String, Fault> {
        match self.0 {
            Digits::Exact(text) => Ok(text),
            Digits::Rounded => Err(Fault::new(
                field,
                FaultCode::OutOfRange,
                "Send a number of 14 digits or more as a string.",
            )),
        }
    }

    /// The number to compare columns with, or `None` for a string that is not a number and for a rounded number.
    pub(crate) fn bound(&self, ctx: &impl TableContext) -> Option<rust_decimal::Decimal> {
        match &self.0 {
            Digits::Exact(text) => ctx.decimal_bound(text.trim()),
            Digits::Rounded => None,
        }
    }

    /// A number that its `Display` implementation formats exactly.
    pub fn exact(number: impl std::fmt::Display) -> Self {
        Self(Digits::Exact(number.to_string()))
    }

    fn from_number(number: &Number) -> Self {
        // `to_string` gives the shortest decimal that parses as the same double, which is the one that was sent.
        if number.as_f64().is_some_and(|value| value.abs() < MIN_ROUNDED) {
            Self(Digits::Exact(number.to_string()))
        } else {
            Self(Digits::Rounded)
        }
    }
}

#[Scalar(name = "Decimal", use_type_description = true)]
impl ScalarType for Decimal {
    // Strings are not checked here, so that the program can report an invalid one with the name of its field.
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(Digits::Exact(text))),
            Value::Number(number) => Ok(Self::from_number(&number)),
            _ => Err(expected("a string or a number")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_) | Value::Number(_))
    }

    fn to_value(&self) -> Value {
        match &self.0 {
            Digits::Exact(text) => Value::String(text.clone()),
            Digits::Rounded => Value::Null,
        }
    }
}

impl WriteValue for Decimal {
    fn write_value(&self, _: &Context<'_>, json: &mut Vec<u8>) -> bool {
        match &self.0 {
            Digits::Exact(text) => write_text(json, text),
            Digits::Rounded => write(json, &Value::Null),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType as _, Value};

    use super::{Decimal, Digits};

    #[test]
    fn numbers_keep_the_digits_that_were_sent() {
        for text in [
            "799.99",
            "800",
            "0.1",
            "9999999999999.99",
            "1234567890123",
            "-0.01",
        ] {
            let value: Value = serde_json::from_str(text).expect("a number");
            let decimal = Decimal::parse(value).expect("a decimal");
            assert_eq!(decimal, Decimal(Digits::Exact(text.to_owned())));
        }
        for text in ["10000000000000", "12345678901234567890.99", "-1e300"] {
            let value: Value = serde_json::from_str(text).expect("a number");
            assert_eq!(
                Decimal::parse(value).expect("a decimal"),
                Decimal(Digits::Rounded)
            );
        }
    }
}
