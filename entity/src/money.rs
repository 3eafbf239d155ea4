//! `Money`: an exact price.
//!
//! It is stored as `numeric(22,2)` on PostgreSQL. SQLite has no decimals, and a NUMERIC column rounds to a double, so SQLite
//! stores text of fixed width, `00000000000000000799.99`, which compares and sorts like the number. The `database` crate
//! writes and reads that format.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::DeriveValueType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An amount of money: exact, with up to 20 digits before the point and 2 after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
pub struct Money(pub Decimal);

/// The reason why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyError {
    /// Not a number.
    Malformed,
    /// More than 20 digits before the point.
    TooManyWholeDigits,
    /// More than 2 digits after the point.
    TooManyDecimals,
    /// Below zero.
    Negative,
}

/// The maximum number of digits before the point.
pub const WHOLE_DIGITS: usize = 20;
/// The maximum number of digits after the point.
pub const DECIMALS: u32 = 2;

impl Money {
    /// The largest amount, `99999999999999999999.99`.
    pub fn max() -> Self {
        Self(Decimal::from_i128_with_scale(
            9_999_999_999_999_999_999_999,
            DECIMALS,
        ))
    }

    /// Parses a decimal number, with or without an exponent, exactly. Leading and trailing zeros do not count as digits:
    /// `007.500` is valid.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let number = Number::parse(text).ok_or(MoneyError::Malformed)?;
        if number.digits.is_empty() {
            return Ok(Self(Decimal::new(0, DECIMALS)));
        }
        if number.decimals() > i64::from(DECIMALS) {
            return Err(MoneyError::TooManyDecimals);
        }
        if number.whole_digits() > i64::try_from(WHOLE_DIGITS).unwrap_or(i64::MAX) {
            return Err(MoneyError::TooManyWholeDigits);
        }
        if number.negative {
            return Err(MoneyError::Negative);
        }
        number.cents().map(Self).ok_or(MoneyError::Malformed)
    }

    /// Parses a bound for comparisons with prices, which can be any number. A number outside of the range of prices is replaced
    /// by one just outside of it. Decimals after the second are kept only as far as they affect a comparison.
    ///
    /// # Errors
    /// [`MoneyError::Malformed`] only.
    pub fn parse_bound(text: &str) -> Result<Self, MoneyError> {
        let number = Number::parse(text).ok_or(MoneyError::Malformed)?;
        if number.digits.is_empty() {
            return Ok(Self(Decimal::ZERO));
        }
        if number.negative {
            return Ok(Self(Decimal::NEGATIVE_ONE));
        }
        if number.whole_digits() > i64::try_from(WHOLE_DIGITS).unwrap_or(i64::MAX) {
            return Ok(Self(Self::max().0 + Decimal::ONE));
        }
        // Prices have two decimals, so three decimals and a flag for further ones suffice for a comparison.
        let (thousandths, has_remainder) = number.split_at_decimals(3);
        let value = Decimal::from_i128_with_scale(thousandths, 3);
        let remainder = Decimal::new(i64::from(has_remainder), 4);
        Ok(Self(value + remainder))
    }
}

/// The significant digits of a decimal number and the position of its point.
struct Number {
    negative: bool,
    /// Without leading and trailing zeros; empty for zero.
    digits: String,
    /// The value is `0.digits × 10^point`.
    point: i64,
}

