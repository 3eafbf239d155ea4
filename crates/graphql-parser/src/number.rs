//! The values of numbers. The lexer has checked their syntax.

use async_graphql_value::Number;

/// An integer if it fits into 64 bits, otherwise the nearest double. `None` if that is infinite.
pub(crate) fn read_int(text: &str) -> Option<Number> {
    let int = text.parse::<i64>().map(Number::from);
    int.or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
        .or_else(|| read_float(text))
}

/// The nearest double; `None` if that is infinite. Parsed by the standard library, which rounds correctly; `serde_json`
/// does so only with a feature that this crate can't rely on.
pub(crate) fn read_float(text: &str) -> Option<Number> {
    text.parse().ok().and_then(Number::from_f64)
}
