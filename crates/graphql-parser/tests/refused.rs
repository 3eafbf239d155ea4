//! Rejected documents: the position and message of each error.

#![expect(clippy::expect_used, reason = "a panic fails the test")]

use graphql_parser::{Error, ErrorKind, Limits, Pos, parse};

const LIMITS: Limits = Limits {
    bytes: 10_000,
    tokens: 1_000,
    nesting: 20,
};

fn refuse(text: &str) -> Error {
    parse(text, LIMITS).expect_err(text)
}

const fn pos(line: usize, column: usize) -> Pos {
    Pos { line, column }
}

#[track_caller]
fn assert_syntax(cases: &[(&str, usize, usize, &str)]) {
    for &(text, line, column, message) in cases {
        let error = refuse(text);
        assert_eq!(error.to_string(), format!("Syntax Error: {message}"), "{text}");
        assert_eq!(
            (error.kind, error.pos),
            (ErrorKind::Syntax, pos(line, column)),
            "{text}"
        );
    }
}

#[test]
fn unexpected_tokens() {
    assert_syntax(&[
        ("", 1, 1, "Unexpected <EOF>."),
        (" # nothing\n", 2, 1, "Unexpected <EOF>."),
        ("{", 1, 2, "Expected Name, found <EOF>."),
        ("{}", 1, 2, "Expected Name, found \"}\"."),
        ("{a}}", 1, 4, "Unexpected \"}\"."),
        ("{a{}}", 1, 4, "Expected Name, found \"}\"."),
        ("{a()}", 1, 4, "Expected Name, found \")\"."),
        ("{a(b)}", 1, 5, "Expected \":\", found \")\"."),
        ("{a(b:)}", 1, 6, "Unexpected \")\"."),
        ("{a(b:[)}", 1, 7, "Unexpected \")\"."),
        ("{a(b:{1:2})}", 1, 7, "Expected Name, found Int \"1\"."),
        ("{a:}", 1, 4, "Expected Name, found \"}\"."),
        ("{a:b:c}", 1, 5, "Expected Name, found \":\"."),
        ("{a @}", 1, 5, "Expected Name, found \"}\"."),
        ("{a|b}", 1, 3, "Expected Name, found \"|\"."),
        ("{a & b}", 1, 4, "Expected Name, found \"&\"."),
        ("queryQ{a}", 1, 1, "Unexpected Name \"queryQ\"."),
        ("query Q", 1, 8, "Expected \"{\", found <EOF>."),
        ("query Q R {a}", 1, 9, "Expected \"{\", found Name \"R\"."),
        ("query(){a}", 1, 7, "Expected \"$\", found \")\"."),
        ("query($a){a}", 1, 9, "Expected \":\", found \")\"."),
        ("query($a:){a}", 1, 10, "Expected Name, found \")\"."),
        ("query($a:[Int){a}", 1, 14, "Expected \"]\", found \")\"."),
        ("query($a:Int!!){a}", 1, 14, "Expected \"$\", found \"!\"."),
        ("query($a:Int @d =1){a}", 1, 17, "Expected \"$\", found \"=\"."),
        (
            "query($a:Int=$b){a}",
            1,
            14,
            "Expected a constant, found the variable \"b\".",
        ),
        (
            "query($a:Int=[{b:$c}]){a}",
            1,
            18,
            "Expected a constant, found the variable \"c\".",
        ),
        (
            "query($a:Int @d(b:$c)){a}",
            1,
            19,
            "Expected a constant, found the variable \"c\".",
        ),
        ("query($a:Int=$){a}", 1, 14, "Unexpected \"$\"."),
        ("{a(b:$)}", 1, 7, "Expected Name, found \")\"."),
        ("fragment on on Brand {id}", 1, 10, "Unexpected Name \"on\"."),
        (
            "fragment F Brand {id}",
            1,
            12,
            "Expected \"on\", found Name \"Brand\".",
        ),
        (
            "fragment F($a:Int) on Brand {id}",
            1,
            11,
            "Expected \"on\", found \"(\".",
        ),
        ("fragment F on Brand", 1, 20, "Expected \"{\", found <EOF>."),
        ("{...}", 1, 5, "Expected \"{\", found \"}\"."),
        ("{...on}", 1, 7, "Expected Name, found \"}\"."),
        ("{...on Brand}", 1, 13, "Expected \"{\", found \"}\"."),
        ("select", 1, 1, "Unexpected Name \"select\"."),
        ("extend query", 1, 8, "Unexpected Name \"query\"."),
        ("extend directive @a", 1, 8, "Unexpected Name \"directive\"."),
        (
            "{a} \"no\" {b}",
            1,
            5,
            "A query without the keyword \"query\" can't have a description.",
        ),
        (
            "\"no\" select",
            1,
            1,
            "A description is not allowed before Name \"select\".",
        ),
        (
            "\"no\" extend type A",
            1,
            1,
            "A description is not allowed before Name \"extend\".",
        ),
        ("\"no\" \"\"\"no\"\"\" query{a}", 1, 6, "Unexpected BlockString."),
        (
            "query(\"no\" \"no\" $a:Int){a}",
            1,
            12,
            "Expected \"$\", found String.",
        ),
        ("{\"no\" a}", 1, 2, "Expected Name, found String."),
        (
            "query Q(\n  $a: Int,,,\n\t%\n)",
            3,
            2,
            "Unexpected character \"%\".",
        ),
    ]);
}

