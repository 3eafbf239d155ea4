//! Bodies: from JSON to the fields of a draft, with the documented words for what is of the wrong type.
//!
//! Values are read from their raw text, so that `899.00` and numbers of 22 digits arrive exactly.

use std::collections::HashMap;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};
use chrono::{DateTime, Datelike as _, Utc};
use sea_orm::IdenStatic as _;
use serde_json::value::RawValue;

use crate::error::{Error, Fault, FaultCode, Faults, Malformed, Result};
use crate::query::{Collection, Field, Texts};

/// The largest body, in bytes.
pub const LARGEST_BODY: usize = 1024 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// Reads a whole body that is declared to be JSON.
///
/// # Errors
/// [`Error::Malformed`] for another media type, more than [`LARGEST_BODY`], and what does not arrive.
pub async fn receive(headers: &HeaderMap, body: Body) -> Result<Bytes> {
    if !is_json(headers) {
        return Err(Error::Malformed(Malformed::MediaType));
    }
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > LARGEST_BODY)) {
        return Err(Error::Malformed(Malformed::TooLarge));
    }
    match tokio::time::timeout(ARRIVAL, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let too_large = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            Err(Error::Malformed(if too_large {
                Malformed::TooLarge
            } else {
                Malformed::Incomplete
            }))
        }
        Err(_) => Err(Error::Malformed(Malformed::TooSlow)),
    }
}

/// `application/json`, in UTF-8 if it says so; a body without a type is taken for it.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(declared) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let Ok(declared) = declared.to_str() else {
        return false;
    };
    let mut parts = declared.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    })
}

/// What a text that must be there looks like: trimmed, there is something left of it.
pub const NOT_BLANK: &str = r"\S";

/// The fields of a body, to be taken one by one, and what was wrong with them so far.
pub struct Form<'a> {
    fields: HashMap<String, &'a RawValue>,
    faults: Faults,
}

