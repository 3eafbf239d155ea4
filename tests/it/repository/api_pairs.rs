//! Each REST operation has a GraphQL counterpart, named in its description, in the schema and in the guide in `docs/`.

use std::collections::BTreeSet;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use stockroom::graphql;

use crate::repository::docs;
use crate::support::openapi_index::operations;

/// The fields of one of the schema's roots.
fn fields_of(name: &str) -> BTreeSet<String> {
    let schema = parse_schema(graphql::sdl()).expect("a schema");
    let found = schema
        .definitions
        .into_iter()
        .find_map(|definition| match definition {
            TypeSystemDefinition::Type(ty) if ty.node.name.node == name => Some(ty.node.kind),
            _ => None,
        });
    match found {
        Some(TypeKind::Object(object)) => object
            .fields
            .iter()
            .map(|field| field.node.name.node.to_string())
            .collect(),
        _ => panic!("there is no type {name}"),
    }
}

#[test]
fn every_operation_names_a_field_of_the_schema() {
    let (queries, mutations) = (fields_of("Query"), fields_of("Mutation"));
    let mut fields_with_operation = BTreeSet::new();
    for (path, method, operation) in operations() {
        let field = operation["x-graphql-operation"].as_str().unwrap_or_default();
        let (kind, fields) = if method == "get" {
            ("query", &queries)
        } else {
            ("mutation", &mutations)
        };
        assert!(
            field == "__schema" || fields.contains(field),
            "{method} {path}: {kind} {field:?}"
        );
        let description = operation["description"].as_str().unwrap_or_default();
        assert!(
            description.ends_with(&format!("GraphQL: the {kind} `{field}`.")),
            "{method} {path}: {description}"
        );
        fields_with_operation.insert(field.to_owned());
    }
    // Conversely, every mutation of a single object has a REST operation.
    let batches = ["createInflows", "createOutflows", "createProducts"];
    for mutation in &mutations {
        assert!(
            fields_with_operation.contains(mutation) || batches.contains(&&**mutation),
            "{mutation} has no REST operation"
        );
    }
}

#[test]
fn the_guide_lists_every_pair() {
    let table = docs::pairs();
    for (path, method, operation) in operations() {
        let call = format!("{} {path}", method.to_uppercase());
        let field = operation["x-graphql-operation"].as_str().unwrap_or_default();
        let row = (call, field.to_owned());
        assert!(table.contains(&row), "moving-from-rest.md lacks {row:?}");
    }
}
