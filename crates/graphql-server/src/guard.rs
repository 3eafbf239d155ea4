//! A pass over the bytes of a document before it is parsed, which counts tokens and nested brackets.
//!
//! The parser recurses for each bracket, so that a few kilobytes of them would overflow its stack. Strings and comments
//! are skipped. A string without an end is an error here, since the parser takes its beginning for an empty string and
//! goes on with the rest.

use std::collections::HashSet;

use async_graphql::Pos;

/// Why a document is not parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScanError {
    Tokens,
    Nesting,
    /// A string has no end; the position of its beginning.
    OpenString(Pos),
    /// An input object has a field twice; the position of the second. The parser would keep the last one only.
    DuplicateField(Pos),
}

pub(crate) fn scan(text: &str, max_tokens: usize, max_nesting: usize) -> Result<(), ScanError> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0_usize, 0_usize);
    let mut names = Names::default();
    while let Some(&byte) = bytes.get(at) {
        let begin = at;
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = end_of(bytes, at, |byte| !matches!(byte, b'\n' | b'\r'));
                continue;
            }
            // A byte order mark is ignored anywhere.
            0xEF if bytes.get(at..at + 3) == Some(&[0xEF, 0xBB, 0xBF]) => {
                at += 3;
                continue;
            }
            b'"' => end_of_string(bytes, at).ok_or_else(|| ScanError::OpenString(position(text, begin)))?,
            b'(' | b'[' | b'{' => {
                nesting += 1;
                if nesting > max_nesting {
                    return Err(ScanError::Nesting);
                }
                names.open(byte);
                at + 1
            }
            b')' | b']' | b'}' => {
                nesting = nesting.saturating_sub(1);
                names.close();
                at + 1
            }
            b':' => {
                if let Some(again) = names.field() {
                    return Err(ScanError::DuplicateField(position(text, again)));
                }
                at + 1
            }
            b'-' | b'0'..=b'9' => end_of(bytes, at + 1, |byte| {
                is_word(byte) || matches!(byte, b'.' | b'+' | b'-')
            }),
            _ if is_word(byte) => {
                let end = end_of(bytes, at, is_word);
                names.last = (text.get(at..end).unwrap_or_default(), at);
                end
            }
            b'.' if bytes.get(at..at + 3) == Some(b"...") => at + 3,
            _ => at + 1,
        };
        tokens += 1;
        if tokens > max_tokens {
            return Err(ScanError::Tokens);
        }
    }
    Ok(())
}

/// The field names of the input objects around the current position: braces within parentheses.
#[derive(Default)]
struct Names<'t> {
    /// One entry for each open bracket; that of an input object has the names that it has so far.
    around: Vec<Option<HashSet<&'t str>>>,
    /// The depth of the outermost parenthesis, 0 outside of parentheses.
    parentheses: usize,
    /// The last name and its offset.
    last: (&'t str, usize),
}

impl Names<'_> {
    fn open(&mut self, bracket: u8) {
        let is_object = bracket == b'{' && self.parentheses > 0;
        if bracket == b'(' && self.parentheses == 0 {
            self.parentheses = self.around.len() + 1;
        }
        self.around.push(is_object.then(HashSet::new));
    }

    fn close(&mut self) {
        self.around.pop();
        if self.around.len() < self.parentheses {
            self.parentheses = 0;
        }
    }

    /// Notes the last name as a field; its offset if the object has that field already.
    fn field(&mut self) -> Option<usize> {
        let names = self.around.last_mut()?.as_mut()?;
        let (name, at) = self.last;
        (!names.insert(name)).then_some(at)
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The offset of the first byte from here on that does not match.
fn end_of(bytes: &[u8], from: usize, matches: impl Fn(u8) -> bool) -> usize {
    let rest = bytes.iter().skip(from);
    rest.take_while(|byte| matches(**byte)).count() + from
}

/// The offset after the string that begins here, if it has an end.
fn end_of_string(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    if rest.starts_with(b"\"\"\"") {
        let mut at = from + 3;
        loop {
            let rest = bytes.get(at..)?;
            if rest.starts_with(b"\"\"\"") {
                return Some(at + 3);
            }
            at += if rest.starts_with(b"\\\"\"\"") { 4 } else { 1 };
        }
    }
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn position(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Pos { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nesting(text: &str) -> usize {
        (0..).find(|max| scan(text, usize::MAX, *max).is_ok()).unwrap()
    }

    fn tokens(text: &str) -> usize {
        (0..).find(|max| scan(text, *max, usize::MAX).is_ok()).unwrap()
    }

    #[test]
    fn tokens_are_those_of_the_grammar() {
        for (text, count) in [
            ("", 0),
            (" ,\n\u{feff}# a comment {{{\r", 0),
            ("{ a b }", 4),
            ("{a(b:\"c d { \\\" [\")}", 8),
            ("{a(b:\"\"\"c \"d\" [ \\\"\"\" {\"\"\")}", 8),
            ("query Q($a:[Int!]=[1,-2.5e3]){...F@skip(if:$a)}", 28),
            ("\"\"", 1),
        ] {
            assert_eq!(tokens(text), count, "{text}");
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        for (text, deepest) in [
            ("{a{b}c{d(e:[1])}}", 4),
            ("{a(b:\"[[[[\")}", 2),
            ("{a(b:\"\"\"[[[[\"\"\")}", 2),
            ("#[[[[\n{a}", 1),
            ("#[[[[\r{a}", 1),
            ("{a(b:\"#\",c:[[1]])}", 4),
            ("}}}}{", 1),
        ] {
            assert_eq!(nesting(text), deepest, "{text}");
        }
    }

    #[test]
    fn a_string_must_end() {
        // The parser would read an empty string, then another one that ends at the quote after `x`.
        for text in [
            "{a(b:[\"\"\"x\" [[[[[[",
            "{a(b:\"x\n\")}",
            "{a(b:\"",
            "{a(b:\"\\",
            "{a(b:\"\"\"\"\"",
            "{a(b:\"\"\" \\\"\"\"",
        ] {
            assert!(
                matches!(scan(text, 100, 100), Err(ScanError::OpenString(_))),
                "{text}"
            );
        }
        assert_eq!(
            scan("{\n  a(b:\"", 100, 100),
            Err(ScanError::OpenString(Pos { line: 2, column: 7 }))
        );
    }

    #[test]
    fn duplicate_fields_are_found() {
        for text in [
            "{a(b:{c:1,c:2})}",
            "{a(b:{c:{d:1},e:[{c:1},{f:1 \n f:2}]})}",
            "query($a:In={b:1 b:2}){a}",
            "{a @x(b:{c:1 c :2})}",
        ] {
            assert!(
                matches!(scan(text, 100, 100), Err(ScanError::DuplicateField(_))),
                "{text}"
            );
        }
        for text in [
            "{a:b a:b(c:{c:{c:1}} d:{c:c}) {a:b a:b}}",
            "{a(b:[{c:1},{c:2}]){b:c b:c}}",
            "query($a:In={b:1},$c:In={b:1}){a(a:1){b:c b:c}}",
            "{a(b:{c:\"c:1 c:2\"})}",
        ] {
            assert_eq!(scan(text, 100, 100), Ok(()), "{text}");
        }
    }

    #[test]
    fn limits_are_inclusive() {
        assert_eq!(scan("{a}", 3, 1), Ok(()));
        assert_eq!(scan("{a}", 2, 1), Err(ScanError::Tokens));
        assert_eq!(scan("{a}", 3, 0), Err(ScanError::Nesting));
    }
}
