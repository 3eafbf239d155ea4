//! Prices as Django shows them.
//!
//! SQLite stores a `decimal` as an integer or a double. Django takes 15 significant digits of it and rounds them half to
//! even to two decimals, and fails for more than 18 digits before the point. PostgreSQL stores all digits.

use rust_decimal::Decimal;

use crate::value::Value;

/// The precision of stored numbers, which determines how Django shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Precision {
    /// SQLite: 15 significant digits.
    Fifteen,
    /// PostgreSQL: all digits.
    Exact,
}

/// A price, and whether it differs from the stored number.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) amount: Decimal,
    pub(crate) rounded: bool,
}

/// Reads a price; `None` if Django can't show it or it has more than 20 digits before the point.
pub(crate) fn read(value: &Value, precision: Precision) -> Option<Price> {
    let mut number = match value {
        Value::Integer(number) => Digits::parse(&number.to_string())?,
        // Django shows a double with 15 digits on either database.
        Value::Real(number) if number.is_finite() => Digits::parse(&format!("{number:.14e}"))?,
        Value::Number(text) | Value::Text(text) => Digits::parse(text.trim())?,
        _ => return None,
    };
    let mut digits_changed = false;
    if precision == Precision::Fifteen {
        digits_changed = number.round_to(15);
    }
    let max_whole_digits = if precision == Precision::Fifteen { 18 } else { 20 };
    let (cents, cents_changed) = number.cents(max_whole_digits)?;
    let amount = Decimal::try_from_i128_with_scale(cents, 2).ok()?;
    let rounded = match value {
        Value::Real(number) => amount.to_string().parse() != Ok(*number),
        _ => digits_changed || cents_changed,
    };
    Some(Price { amount, rounded })
}

/// A decimal number: `digits` × 10^`exponent`.
struct Digits {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Digits {
    fn parse(text: &str) -> Option<Self> {
        if text.len() > 200 {
            return None;
        }
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?.into()),
            None => (text, 0_i64),
        };
        let (negative, mantissa) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let digits: Vec<u8> = digits
            .into_iter()
            .map(|digit| digit - b'0')
            .skip_while(|digit| *digit == 0)
            .collect();
        let exponent = exponent - i64::try_from(fraction.len()).ok()?;
        Some(Self {
            negative,
            digits,
            exponent,
        })
    }

    /// Rounds to `count` significant digits, half to even; true if that changed the number.
    fn round_to(&mut self, count: usize) -> bool {
        self.digits.len() > count && self.drop_last(self.digits.len() - count)
    }

    /// Rounds away the last `count` digits, half to even; true if one of them was not zero.
    fn drop_last(&mut self, count: usize) -> bool {
        let remaining = self.digits.len().saturating_sub(count);
        // The number of zeros between the rounding position and the first digit, if all digits are rounded away.
        let leading_zeros = count.saturating_sub(self.digits.len());
        let dropped = self.digits.split_off(remaining);
        self.exponent = self
            .exponent
            .saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
        let changed = dropped.iter().any(|digit| *digit != 0);
        let first_dropped = if leading_zeros > 0 {
            0
        } else {
            dropped.first().copied().unwrap_or(0)
        };
        let has_more = dropped.iter().skip(1).any(|digit| *digit != 0);
        let is_odd = self.digits.last().is_some_and(|digit| digit % 2 == 1);
        if first_dropped > 5 || (first_dropped == 5 && (has_more || is_odd)) {
            self.add_one();
        }
        changed
    }

    fn add_one(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        self.digits.insert(0, 1);
    }

    /// The hundredths, rounded half to even, and whether that changed the number; `None` if there are more than
    /// `max_whole_digits` digits before the point.
    fn cents(mut self, max_whole_digits: i64) -> Option<(i128, bool)> {
        if self.digits.iter().all(|digit| *digit == 0) {
            return Some((0, false));
        }
        let changed = if self.exponent < -2 {
            // One position beyond all digits is enough to round to zero.
            let length = i64::try_from(self.digits.len()).ok()?;
            let count = (-2 - self.exponent).min(length + 1);
            let changed = self.drop_last(usize::try_from(count).ok()?);
            self.exponent = -2;
            changed
        } else {
            false
        };
        let length = i64::try_from(self.digits.len()).ok()?;
        if length + self.exponent > max_whole_digits {
            return None;
        }
        let mut cents = self
            .digits
            .iter()
            .fold(0_i128, |sum, digit| sum * 10 + i128::from(*digit));
        for _ in -2..self.exponent {
            cents *= 10;
        }
        Some((if self.negative { -cents } else { cents }, changed))
    }
}

