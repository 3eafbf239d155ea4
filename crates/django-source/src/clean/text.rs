//! Texts that the program's rules accept: without NUL, composed (NFC), trimmed, not too long.

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::value::Value;

/// The longest name and title, in characters.
pub(crate) const NAME: usize = 500;
/// The longest serial number, in characters.
pub(crate) const SERIE: usize = 200;

/// A text, and whether it had to be mended for more than being empty.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mended {
    pub(crate) text: Option<String>,
    pub(crate) changed: bool,
}

/// Reads a text of at most `longest` characters. An empty one is none; a number is its digits.
pub(crate) fn read(value: &Value, longest: usize) -> Mended {
    let (raw, broken) = match value {
        Value::Null => {
            return Mended {
                text: None,
                changed: false,
            };
        }
        Value::Text(text) | Value::Number(text) => (text.as_str(), false),
        Value::Bytes(text) => (text.as_str(), true),
        Value::Integer(number) => return printed(number.to_string()),
        Value::Real(number) => return printed(number.to_string()),
        Value::Boolean(truth) => return printed(truth.to_string()),
    };
    let text = mend(raw, longest);
    Mended {
        changed: broken || text != raw,
        text: (!text.is_empty()).then_some(text),
    }
}

fn printed(text: String) -> Mended {
    Mended {
        text: Some(text),
        changed: true,
    }
}

fn mend(raw: &str, longest: usize) -> String {
    let mut text = if raw.contains('\0') {
        raw.replace('\0', "")
    } else {
        raw.to_owned()
    };
    if !is_nfc(&text) {
        text = text.nfc().collect();
    }
    let trimmed = text.trim();
    match trimmed.char_indices().nth(longest) {
        Some((end, _)) => trimmed.get(..end).unwrap_or_default().trim_end().to_owned(),
        None if trimmed.len() == text.len() => text,
        None => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mended, read};
    use crate::value::Value;

    fn mended(text: &str) -> (Option<String>, bool) {
        let Mended { text, changed } = read(&Value::Text(text.to_owned()), 5);
        (text, changed)
    }

    #[test]
    fn texts_are_mended() {
        assert_eq!(mended("abc"), (Some("abc".to_owned()), false));
        assert_eq!(mended(""), (None, false));
        assert_eq!(mended(" \u{a0}"), (None, true));
        assert_eq!(mended(" ab\0c "), (Some("abc".to_owned()), true));
        assert_eq!(mended("abcdefg"), (Some("abcde".to_owned()), true));
        assert_eq!(mended("abcd efg"), (Some("abcd".to_owned()), true));
        assert_eq!(mended("A\u{301}gua"), (Some("Água".to_owned()), true));
        assert_eq!(mended("ééééé"), (Some("ééééé".to_owned()), false));
    }
}
