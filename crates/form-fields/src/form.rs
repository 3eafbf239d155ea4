//! `Form`: the fields of a JSON body, with the documented messages for values of the wrong type.
//!
//! Numbers are read from their raw text, so that `899.00` and numbers of 22 digits are exact.

use std::collections::HashMap;

use chrono::{DateTime, Datelike as _, Utc};
use serde_json::value::RawValue;

use super::{Fault, FaultCode, Faults, Field};

/// The pattern of a text that is not blank.
pub const NOT_BLANK: &str = r"\S";

/// The reason why a body can't be read as fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error("the body is not JSON")]
    NotJson,
    #[error("the body is JSON, but not an object")]
    NotObject,
}

/// The fields of a body that have not been read, and the faults of those that have been read.
#[derive(Debug)]
pub struct Form<'a> {
    fields: HashMap<String, &'a RawValue>,
    faults: Faults,
}

/// A field, parsed only to its JSON type.
enum JsonField<'a> {
    Absent,
    Null,
    Bool(bool),
    Number(&'a str),
    Text(String),
    /// A string with a lone surrogate, which Rust strings cannot represent.
    InvalidText,
    List(&'a str),
    Object(&'a str),
}

impl<'a> Form<'a> {
    /// Parses an object. If a key is repeated, the last value counts.
    ///
    /// # Errors
    /// When the body is not a JSON object.
    pub fn parse(body: &'a [u8]) -> Result<Self, FormError> {
        match serde_json::from_slice(body) {
            Ok(fields) => Ok(Self {
                fields,
                faults: Faults::new(),
            }),
            Err(_) if is_not_json(body) => Err(FormError::NotJson),
            Err(_) => Err(FormError::NotObject),
        }
    }

    /// Like [`Form::parse`], but accepts an empty body as an empty object.
    pub fn parse_optional(body: &'a [u8]) -> Result<Self, FormError> {
        Self::parse(if body.trim_ascii().is_empty() { b"{}" } else { body })
    }

    /// Returns the faults of the fields that were read.
    pub fn faults(self) -> Faults {
        self.faults
    }

    fn take(&mut self, name: &str) -> JsonField<'a> {
        let Some(raw) = self.fields.remove(name).map(RawValue::get) else {
            return JsonField::Absent;
        };
        match raw.as_bytes().first() {
            Some(b'n') => JsonField::Null,
            Some(letter @ (b't' | b'f')) => JsonField::Bool(*letter == b't'),
            Some(b'"') => serde_json::from_str(raw).map_or(JsonField::InvalidText, JsonField::Text),
            Some(b'[') => JsonField::List(raw),
            Some(b'{') => JsonField::Object(raw),
            _ => JsonField::Number(raw),
        }
    }

    fn fault<T>(&mut self, field: &'static str, message: &str) -> Field<T> {
        self.faults.push(Fault::new(field, FaultCode::Invalid, message));
        Field::Unreadable
    }

    /// Reads a string. A number is accepted as its digits, as in Django REST framework.
    pub fn text(&mut self, field: &'static str) -> Field<String> {
        self.text_or_digits(field, "Not a valid string.")
    }

    /// Reads a decimal number, as a string or a number, without parsing it.
    pub fn decimal(&mut self, field: &'static str) -> Field<String> {
        self.text_or_digits(field, "A valid number is required.")
    }

    /// Reads a string or the digits of a number. Any other value is a fault with this message.
    fn text_or_digits(&mut self, field: &'static str, message: &str) -> Field<String> {
        match self.take(field) {
            JsonField::Absent => Field::Absent,
            JsonField::Null => Field::Null,
            JsonField::Text(text) => Field::Set(text),
            JsonField::Number(digits) => Field::Set(digits.to_owned()),
            JsonField::Bool(_) | JsonField::InvalidText | JsonField::List(_) | JsonField::Object(_) => {
                self.fault(field, message)
            }
        }
    }

    /// Reads a whole number, as a number or a string of its digits, clamped to 64 bits.
    pub fn integer(&mut self, field: &'static str) -> Field<i64> {
        let number = match self.take(field) {
            JsonField::Absent => return Field::Absent,
            JsonField::Null => return Field::Null,
            JsonField::Text(text) => parse_integer(text.trim()),
            JsonField::Number(number) => parse_json_integer(number),
            JsonField::Bool(_) | JsonField::InvalidText | JsonField::List(_) | JsonField::Object(_) => None,
        };
        match number {
            Some(number) => Field::Set(number),
            None => self.fault(field, "A valid integer is required."),
        }
    }

    pub fn boolean(&mut self, field: &'static str) -> Field<bool> {
        match self.take(field) {
            JsonField::Absent => Field::Absent,
            JsonField::Null => Field::Null,
            JsonField::Bool(value) => Field::Set(value),
            _ => self.fault(field, "Must be a valid boolean."),
        }
    }

    pub fn texts(&mut self, field: &'static str) -> Field<Vec<String>> {
        match self.take(field) {
            JsonField::Absent => Field::Absent,
            JsonField::Null => Field::Null,
            JsonField::List(raw) => match serde_json::from_str(raw) {
                Ok(texts) => Field::Set(texts),
                Err(_) => self.fault(field, "Expected a list of strings."),
            },
            _ => self.fault(field, "Expected a list of strings."),
        }
    }

    /// Reads a timestamp in RFC 3339.
    pub fn timestamp(&mut self, field: &'static str) -> Field<DateTime<Utc>> {
        let timestamp = match self.take(field) {
            JsonField::Absent => return Field::Absent,
            JsonField::Null => return Field::Null,
            JsonField::Text(text) => DateTime::parse_from_rfc3339(text.trim()).ok(),
            _ => None,
        };
        match timestamp.map(|timestamp| timestamp.with_timezone(&Utc)) {
            // The range that both databases accept.
            Some(timestamp) if (1..10_000).contains(&timestamp.year()) => Field::Set(timestamp),
            _ => self.fault(
                field,
                "Datetime has wrong format. Use one such as 2024-01-15T10:30:00Z.",
            ),
        }
    }

    /// Reads a reference, which is called `name` in the body and `column` in faults: an id, a string of its digits, or an
    /// object with an `id`.
    pub fn reference(&mut self, name: &str, column: &'static str) -> Field<i64> {
        let (id, received) = match self.take(name) {
            JsonField::Absent => return Field::Absent,
            JsonField::Null => return Field::Null,
            // An empty text is null, as in Django REST framework, because HTML forms cannot send null.
            JsonField::Text(text) if text.is_empty() => return Field::Null,
            JsonField::Text(text) => (parse_integer(text.trim()), "str"),
            JsonField::Number(number) => (parse_json_integer(number), "float"),
            JsonField::Bool(_) => (None, "bool"),
            JsonField::InvalidText => (None, "str"),
            JsonField::List(_) => (None, "list"),
            JsonField::Object(raw) => (id_of(raw), "dict"),
        };
        match id {
            Some(id) => Field::Set(id),
            None => self.fault(
                column,
                &format!("Incorrect type. Expected pk value, received {received}."),
            ),
        }
    }
}

/// Returns the id in an object such as `{"id": 1, "name": "…"}`.
fn id_of(object: &str) -> Option<i64> {
    match Form::parse(object.as_bytes()).ok()?.integer("id") {
        Field::Set(id) => Some(id),
        _ => None,
    }
}

/// Parses a JSON number with a whole value in any notation (`2.0`, `1E+2`), clamped to 64 bits.
fn parse_json_integer(number: &str) -> Option<i64> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    // Only the sign of an exponent beyond 64 bits matters.
    let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    });
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{integer}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.is_empty() {
        return Some(0);
    }
    let removed = i64::try_from(digits.len() - significant.len()).ok()?;
    let scale = i64::try_from(fraction.len()).ok()?;
    let zeros = exponent.saturating_add(removed).saturating_sub(scale);
    // 64 bits hold at most 19 digits, so further zeros do not change the clamped value.
    let zeros = usize::try_from(zeros).ok()?.min(20);
    parse_integer(&format!("{sign}{significant}{}", "0".repeat(zeros)))
}

