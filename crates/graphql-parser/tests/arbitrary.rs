//! Arbitrary texts: the parser always returns, and the position of an error is within the text.

use graphql_parser::{Error, ErrorKind, Limits, parse};
use proptest::prelude::*;

const LIMITS: Limits = Limits {
    bytes: 4_000,
    tokens: 500,
    nesting: 20,
};

/// Sequences of tokens, so that some texts satisfy the first rules of the grammar.
fn token_sequences() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "{", "}", "(", ")", "[", "]", ":", "=", "!", "$", "@", "...", "|", "&", "\"", "\"\"\"", "\\",
        "\\\"\"\"", "\\u{", "\\uD83E", "\\uDD86", "#", "\n", "\r", ",", " ", "\u{feff}", "-", "0", "1", ".",
        "e", "a", "on", "query", "fragment", "type", "extend", "true", "null", "é", "🦆", "\0",
    ]);
    prop::collection::vec(words, 0..40).prop_map(|words| words.concat())
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let Err(Error { kind, pos, .. }) = parse(text, LIMITS) else {
        return Ok(());
    };
    if kind == ErrorKind::TooLong {
        return Ok(());
    }
    let normalized = text.replace("\r\n", "\n").replace('\r', "\n");
    let line = normalized.split('\n').nth(pos.line - 1);
    let length = line.map(|line| line.chars().count());
    prop_assert!(
        length.is_some_and(|length| (1..=length + 1).contains(&pos.column)),
        "{:?} {:?}",
        text,
        pos
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_token_sequence(text in token_sequences()) {
        check(&text)?;
    }

    #[test]
    fn any_token_sequence_within_a_document(text in token_sequences()) {
        check(&format!("{{a{text}}}"))?;
        check(&format!("query($a:T={text}){{a(b:{text})}}"))?;
        check(&format!("{{a(b:\"\"\"{text}\"\"\")}}"))?;
        check(&format!("{{a(b:\"{text}\")}}"))?;
    }
}
