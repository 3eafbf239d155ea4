//! Texts designed to exhaust the stack, the memory or the time of a parser.

use std::thread;
use std::time::{Duration, Instant};

use graphql_parser::{ErrorKind, Limits, parse};

const MEBIBYTE: usize = 1 << 20;

/// More than any server should allow.
const WIDE: Limits = Limits {
    bytes: usize::MAX,
    tokens: usize::MAX,
    nesting: u8::MAX,
};

/// Repeats a text until it is about one mebibyte long.
fn mebibyte(text: &str) -> String {
    text.repeat(MEBIBYTE / text.len())
}

#[test]
fn deep_documents_are_errors_on_a_small_stack() {
    let deep = [
        format!("{{f(a:{}{})}}", "[".repeat(2_500), "]".repeat(2_500)),
        format!("{{f(a:{})}}", "{a:".repeat(2_500)),
        format!("query($a:{}", "[".repeat(2_500)),
        format!("query($a:T={}", "[".repeat(2_500)),
        "{a".repeat(2_500),
        "{...{".repeat(2_500),
        "{...on T@d(a:[{b:[".repeat(2_500),
        mebibyte("{a(b:["),
        mebibyte("{a"),
    ];
    let refuse = move || {
        for text in deep {
            let error = parse(&text, WIDE).unwrap_err();
            let start = text.get(..20).unwrap_or_default();
            assert!(
                matches!(error.kind, ErrorKind::TooDeep | ErrorKind::Syntax),
                "{start}: {error}"
            );
        }
        // The deepest accepted documents. Dropping them recurses, too.
        for (open, inner, close) in [
            ("{a", "{b}", "}"),
            ("{...", "{b}", "}"),
            ("{...on T@d", "{b}", "}"),
        ] {
            let text = format!("{}{inner}{}", open.repeat(99), close.repeat(99));
            assert!(parse(&text, WIDE).is_ok(), "{open}");
        }
        for (open, inner, close) in [("[", "1", "]"), ("{a:", "$b", "}")] {
            let text = format!("{{f(a:{}{inner}{})}}", open.repeat(98), close.repeat(98));
            assert!(parse(&text, WIDE).is_ok(), "{open}");
        }
        let text = format!("query($a:{}T{}=1){{a}}", "[".repeat(99), "]".repeat(99));
        assert!(parse(&text, WIDE).is_ok());
        let text = format!("query($a:T={}{}){{a}}", "[".repeat(99), "]".repeat(99));
        assert!(parse(&text, WIDE).is_ok());
    };
    // Less than the 2 MiB that threads have by default, although a debug build needs more stack.
    let thread = thread::Builder::new().stack_size(MEBIBYTE * 3 / 2);
    thread.spawn(refuse).unwrap().join().unwrap();
}

#[test]
fn brackets_alone_are_a_syntax_error() {
    for bracket in ["{", "[", "(", "}", "]", ")"] {
        let error = parse(&mebibyte(bracket), WIDE).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Syntax, "{bracket}");
    }
}

#[test]
fn long_documents_take_linear_time() {
    let start = Instant::now();
    let texts = [
        format!("{{{}}}", mebibyte("a ")),
        format!("{{a(b:[{}])}}", mebibyte("1 ")),
        format!("{{a(b:[{}])}}", mebibyte("\"\" ")),
        format!("{{a(b:\"{}\")}}", mebibyte("\\u{1F986}")),
        format!("{{a(b:\"{}\")}}", mebibyte("🦆")),
        format!("{{a(b:\"\"\"{}\"\"\")}}", mebibyte(" \n")),
        format!("{{a(b:\"\"\"{}\"\"\")}}", mebibyte("\\\"\"\"")),
        format!("{{a(b:\"\"\"{}\"\"\")}}", mebibyte("\"\"x\r")),
        format!("{{a(b:{})}}", mebibyte("1")),
        format!("{{a(b:0.{}1)}}", mebibyte("0")),
        format!("{{a(b:1e-{})}}", mebibyte("9")),
        format!("{{{}}}", mebibyte("#\n").replacen('#', "a", 1)),
        format!("{}{{a}}", mebibyte("\u{feff}")),
        format!("{{a {}}}", mebibyte("@a ")),
        format!("query({}){{a}}", mebibyte("$a:T ")),
        format!("{{{}}}", mebibyte("a")),
        mebibyte("query{a}"),
        format!("{{a(b:{{{}}})}}", mebibyte("a:1 ")),
    ];
    for text in &texts {
        match parse(text, WIDE) {
            Ok(_) => {}
            Err(error) => {
                let expected_kinds = [
                    ErrorKind::NumberOutOfRange,
                    ErrorKind::DuplicateInputField,
                    ErrorKind::AnonymousOperationNotAlone,
                ];
                assert!(expected_kinds.contains(&error.kind), "{error}");
            }
        }
    }
    // All documents together take about a second in a debug build. In quadratic time they would take hours.
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn limits_end_the_work_early() {
    let limits = Limits {
        bytes: MEBIBYTE * 2,
        tokens: 100,
        nesting: 50,
    };
    let error = parse(&format!("{{{}", mebibyte("a ")), limits).unwrap_err();
    assert_eq!((error.kind, error.pos.column), (ErrorKind::TooManyTokens, 200));
}
