//! Accepted documents and their trees.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic fails the test"
)]

use graphql_parser::types::{DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection};
use graphql_parser::{ConstValue, Limits, Name, Number, Pos, Positioned, Value, parse};

const LIMITS: Limits = Limits {
    bytes: 10_000,
    tokens: 1_000,
    nesting: 20,
};

fn accept(text: &str) -> ExecutableDocument {
    parse(text, LIMITS).unwrap_or_else(|error| panic!("{text}: {error} {:?}", error.pos))
}

fn only_operation(text: &str) -> OperationDefinition {
    let document = accept(text);
    let (_, operation) = document.operations.iter().next().unwrap();
    operation.node.clone()
}

fn first_field(operation: &OperationDefinition) -> &Field {
    match &operation.selection_set.node.items[0].node {
        Selection::Field(field) => &field.node,
        other => panic!("a field, not {other:?}"),
    }
}

fn value(text: &str) -> Value {
    let operation = only_operation(&format!("{{a(b:{text})}}"));
    first_field(&operation).arguments[0].1.node.clone()
}

#[test]
fn values_are_parsed() {
    for (text, expected) in [
        ("true", Value::Boolean(true)),
        ("false", Value::Boolean(false)),
        ("null", Value::Null),
        ("nullable", Value::Enum(Name::new("nullable"))),
        ("on", Value::Enum(Name::new("on"))),
        ("$ #\n a", Value::Variable(Name::new("a"))),
        ("[]", Value::List(Vec::new())),
        ("{}", Value::Object([].into_iter().collect())),
        (
            "[1,null]",
            Value::List(vec![Value::Number(1.into()), Value::Null]),
        ),
        (
            "{true:$on}",
            Value::Object(
                [(Name::new("true"), Value::Variable(Name::new("on")))]
                    .into_iter()
                    .collect(),
            ),
        ),
        ("\"\"", Value::String(String::new())),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
    let Value::Object(fields) = value("{b:1 a:2,c:3}") else {
        panic!("an object");
    };
    let names: Vec<_> = fields.keys().map(Name::as_str).collect();
    assert_eq!(names, ["b", "a", "c"]);
}

#[test]
fn numbers_keep_their_meaning() {
    for (text, expected) in [
        ("0", Number::from(0)),
        ("-0", Number::from(0)),
        ("2147483648", Number::from(2_147_483_648_i64)),
        ("-9223372036854775808", Number::from(i64::MIN)),
        ("9223372036854775808", Number::from(9_223_372_036_854_775_808_u64)),
        ("18446744073709551615", Number::from(u64::MAX)),
    ] {
        assert_eq!(value(text), Value::Number(expected), "{text}");
    }
    for (text, expected) in [
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("-9223372036854775809", -9_223_372_036_854_775_808.0),
        ("1.0", 1.0),
        ("1.50", 1.5),
        ("-0.0", -0.0),
        ("1e3", 1_000.0),
        ("1E-7", 0.000_000_1),
        ("0.1", 0.1),
        ("0.30000000000000004", 0.1 + 0.2),
        ("1e-400", 0.0),
        // A parser that rounds twice does not find the nearest double for these two numbers.
        ("2.2250738585072011e-308", 2.225_073_858_507_201e-308),
        ("9007199254740993.0", 9_007_199_254_740_992.0),
    ] {
        let Value::Number(number) = value(text) else {
            panic!("{text} is a number");
        };
        assert!(number.is_f64(), "{text}");
        assert_eq!(
            number.as_f64().map(f64::to_bits),
            Some(f64::to_bits(expected)),
            "{text}"
        );
    }
    // Numbers with few digits are printed as they were written.
    for text in ["0.1", "19.99", "123456.78", "1.005", "99999999999999.9"] {
        assert_eq!(value(text).to_string(), text);
    }
}

#[test]
fn strings_are_unescaped_and_dedented() {
    for (text, expected) in [
        (r#""\uD83E\uDD86""#, "🦆"),
        (r#""\u{1F986}""#, "🦆"),
        (r#""\u{0001f986}\u{41}\u0042""#, "🦆AB"),
        (
            r#""\u{10FFFF}\uDBFF\uDFFF\u{0}\uFFFF""#,
            "\u{10FFFF}\u{10FFFF}\0\u{FFFF}",
        ),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""{ # , \\u0041""#, "{ # , \\u0041"),
        (
            "\"\u{feff}é\u{2028}\0\u{7f}\t🦆\"",
            "\u{feff}é\u{2028}\0\u{7f}\t🦆",
        ),
        (r#""""""""#, ""),
        (r#""""say \""" twice""""#, "say \"\"\" twice"),
        (r#""""\u0041 \n \\ \" """"#, "\\u0041 \\n \\\\ \\\" "),
        ("\"\"\"\"a\"\" \"\"\"", "\"a\"\" "),
        ("\"\"\"\\\\\"\"\" \"\"\"", "\\\"\"\" "),
        ("\"\"\" a \"\"\"", " a "),
        ("\"\"\" \t \"\"\"", ""),
        ("\"\"\"\n\n  \n\"\"\"", ""),
        ("\"\"\"\n    a\n      b\n\n    c\n  \"\"\"", "a\n  b\n\nc"),
        ("\"\"\"\r    a\r\n      b\r\r\n    c\n  \"\"\"", "a\n  b\n\nc"),
        ("\"\"\"  a\n    b\n   c\"\"\"", "  a\n b\nc"),
        // A blank line keeps the spaces beyond the common indentation.
        ("\"\"\"\n  a\n     \n \n  b\"\"\"", "a\n   \n\nb"),
        ("\"\"\"\n\ta\n\t\tb\n  c\"\"\"", "a\n\tb\n c"),
        ("\"\"\"\n \u{a0}a\n  b\"\"\"", "\u{a0}a\n b"),
        ("\"\"\"\n  \\\"\"\"a\n    b\"\"\"", "\"\"\"a\n  b"),
        ("\"\"\"a\n\"\"\"", "a"),
        ("\"\"\"é\n 🦆\u{2028}\u{85} x\"\"\"", "é\n🦆\u{2028}\u{85} x"),
    ] {
        assert_eq!(value(text), Value::String(expected.to_owned()), "{text:?}");
    }
}

#[test]
fn ignored_tokens_are_allowed_in_every_gap() {
    let tokens = [
        "\"d\"",
        "query",
        "Q",
        "(",
        "\"\"\"d\"\"\"",
        "$",
        "i",
        ":",
        "[",
        "ID",
        "!",
        "]",
        "!",
        "=",
        "[",
        "1",
        "]",
        "@",
        "d",
        "(",
        "a",
        ":",
        "1",
        ")",
        ")",
        "@",
        "d",
        "{",
        "a",
        ":",
        "b",
        "(",
        "c",
        ":",
        "{",
        "d",
        ":",
        "$",
        "i",
        "}",
        ")",
        "...",
        "on",
        "T",
        "@",
        "d",
        "{",
        "x",
        "}",
        "...",
        "F",
        "...",
        "{",
        "y",
        "}",
        "}",
        "fragment",
        "F",
        "on",
        "T",
        "{",
        "z",
        "}",
    ];
    let tree = |text: &str| without_positions(&format!("{:?}", accept(text)));
    let expected = tree(&tokens.join(" "));
    for ignored in [
        " ",
        "\t",
        ",",
        "\n",
        "\r",
        "\r\n",
        "\u{feff}",
        "# {\"\"\"\n",
        "#\r",
        ",, \u{feff}#é\r\n\t",
    ] {
        let text = format!("{ignored}{}{ignored}", tokens.join(ignored));
        assert_eq!(tree(&text), expected, "{ignored:?}");
    }
}

/// Removes the positions from the debug output of a tree.
fn without_positions(text: &str) -> String {
    let mut parts = text.split("Pos(");
    let mut stripped = parts.next().unwrap().to_owned();
    for part in parts {
        stripped.push_str(part.split_once(')').unwrap().1);
    }
    stripped
}

#[test]
fn keywords_are_names_outside_of_their_context() {
    for text in [
        "query query {query}",
        "query on($on:on=on @on(on:on))@on{on(on:on)@on{on}}",
        "{true:null false fragment}",
        "{...on on{on} ...onward ...fragment}",
        "fragment fragment on on {on} {a}",
        "subscription schema {type}",
        "{...@include(if:true){a} ...{b}}",
        "mutation{a}",
        "{a}#",
        "{a(b:[1-2\"x\"\"y\"$z{}[]])}",
    ] {
        accept(text);
    }
}

#[test]
fn operations_and_fragments_are_parsed() {
    let document = accept("\"about\" query Q {a} mutation M {b} fragment F on T @d {c}");
    let DocumentOperations::Multiple(operations) = &document.operations else {
        panic!("named operations");
    };
    assert_eq!(operations.len(), 2);
    assert_eq!(operations["Q"].pos, Pos { line: 1, column: 1 });
    assert_eq!(operations["M"].pos, Pos { line: 1, column: 21 });
    let fragment = &document.fragments["F"];
    assert_eq!(fragment.pos, Pos { line: 1, column: 36 });
    assert_eq!(fragment.node.type_condition.node.on.node, "T");
    assert!(matches!(accept("{a}").operations, DocumentOperations::Single(_)));
    assert!(matches!(
        accept("subscription {a}").operations,
        DocumentOperations::Single(_)
    ));
}

#[test]
fn variables_are_parsed() {
    let operation =
        only_operation("query (\"about\" $i: [ID !] ! = [1, \"\"\"\n  b\"\"\"] @d(e: {f: 1})) {a}");
    let variable = &operation.variable_definitions[0];
    assert_eq!(variable.pos, Pos { line: 1, column: 8 });
    assert_eq!(
        variable.node.name,
        Positioned::new(Name::new("i"), Pos::default())
    );
    assert_eq!(variable.node.name.pos, Pos { line: 1, column: 17 });
    assert_eq!(variable.node.var_type.node.to_string(), "[ID!]!");
    assert_eq!(
        variable.node.default_value.as_ref().map(|default| &default.node),
        Some(&ConstValue::List(vec![
            ConstValue::Number(1.into()),
            ConstValue::String("b".to_owned())
        ]))
    );
    assert_eq!(variable.node.directives.len(), 1);
}
