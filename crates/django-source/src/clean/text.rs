//! Converts texts to what the program accepts: without NUL, normalized (NFC), trimmed, not too long.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::value::Value;

/// The maximum length of names and titles, in characters.
pub(crate) const NAME: usize = 500;
/// The maximum length of serial numbers, in characters.
pub(crate) const SERIE: usize = 200;

/// A text, or `None` if it is empty, and whether characters of it were changed or removed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CleanText {
    pub(crate) text: Option<String>,
    pub(crate) changed: bool,
}

/// Reads a text and truncates it to `max_chars` characters. A number is converted to its digits.
pub(crate) fn read(value: &Value, max_chars: usize) -> CleanText {
    let (raw, broken) = match value {
        Value::Null => {
            return CleanText {
                text: None,
                changed: false,
            };
        }
        Value::Text(text) | Value::Number(text) => (text.as_str(), false),
        Value::Bytes(text) => (text.as_str(), true),
        Value::Integer(number) => return from_number(number.to_string()),
        Value::Real(number) => return from_number(number.to_string()),
        Value::Boolean(truth) => return from_number(truth.to_string()),
    };
    let text = clean(raw, max_chars);
    CleanText {
        changed: broken || text != raw,
        text: (!text.is_empty()).then_some(text),
    }
}

fn from_number(text: String) -> CleanText {
    CleanText {
        text: Some(text),
        changed: true,
    }
}

fn clean(raw: &str, max_chars: usize) -> String {
    let mut text = if raw.contains('\0') {
        raw.replace('\0', "")
    } else {
        raw.to_owned()
    };
    if !is_nfc(&text) {
        text = text.nfc().collect();
    }
    let trimmed = text.trim();
    match trimmed.char_indices().nth(max_chars) {
        Some((end, _)) => trimmed.get(..end).unwrap_or_default().trim_end().to_owned(),
        None if trimmed.len() == text.len() => text,
        None => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{CleanText, read};
    use crate::value::Value;

    fn cleaned(text: &str) -> (Option<String>, bool) {
        let CleanText { text, changed } = read(&Value::Text(text.to_owned()), 5);
        (text, changed)
    }

    #[test]
    fn texts_are_cleaned() {
        assert_eq!(cleaned("abc"), (Some("abc".to_owned()), false));
        assert_eq!(cleaned(""), (None, false));
        assert_eq!(cleaned(" \u{a0}"), (None, true));
        assert_eq!(cleaned(" ab\0c "), (Some("abc".to_owned()), true));
        assert_eq!(cleaned("abcdefg"), (Some("abcde".to_owned()), true));
        assert_eq!(cleaned("abcd efg"), (Some("abcd".to_owned()), true));
        assert_eq!(cleaned("A\u{301}gua"), (Some("Água".to_owned()), true));
        assert_eq!(cleaned("ééééé"), (Some("ééééé".to_owned()), false));
    }
}
