//! Whole numbers in the JSON of a request: JSON has a single number type, so `2`, `2.0` and `2e0` are the same.

use async_graphql::parser::types::{BaseType, Type};
use async_graphql::{Number, Value};

use crate::schema_index::{NamedType, SchemaIndex};

/// 2^51. Below this, a whole number in JSON text is never parsed as a different whole number. A large number written with
/// many zeros after the point can be parsed as a double that is not whole, which is refused.
const MAX_EXACT: f64 = 2_251_799_813_685_248.0;

/// The number as an integer, from any notation. `None` if it is not whole or too large.
pub(super) fn to_integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let double = number.as_f64()?;
        let is_whole = double.fract() == 0.0 && double.abs() < MAX_EXACT;
        // Converted through text, since the standard library has no checked conversion.
        is_whole.then(|| format!("{double:.0}").parse().ok())?
    })
}

/// Rewrites whole numbers as integers where `Int` or `ID` is expected, since async-graphql accepts nothing else there. The
/// value must fit its type.
pub(super) fn rewrite_whole_numbers(index: &SchemaIndex, ty: &Type, value: &mut Value) {
    match (&ty.base, value) {
        (BaseType::List(item_type), Value::List(items)) => {
            for item in items {
                rewrite_whole_numbers(index, item_type, item);
            }
        }
        (BaseType::List(item_type), value) => rewrite_whole_numbers(index, item_type, value),
        (BaseType::Named(name), Value::Number(number)) if matches!(name.as_str(), "Int" | "ID") => {
            if let Some(integer) = to_integer(number) {
                *number = integer.into();
            }
        }
        (BaseType::Named(name), Value::Object(fields)) => {
            let Some(NamedType::InputObject(input)) = index.named_type(name) else {
                return;
            };
            for (name, field) in &input.fields {
                if let Some(value) = fields.get_mut(name.as_str()) {
                    rewrite_whole_numbers(index, &field.ty, value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_several_notations() {
        for (text, expected) in [
            ("2", Some(2)),
            ("2.0", Some(2)),
            ("1E+2", Some(100)),
            ("-1.5e1", Some(-15)),
            ("-0.0", Some(0)),
            ("9223372036854775807", Some(i64::MAX)),
            ("900719925474099.0", Some(900_719_925_474_099)),
            // The nearest double is 9007199254740992.
            ("9007199254740993.0", None),
            ("1e300", None),
            ("2.5", None),
            ("1e-1", None),
        ] {
            let number: Number = serde_json::from_str(text).unwrap();
            assert_eq!(to_integer(&number), expected, "{text}");
        }
    }
}