impl Number {
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, decimals) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && decimals.is_empty()) || !all_digits(whole) || !all_digits(decimals) {
            return None;
        }
        let combined = format!("{whole}{decimals}");
        let significant = combined.trim_start_matches('0');
        let leading_zeros = i64::try_from(combined.len() - significant.len()).ok()?;
        let point = i64::try_from(whole.len()).ok()? - leading_zeros;
        let digits = significant.trim_end_matches('0').to_owned();
        Some(Self {
            negative,
            digits,
            point: point.saturating_add(exponent),
        })
    }

    fn whole_digits(&self) -> i64 {
        self.point.max(0)
    }

    fn decimals(&self) -> i64 {
        i64::try_from(self.digits.len())
            .unwrap_or(i64::MAX)
            .saturating_sub(self.point)
            .max(0)
    }

    /// The exact value, for numbers with at most two decimals and 20 whole digits.
    fn cents(&self) -> Option<Decimal> {
        let zeros =
            usize::try_from(i64::from(DECIMALS) - (i64::try_from(self.digits.len()).ok()? - self.point))
                .ok()?;
        let cents: i128 = format!("{}{}", self.digits, "0".repeat(zeros)).parse().ok()?;
        Some(Decimal::from_i128_with_scale(cents, DECIMALS))
    }

    /// The number in units of `10^-places`, rounded down, and whether there is a remainder.
    fn split_at_decimals(&self, places: i64) -> (i128, bool) {
        let count = usize::try_from(self.point.saturating_add(places)).unwrap_or(0);
        let head: String = self
            .digits
            .chars()
            .chain(std::iter::repeat('0'))
            .take(count)
            .collect();
        (head.parse().unwrap_or(0), self.digits.len() > count)
    }
}

/// Parses an exponent and limits it to a million, beyond which all numbers are out of range.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(sign * digits.parse::<i64>().unwrap_or(i64::MAX).min(1_000_000))
}

/// Serializes as a text, because a JSON number may be parsed as a float.
impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| de::Error::custom("not an amount of money"))
    }
}

impl fmt::Display for Money {
    /// Always with two decimals: `799.99`, `500.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut value = self.0.round_dp_with_strategy(DECIMALS, RoundingStrategy::ToZero);
        value.rescale(DECIMALS);
        write!(f, "{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Money, MoneyError};

    #[test]
    fn amounts_are_parsed_exactly() {
        for (text, formatted) in [
            ("0", "0.00"),
            ("799.99", "799.99"),
            ("800", "800.00"),
            ("007.500", "7.50"),
            (".5", "0.50"),
            ("1e3", "1000.00"),
            ("1.5E-1", "0.15"),
            ("12345678901234567890.99", "12345678901234567890.99"),
            ("99999999999999999999.99", "99999999999999999999.99"),
            ("-0", "0.00"),
        ] {
            assert_eq!(
                Money::parse(text).map(|money| money.to_string()),
                Ok(formatted.to_owned()),
                "{text}"
            );
        }
        assert_eq!(Money::max().to_string(), "99999999999999999999.99");
    }

    #[test]
    fn other_texts_are_rejected_with_the_reason() {
        assert_eq!(Money::parse("1.005"), Err(MoneyError::TooManyDecimals));
        assert_eq!(Money::parse("1e-400"), Err(MoneyError::TooManyDecimals));
        assert_eq!(
            Money::parse("123456789012345678901"),
            Err(MoneyError::TooManyWholeDigits)
        );
        assert_eq!(Money::parse("1e400"), Err(MoneyError::TooManyWholeDigits));
        assert_eq!(Money::parse("-0.01"), Err(MoneyError::Negative));
        for text in [
            "", "-", ".", "abc", "1_000", "1,5", " 1", "NaN", "Infinity", "1e", "0x10", "1.2.3",
        ] {
            assert_eq!(Money::parse(text), Err(MoneyError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn bounds_compare_correctly() {
        let price = |text| Money::parse(text).expect("a price");
        let bound = |text| Money::parse_bound(text).expect("a bound");
        assert!(bound("1.005") > price("1.00") && bound("1.005") < price("1.01"));
        assert!(bound("1.0000000000000001") > price("1.00") && bound("1.0000000000000001") < price("1.01"));
        assert!(bound("-3") < price("0"));
        assert!(bound("1e400") > Money::max() && bound("1e-400") > price("0"));
        assert_eq!(bound("799.99"), price("799.99"));
    }
}
