//! The value of a number, whose text the lexer has checked.

use async_graphql_value::Number;

/// An integer if 64 bits have room for it, otherwise the nearest double; nothing if that is infinite.
pub(crate) fn read_int(text: &str) -> Option<Number> {
    let int = text.parse::<i64>().map(Number::from);
    int.or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
        .or_else(|| read_float(text))
}

/// The nearest double; nothing if that is infinite. The standard library rounds correctly, which `serde_json` does only
/// with a feature that this crate can't rely on.
pub(crate) fn read_float(text: &str) -> Option<Number> {
    text.parse().ok().and_then(Number::from_f64)
}
