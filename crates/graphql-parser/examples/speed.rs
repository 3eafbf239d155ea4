//! Compares the time that this parser and async-graphql's own take for the same documents:
//! `cargo run --release --example speed`.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use graphql_parser::{Limits, parse};

const LIMITS: Limits = Limits {
    bytes: 64 * 1024,
    tokens: 8_000,
    nesting: 50,
};

/// A query for a page of products, as a client of an inventory would send it.
const PAGE: &str = r#"
query Products($first: Int = 20, $after: String, $filter: ProductFilter) {
  products(first: $first, after: $after, filter: $filter, orderBy: [{field: TITLE, direction: ASC}]) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      cursor
      node {
        id
        title
        serieNumber
        costPrice
        sellingPrice
        quantity
        brand { id name }
        category { id name }
        inflows(first: 5) { edges { node { id quantity createdAt supplier { id name } } } }
        ...Description
      }
    }
  }
}

# Shown when a row is opened.
fragment Description on Product {
  description
  similar: search(text: "hammer \"18 oz\"", limit: 3, minimum: 0.5) @include(if: true) { id title }
}
"#;

const SMALL: &str = "{ brand(id: 1) { id name } }";

fn main() -> Result<(), Box<dyn Error>> {
    // About as many fields as the limits allow.
    let wide = format!("{{ {}}}", "field(argument: \"value\") ".repeat(1_000));
    for (name, text) in [("small", SMALL), ("page", PAGE), ("wide", &wide)] {
        // A parser that stops at an error early would seem faster, so both must accept the document.
        async_graphql_parser::parse_query(text)?;
        parse(text, LIMITS)?;
        let other = median(|| drop(black_box(async_graphql_parser::parse_query(black_box(text)))));
        let ours = median(|| drop(black_box(parse(black_box(text), LIMITS))));
        let times = other.as_secs_f64() / ours.as_secs_f64();
        println!(
            "{name}, {} bytes: async-graphql-parser {other:?}, this {ours:?}, {times:.1} times as fast",
            text.len()
        );
    }
    Ok(())
}

/// The median of 200 runs, each of which is the mean of 20.
fn median(run: impl Fn()) -> Duration {
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            let start = Instant::now();
            (0..20).for_each(|_| run());
            start.elapsed() / 20
        })
        .collect();
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
