//! The tree has the same nodes at the same positions as that of async-graphql's own parser, for documents that it parses
//! correctly.

use async_graphql_parser::parse_query;
use graphql_parser::{Limits, parse};

const LIMITS: Limits = Limits {
    bytes: 10_000,
    tokens: 1_000,
    nesting: 20,
};

#[test]
fn the_tree_is_the_same_as_that_of_the_other_parser() {
    // Maps have no order, so no document has two operations or two fragments.
    for text in [
        "{a}",
        "query{a}",
        "mutation M{\n  a: b(c: 1, d: [$e, \"f\", {g: h}]) @i(j: true) {\n    k\n  }\n}",
        "query Q($a:Int=1,$b:[T!]!\n,$c:In={d:[null]}){a(b:$b)}",
        "subscription @a(b: 1.5) @c {\n ... on T @d { e }\n ...@f{g}\n ...{h} ...F @i\n}",
        "# 🦆\n{ a(b: \"é🦆\\n\\u0041\") c }\nfragment F on T @d { e { f { g } } }",
        "{ a(b: \"\"\"\n  c\n    d\n\"\"\", e: -12, f: 9223372036854775807, g: 1e5) }",
    ] {
        let other = parse_query(text).unwrap();
        let ours = parse(text, LIMITS).unwrap();
        assert_eq!(format!("{ours:?}"), format!("{other:?}"), "{text}");
    }
}
