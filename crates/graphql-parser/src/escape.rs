//! Escape sequences of strings in double quotes.

/// The character that an escape sequence represents, and the length of the sequence in bytes. The text begins with the
/// backslash.
pub(crate) fn read(text: &str) -> Option<(char, usize)> {
    let bytes = text.as_bytes();
    let simple = match bytes.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' if bytes.get(2) == Some(&b'{') => return read_braced(bytes),
        b'u' => return read_fixed(bytes),
        _ => return None,
    };
    Some((simple, 2))
}

/// `\u{…}`: one to eight hexadecimal digits.
fn read_braced(bytes: &[u8]) -> Option<(char, usize)> {
    let digits = bytes.iter().skip(3).take(9).position(|byte| *byte == b'}')?;
    if digits == 0 {
        return None;
    }
    let code = read_hex(bytes.get(3..3 + digits)?)?;
    Some((char::from_u32(code)?, digits + 4))
}

/// `\u` and four hexadecimal digits, or two such sequences that are a surrogate pair.
fn read_fixed(bytes: &[u8]) -> Option<(char, usize)> {
    let code = read_hex(bytes.get(2..6)?)?;
    if let Some(character) = char::from_u32(code) {
        return Some((character, 6));
    }
    let (0xD800..=0xDBFF, Some(b"\\u")) = (code, bytes.get(6..8)) else {
        return None;
    };
    let low = read_hex(bytes.get(8..12)?)?;
    let 0xDC00..=0xDFFF = low else { return None };
    let character = char::from_u32(0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00))?;
    Some((character, 12))
}

/// The value of at most eight hexadecimal digits.
fn read_hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |code: u32, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some((code << 4) | digit)
    })
}

/// Replaces the escape sequences of a string, which must be valid.
pub(crate) fn unescape(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(index) = rest.find('\\') {
        let (before, escaped) = rest.split_at(index);
        value.push_str(before);
        let Some((character, length)) = read(escaped) else {
            break;
        };
        value.push(character);
        rest = escaped.get(length..).unwrap_or_default();
    }
    value.push_str(rest);
    value
}