#[cfg(test)]
mod tests {
    use super::{Precision, read};
    use crate::value::Value;

    fn shown(value: &Value, precision: Precision) -> Option<(String, bool)> {
        read(value, precision).map(|price| (price.amount.to_string(), price.rounded))
    }

    fn real(number: f64) -> Option<(String, bool)> {
        shown(&Value::Real(number), Precision::Fifteen)
    }

    fn exact(digits: &str) -> Option<(String, bool)> {
        shown(&Value::Number(digits.to_owned()), Precision::Exact)
    }

    #[test]
    fn doubles_are_shown_as_django_shows_them() {
        let price = |text: &str, rounded| Some((text.to_owned(), rounded));
        assert_eq!(real(9.9), price("9.90", false));
        assert_eq!(real(0.300_000_000_000_000_04), price("0.30", true));
        assert_eq!(real(10.005), price("10.00", true));
        assert_eq!(real(10.015), price("10.02", true));
        assert_eq!(
            real(123_456_789_012_345_680.0),
            price("123456789012346000.00", true)
        );
        assert_eq!(real(100_000_000_000_000.5), price("100000000000000.00", true));
        assert_eq!(real(100_000_000_000_001.5), price("100000000000002.00", true));
        assert_eq!(real(-5.0), price("-5.00", false));
        assert_eq!(real(0.004), price("0.00", true));
        assert_eq!(real(0.005), price("0.00", true));
        assert_eq!(real(0.015), price("0.02", true));
        assert_eq!(real(1e-300), price("0.00", true));
        assert_eq!(real(999.999), price("1000.00", true));
        assert_eq!(real(1e18), None);
        assert_eq!(real(1e300), None);
        assert_eq!(real(f64::NAN), None);
    }

    #[test]
    fn integers_have_fifteen_digits_on_sqlite_only() {
        let many = Value::Integer(99_999_999_999_999_999);
        assert_eq!(
            shown(&many, Precision::Fifteen),
            Some(("100000000000000000.00".to_owned(), true))
        );
        assert_eq!(
            shown(&many, Precision::Exact),
            Some(("99999999999999999.00".to_owned(), false))
        );
        assert_eq!(
            shown(&Value::Integer(0), Precision::Fifteen),
            Some(("0.00".to_owned(), false))
        );
    }

    #[test]
    fn exact_digits_are_kept() {
        assert_eq!(
            exact("99999999999999999999.99"),
            Some(("99999999999999999999.99".to_owned(), false))
        );
        assert_eq!(exact("99999999999999999999.995"), None);
        assert_eq!(exact("2.345"), Some(("2.34".to_owned(), true)));
        assert_eq!(exact("0.0050"), Some(("0.00".to_owned(), true)));
        assert_eq!(exact("0.00000051"), Some(("0.00".to_owned(), true)));
        assert_eq!(exact("1e3"), Some(("1000.00".to_owned(), false)));
        for bad in [
            "NaN",
            "Infinity",
            "12,50",
            "",
            ".",
            "-",
            "1e",
            "1e99999999999",
            "٣",
        ] {
            assert_eq!(exact(bad), None, "{bad}");
        }
        assert_eq!(read(&Value::Null, Precision::Exact), None);
    }
}