#[test]
fn unexpected_characters() {
    assert_syntax(&[
        ("{a;}", 1, 3, "Unexpected character \";\"."),
        ("{a . b}", 1, 4, "Unexpected character \".\"."),
        ("{..a}", 1, 2, "Unexpected character \".\"."),
        ("{🦆}", 1, 2, "Unexpected character U+1F986."),
        ("{é}", 1, 2, "Unexpected character U+00E9."),
        ("{\u{a0}a}", 1, 2, "Unexpected character U+00A0."),
        ("{\u{b}a}", 1, 2, "Unexpected character U+000B."),
        ("{a\0}", 1, 3, "Unexpected character U+0000."),
        (
            "{a(b:'c')}",
            1,
            6,
            "Unexpected character \"'\"; strings are written in double quotes.",
        ),
    ]);
}

#[test]
fn malformed_numbers() {
    for (number, column, message) in [
        ("00", 2, "Expected no digit after a leading 0, found \"0\"."),
        ("-01", 3, "Expected no digit after a leading 0, found \"1\"."),
        ("-", 2, "Expected a digit, found \")\"."),
        ("-a", 2, "Expected a digit, found \"a\"."),
        ("1.", 3, "Expected a digit, found \")\"."),
        ("1.e3", 3, "Expected a digit, found \"e\"."),
        ("1e", 3, "Expected a digit, found \")\"."),
        ("1e+", 4, "Expected a digit, found \")\"."),
        ("1\"", 2, "This string is not closed."),
        ("1.2.3", 4, "Expected the number to end, found \".\"."),
        ("1...", 3, "Expected a digit, found \".\"."),
        ("1a", 2, "Expected the number to end, found \"a\"."),
        ("1_000", 2, "Expected the number to end, found \"_\"."),
        ("0x1F", 2, "Expected the number to end, found \"x\"."),
        ("1é", 2, "Unexpected character U+00E9."),
        (".5", 1, "Unexpected character \".\"."),
        ("+1", 1, "Unexpected character \"+\"."),
    ] {
        assert_syntax(&[(&format!("{{a(b:{number})}}"), 1, column + 5, message)]);
    }
}

#[test]
fn malformed_strings() {
    for (string, column, message) in [
        ("\"", 1, "This string is not closed."),
        ("\"a\nb\"", 1, "This string is not closed."),
        ("\"a\rb\"", 1, "This string is not closed."),
        ("\"\"\"", 1, "This block string is not closed."),
        ("\"\"\"\"\"", 1, "This block string is not closed."),
        ("\"\"\" \\\"\"\"", 1, "This block string is not closed."),
        ("\"é\\x\"", 3, "Invalid escape sequence \"\\x\"."),
        ("\"\\é\"", 2, "Invalid escape sequence \"\\\"."),
        ("\"\\u12\"", 2, "Invalid escape sequence \"\\u12\"."),
        ("\"\\u+041\"", 2, "Invalid escape sequence \"\\u+041\"."),
        ("\"\\uD83E\"", 2, "Invalid escape sequence \"\\uD83E\"."),
        ("\"\\uDD86\\uD83E\"", 2, "Invalid escape sequence \"\\uDD86\"."),
        ("\"\\uD83E\\u{DD86}\"", 2, "Invalid escape sequence \"\\uD83E\"."),
        ("\"\\u{}\"", 2, "Invalid escape sequence \"\\u{}\"."),
        ("\"\\u{D83E}\"", 2, "Invalid escape sequence \"\\u{D83E}\"."),
        ("\"\\u{110000}\"", 2, "Invalid escape sequence \"\\u{110000}\"."),
        (
            "\"\\u{000000041}\"",
            2,
            "Invalid escape sequence \"\\u{000000041\".",
        ),
    ] {
        assert_syntax(&[(&format!("{{a(b:{string})}}"), 1, column + 5, message)]);
    }
}

#[test]
fn columns_count_characters_and_every_line_terminator_counts_once() {
    for (text, line, column) in [
        ("{a(b:\"🦆é\" %", 1, 11),
        ("\u{feff}{%", 1, 3),
        ("# 🦆é\n{%", 2, 2),
        ("{a\r%", 2, 1),
        ("{a\r\n%", 2, 1),
        ("{a\n\r%", 3, 1),
        ("{a(b:\"\"\"é\n\r\r\n🦆\"\"\" %", 4, 6),
        ("#\u{2028}\u{85}\n%", 2, 1),
    ] {
        assert_eq!(refuse(text).pos, pos(line, column), "{text:?}");
    }
}

