//! Reads whole numbers from columns of any type.

use crate::value::Value;

/// The whole number in a cell; `None` if it contains something else.
pub(crate) fn read(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Real(number) => whole(*number),
        Value::Number(text) | Value::Text(text) => parse(text.trim()),
        Value::Null | Value::Boolean(_) | Value::Bytes(_) => None,
    }
}

fn parse(text: &str) -> Option<i64> {
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_whole = fraction.bytes().all(|byte| byte == b'0');
    if is_whole { digits.parse().ok() } else { None }
}

/// The whole number in a double. Doubles from 2⁵³ can't represent every whole number, so they are rejected.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        format!("{number:.0}").parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::value::Value;

    #[test]
    fn whole_numbers_are_read() {
        assert_eq!(read(&Value::Integer(-4)), Some(-4));
        assert_eq!(read(&Value::Real(2.0)), Some(2));
        assert_eq!(read(&Value::Real(-0.0)), Some(0));
        assert_eq!(read(&Value::Real(2.5)), None);
        assert_eq!(read(&Value::Real(f64::INFINITY)), None);
        assert_eq!(read(&Value::Real(1e300)), None);
        assert_eq!(read(&Value::Number("12.00".to_owned())), Some(12));
        assert_eq!(read(&Value::Text("7".to_owned())), Some(7));
        assert_eq!(read(&Value::Text("seven".to_owned())), None);
        assert_eq!(read(&Value::Null), None);
    }
}
