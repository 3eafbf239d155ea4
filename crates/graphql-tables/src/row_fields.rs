//! The fields that a request selects of the rows of a connection.

use async_graphql::Context;
use async_graphql::parser::types::{Field, Selection, SelectionSet};

use crate::arguments::is_camel_case_of;

/// The fields that are selected of the rows of a connection; `None` if the selection contains fragments, which can select any.
pub struct RowFields<'a>(Option<Vec<&'a str>>);

impl<'a> RowFields<'a> {
    /// The fields of the connection that the field `cx.item` returns.
    pub fn of_connection(cx: &'a Context<'_>) -> Self {
        Self(selected(&cx.item.node.selection_set.node))
    }

    /// Whether the field may be selected, by its name in Rust. If the selection contains fragments, it may be any field.
    pub fn may_contain(&self, field: &str) -> bool {
        let is_selected = |selected: &[&str]| selected.iter().any(|name| is_camel_case_of(name, field));
        self.0.as_deref().is_none_or(is_selected)
    }
}

fn selected(connection: &SelectionSet) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    for field in fields(connection)? {
        match field.name.node.as_str() {
            "nodes" => names.extend(field_names(&field.selection_set.node)?),
            "edges" => {
                for field in fields(&field.selection_set.node)? {
                    if field.name.node == "node" {
                        names.extend(field_names(&field.selection_set.node)?);
                    }
                }
            }
            _ => {}
        }
    }
    Some(names)
}

fn field_names(selections: &SelectionSet) -> Option<Vec<&str>> {
    let fields = fields(selections)?.into_iter();
    Some(fields.map(|field| field.name.node.as_str()).collect())
}

/// The selections, if all of them are fields.
fn fields(selections: &SelectionSet) -> Option<Vec<&Field>> {
    let selections = selections.items.iter();
    selections
        .map(|selection| match &selection.node {
            Selection::Field(field) => Some(&field.node),
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::DocumentOperations;

    use super::*;

    fn selected_in(connection: &str) -> Option<Vec<String>> {
        let document = parse_query(format!("{{ books {connection} }}")).expect("a document");
        let DocumentOperations::Single(operation) = document.operations else {
            panic!("several operations");
        };
        let root = fields(&operation.node.selection_set.node).expect("fields")[0];
        let names = selected(&root.selection_set.node)?;
        Some(names.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn nodes_and_edges_select_fields_of_rows() {
        let selection =
            "{ totalCount nodes { id title } edges { cursor node { author { name } } } nodes { isbn } }";
        let expected = ["id", "title", "author", "isbn"].map(str::to_owned);
        assert_eq!(selected_in(selection), Some(expected.to_vec()));
        assert_eq!(selected_in("{ totalCount }"), Some(Vec::new()));
    }

    #[test]
    fn fragments_can_select_any_field() {
        for selection in [
            "{ ... { nodes { id } } }",
            "{ nodes { id ...Details } }",
            "{ edges { ... { node { id } } } }",
            "{ edges { node { ... on Book { id } } } }",
        ] {
            assert_eq!(selected_in(selection), None, "{selection}");
        }
        assert!(RowFields(None).may_contain("any"));
    }

    #[test]
    fn names_are_those_in_rust() {
        let fields = RowFields(Some(vec!["id", "unitPrice"]));
        assert!(fields.may_contain("unit_price") && fields.may_contain("id"));
        assert!(!fields.may_contain("price"));
    }
}