/// Parses a whole number in decimal notation, clamped to 64 bits. `5.0` is accepted, as in Django REST framework.
fn parse_integer(text: &str) -> Option<i64> {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(limit))
}

/// Whether a body that could not be parsed as an object is not JSON. This includes bodies that begin like an object.
fn is_not_json(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{') || serde_json::from_slice::<&RawValue>(body).is_err()
}

#[cfg(test)]
mod tests {
    use super::{Field, Form, parse_integer, parse_json_integer};

    #[test]
    fn whole_values_are_read_in_every_notation() {
        for (text, number) in [
            ("2.0", 2),
            ("1E+2", 100),
            ("1e2", 100),
            ("1.50e1", 15),
            ("2000e-3", 2),
            ("-1.0E1", -10),
            ("0e-5", 0),
            ("-0.0", 0),
            ("0.0e99999999999999999999", 0),
            ("1e99999999999999999999", i64::MAX),
            ("-1e30", i64::MIN),
            ("9223372036854775807", i64::MAX),
            ("922337203685477580.7e1", i64::MAX),
        ] {
            assert_eq!(parse_json_integer(text), Some(number), "{text}");
        }
        for text in ["2.5", "1e-1", "15e-1", "1.05e1", "1e-99999999999999999999"] {
            assert_eq!(parse_json_integer(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_clamped_to_64_bits() {
        for (text, number) in [
            ("5", 5),
            ("-3", -3),
            ("+7", 7),
            ("5.0", 5),
            ("007", 7),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(parse_integer(text), Some(number), "{text}");
        }
        for text in ["", "-", "5.5", "1e3", "abc", "0x1", "1 2"] {
            assert_eq!(parse_integer(text), None, "{text}");
        }
    }

    #[test]
    fn references_are_read_in_every_form() {
        let body =
            br#"{"a": 1, "b": "2", "c": {"id": 3, "name": "x"}, "d": true, "e": null, "f": {"name": "x"}}"#;
        let mut form = Form::parse(body).expect("an object");
        assert_eq!(form.reference("a", "a_id"), Field::Set(1));
        assert_eq!(form.reference("b", "b_id"), Field::Set(2));
        assert_eq!(form.reference("c", "c_id"), Field::Set(3));
        assert_eq!(form.reference("d", "d_id"), Field::Unreadable);
        assert_eq!(form.reference("e", "e_id"), Field::Null);
        assert_eq!(form.reference("f", "f_id"), Field::Unreadable);
        assert_eq!(form.reference("g", "g_id"), Field::Absent);
        let messages: Vec<String> = form.faults().into_iter().map(|fault| fault.message).collect();
        assert_eq!(
            messages,
            [
                "Incorrect type. Expected pk value, received bool.",
                "Incorrect type. Expected pk value, received dict."
            ]
        );
    }

    #[test]
    fn lists_timestamps_and_booleans_are_read() {
        let body = br#"{"a": ["x", "y"], "b": ["x", 1], "c": "x", "d": true, "e": "true", "f": "2024-01-15T12:30:00+02:00",
            "g": "2024-01-15", "h": "+12024-01-15T10:30:00Z", "i": []}"#;
        let mut form = Form::parse(body).expect("an object");
        assert_eq!(form.texts("a"), Field::Set(vec!["x".to_owned(), "y".to_owned()]));
        assert_eq!(form.texts("b"), Field::Unreadable);
        assert_eq!(form.texts("c"), Field::Unreadable);
        assert_eq!(form.texts("i"), Field::Set(Vec::new()));
        assert_eq!(form.boolean("d"), Field::Set(true));
        assert_eq!(form.boolean("e"), Field::Unreadable);
        assert_eq!(
            form.timestamp("f"),
            Field::Set("2024-01-15T10:30:00Z".parse().expect("a timestamp"))
        );
        assert_eq!(form.timestamp("g"), Field::Unreadable);
        assert_eq!(form.timestamp("h"), Field::Unreadable);
        assert_eq!(form.timestamp("j"), Field::Absent);
        assert!(Form::parse_optional(b" ").is_ok() && Form::parse(b" ").is_err());
    }

    #[test]
    fn a_lone_surrogate_is_rejected() {
        let mut form = Form::parse(br#"{"name": "\ud800"}"#).expect("well-formed JSON");
        assert_eq!(form.text("name"), Field::Unreadable);
    }
}