/// One value as it was written.
enum Written<'a> {
    Absent,
    Null,
    Bool(bool),
    Number(&'a str),
    Text(String),
    /// A text that is no Unicode: a lone surrogate.
    Unreadable,
    List(&'a str),
    Object(&'a str),
}

impl<'a> Form<'a> {
    /// Reads an object; the last counts where a key is there twice.
    ///
    /// # Errors
    /// [`Malformed::NotJson`], [`Malformed::NotObject`].
    pub fn parse(body: &'a [u8]) -> Result<Self> {
        match serde_json::from_slice(body) {
            Ok(fields) => Ok(Self {
                fields,
                faults: Faults::new(),
            }),
            Err(_) if is_object_or_broken(body) => Err(Error::Malformed(Malformed::NotJson)),
            Err(_) => Err(Error::Malformed(Malformed::NotObject)),
        }
    }

    /// The same for a body that may be left out, which is as good as an empty object.
    ///
    /// # Errors
    /// Those of [`Form::parse`].
    pub fn parse_optional(body: &'a [u8]) -> Result<Self> {
        Self::parse(if body.trim_ascii().is_empty() { b"{}" } else { body })
    }

    /// What was wrong with the fields that were taken.
    pub fn faults(self) -> Faults {
        self.faults
    }

    fn take(&mut self, name: &str) -> Written<'a> {
        let Some(raw) = self.fields.remove(name).map(RawValue::get) else {
            return Written::Absent;
        };
        match raw.as_bytes().first() {
            Some(b'n') => Written::Null,
            Some(letter @ (b't' | b'f')) => Written::Bool(*letter == b't'),
            Some(b'"') => serde_json::from_str(raw).map_or(Written::Unreadable, Written::Text),
            Some(b'[') => Written::List(raw),
            Some(b'{') => Written::Object(raw),
            _ => Written::Number(raw),
        }
    }

    fn unreadable<T>(&mut self, field: &'static str, message: &str) -> Field<T> {
        self.faults.push(Fault::new(field, FaultCode::Invalid, message));
        Field::Unreadable
    }

    /// A text; a number is taken as it is written, as Django REST framework does.
    pub fn text(&mut self, field: &'static str) -> Field<String> {
        match self.take(field) {
            Written::Absent => Field::Absent,
            Written::Null => Field::Null,
            Written::Text(text) => Field::Set(text),
            Written::Number(digits) => Field::Set(digits.to_owned()),
            Written::Bool(_) | Written::Unreadable | Written::List(_) | Written::Object(_) => {
                self.unreadable(field, "Not a valid string.")
            }
        }
    }

    /// The texts that a noun declares.
    pub fn declared_texts<R: Collection>(&mut self) -> Texts {
        R::texts().fold(Texts::default(), |texts, (column, _)| {
            texts.with(column, self.text(column.as_str()))
        })
    }

    /// A decimal number, as it is written.
    pub fn decimal(&mut self, field: &'static str) -> Field<String> {
        match self.take(field) {
            Written::Absent => Field::Absent,
            Written::Null => Field::Null,
            Written::Text(text) => Field::Set(text),
            Written::Number(digits) => Field::Set(digits.to_owned()),
            Written::Bool(_) | Written::Unreadable | Written::List(_) | Written::Object(_) => {
                self.unreadable(field, "A valid number is required.")
            }
        }
    }

    /// A whole number, or a string of its digits, cut to 64 bits.
    pub fn integer(&mut self, field: &'static str) -> Field<i64> {
        let number = match self.take(field) {
            Written::Absent => return Field::Absent,
            Written::Null => return Field::Null,
            Written::Text(text) => whole(text.trim()),
            Written::Number(digits) => whole(digits),
            Written::Bool(_) | Written::Unreadable | Written::List(_) | Written::Object(_) => None,
        };
        match number {
            Some(number) => Field::Set(number),
            None => self.unreadable(field, "A valid integer is required."),
        }
    }

    /// Whether or not.
    pub fn boolean(&mut self, field: &'static str) -> Field<bool> {
        match self.take(field) {
            Written::Absent => Field::Absent,
            Written::Null => Field::Null,
            Written::Bool(value) => Field::Set(value),
            _ => self.unreadable(field, "Must be a valid boolean."),
        }
    }

    /// A list of texts.
    pub fn texts(&mut self, field: &'static str) -> Field<Vec<String>> {
        match self.take(field) {
            Written::Absent => Field::Absent,
            Written::Null => Field::Null,
            Written::List(raw) => match serde_json::from_str(raw) {
                Ok(texts) => Field::Set(texts),
                Err(_) => self.unreadable(field, "Expected a list of strings."),
            },
            _ => self.unreadable(field, "Expected a list of strings."),
        }
    }

    /// A moment, in RFC 3339.
    pub fn moment(&mut self, field: &'static str) -> Field<DateTime<Utc>> {
        let moment = match self.take(field) {
            Written::Absent => return Field::Absent,
            Written::Null => return Field::Null,
            Written::Text(text) => DateTime::parse_from_rfc3339(text.trim()).ok(),
            _ => None,
        };
        match moment.map(|moment| moment.with_timezone(&Utc)) {
            // Within what both databases take.
            Some(moment) if (1..10_000).contains(&moment.year()) => Field::Set(moment),
            _ => self.unreadable(
                field,
                "Datetime has wrong format. Use one such as 2024-01-15T10:30:00Z.",
            ),
        }
    }

    /// A reference, sent as `name` and kept as `column`: an id, a string of its digits, or the form it is read in.
    pub fn reference(&mut self, name: &str, column: &'static str) -> Field<i64> {
        let (id, received) = match self.take(name) {
            Written::Absent => return Field::Absent,
            Written::Null => return Field::Null,
            // As in Django REST framework, where forms have no other way to say it.
            Written::Text(text) if text.is_empty() => return Field::Null,
            Written::Text(text) => (whole(text.trim()), "str"),
            Written::Number(digits) => (whole(digits), "float"),
            Written::Bool(_) => (None, "bool"),
            Written::Unreadable => (None, "str"),
            Written::List(_) => (None, "list"),
            Written::Object(raw) => (id_of(raw), "dict"),
        };
        match id {
            Some(id) => Field::Set(id),
            None => self.unreadable(
                column,
                &format!("Incorrect type. Expected pk value, received {received}."),
            ),
        }
    }
}

/// The id in `{"id": 1, "name": "…"}`.
fn id_of(object: &str) -> Option<i64> {
    match Form::parse(object.as_bytes()).ok()?.integer("id") {
        Field::Set(id) => Some(id),
        _ => None,
    }
}

/// A whole number of any length, cut to 64 bits; `5.0` is one too, as in Django REST framework.
fn whole(text: &str) -> Option<i64> {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(beyond))
}

/// Whether a body that is no readable object is meant to be one, or is no JSON at all.
fn is_object_or_broken(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{') || serde_json::from_slice::<&RawValue>(body).is_err()
}

#[cfg(test)]
mod tests {
    use super::{Field, Form, whole};

    #[test]
    fn whole_numbers() {
        for (text, number) in [
            ("5", 5),
            ("-3", -3),
            ("+7", 7),
            ("5.0", 5),
            ("007", 7),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        for text in ["", "-", "5.5", "1e3", "abc", "0x1", "1 2"] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn references_in_every_form() {
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
    fn lists_moments_and_booleans() {
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
            form.moment("f"),
            Field::Set("2024-01-15T10:30:00Z".parse().expect("a moment"))
        );
        assert_eq!(form.moment("g"), Field::Unreadable);
        assert_eq!(form.moment("h"), Field::Unreadable);
        assert_eq!(form.moment("j"), Field::Absent);
        assert!(Form::parse_optional(b" ").is_ok() && Form::parse(b" ").is_err());
    }

    #[test]
    fn a_lone_surrogate_is_no_text() {
        let mut form = Form::parse(br#"{"name": "\ud800"}"#).expect("well-formed JSON");
        assert_eq!(form.text("name"), Field::Unreadable);
    }
}