#[test]
fn documents_that_are_not_executable() {
    let message = "An executable document contains only operations and fragments, no definitions of types.";
    for (text, column) in [
        ("type A {a: Int}", 1),
        ("{a} \"about\" enum E {A}", 5),
        ("{a} {b} extend schema @d", 9),
        ("directive @", 1),
    ] {
        let error = refuse(text);
        assert_eq!(
            (error.kind, error.pos),
            (ErrorKind::NotExecutable, pos(1, column)),
            "{text}"
        );
        assert_eq!(error.to_string(), message);
    }
    let lone = "An operation without a name must be the only one of its document.";
    let anonymous = ErrorKind::AnonymousOperationNotAlone;
    let first = pos(1, 1);
    for (text, kind, column, message) in [
        (
            "fragment F on A {a}",
            ErrorKind::NoOperation,
            1,
            "The document has no operation.",
        ),
        ("{a} query Q {b}", anonymous, 1, lone),
        ("query Q {b} mutation {a}", anonymous, 13, lone),
        ("{a} {b}", anonymous, 1, lone),
        (
            "query Q {a} mutation Q {b}",
            ErrorKind::DuplicateOperation { first },
            22,
            "Two operations have the same name.",
        ),
        (
            "fragment F on A {a} {a} fragment F on B {b}",
            ErrorKind::DuplicateFragment { first },
            34,
            "Two fragments have the same name.",
        ),
        (
            "{a(b: [{c: {c: 1}, d: 1, d: 2}])}",
            ErrorKind::DuplicateInputField,
            26,
            "An input object has this field twice.",
        ),
        (
            "{a(b: -1e309)}",
            ErrorKind::NumberOutOfRange,
            7,
            "This number is out of range.",
        ),
    ] {
        let error = refuse(text);
        assert_eq!((error.kind, error.pos), (kind, pos(1, column)), "{text}");
        assert_eq!(error.to_string(), message, "{text}");
        assert!(!kind.is_limit());
        // A later syntax error is reported instead, as by a library that validates after parsing.
        assert_eq!(refuse(&format!("{text} %")).kind, ErrorKind::Syntax, "{text}");
    }
}

#[test]
fn messages_quote_little_of_the_document() {
    let long = "a".repeat(9_000);
    let message = format!("Syntax Error: Unexpected Name \"{}…\".", "a".repeat(40));
    assert_eq!(refuse(&long).to_string(), message);
    for text in [
        format!("{{{}}}", "1".repeat(9_000)),
        format!("{{\"{long}\"}}"),
        format!("query($a:Int=${long}){{a}}"),
        format!("{{a(b:\"\\u{{{long}}}\")}}"),
        format!("{{a(b:\"\\{}\")}}", "é".repeat(4_000)),
    ] {
        assert!(refuse(&text).to_string().len() < 120, "{}", refuse(&text));
    }
}

#[test]
fn limits_are_inclusive() {
    let limits = |bytes, tokens, nesting| Limits {
        bytes,
        tokens,
        nesting,
    };
    let text = "{a(b: [{c: 1}]), # 🦆\n}";
    assert!(parse(text, limits(25, 14, 4)).is_ok());
    for (limits, kind, at, message) in [
        (
            limits(24, 14, 4),
            ErrorKind::TooLong,
            pos(1, 1),
            "The document has more than 24 bytes.",
        ),
        (
            limits(25, 13, 4),
            ErrorKind::TooManyTokens,
            pos(2, 1),
            "The document has more than 13 tokens.",
        ),
        (
            limits(25, 14, 3),
            ErrorKind::TooDeep,
            pos(1, 8),
            "The document has brackets nested more than 3 deep.",
        ),
        (
            limits(25, 14, 0),
            ErrorKind::TooDeep,
            pos(1, 1),
            "The document has brackets nested more than 0 deep.",
        ),
    ] {
        let error = parse(text, limits).unwrap_err();
        assert_eq!(
            (error.kind, error.pos, error.to_string()),
            (kind, at, message.to_owned())
        );
        assert!(kind.is_limit());
    }
    // `MAX_NESTING` applies to every setting.
    let deep = format!("{}a{}", "{a".repeat(101), "}".repeat(101));
    let error = parse(&deep, limits(999, 999, 255)).unwrap_err();
    assert_eq!((error.kind, error.pos), (ErrorKind::TooDeep, pos(1, 201)));
    // The brackets of types count as well; closed brackets do not.
    assert!(parse("query($a:[[Int]]){a(b:[]) c(d:[])}", limits(99, 99, 3)).is_ok());
    let error = parse("query($a:[[Int]]){a(b:[]) c(d:[])}", limits(99, 99, 2)).unwrap_err();
    assert_eq!((error.kind, error.pos), (ErrorKind::TooDeep, pos(1, 11)));
}
