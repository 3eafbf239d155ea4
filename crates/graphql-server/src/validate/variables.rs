//! Coerces the variables of a request: checks their types, fills in defaults, and removes variables without a value from
//! the document.
//!
//! async-graphql passes an omitted nullable variable to the resolver as null, so that an update would clear a field that
//! the client meant to leave unchanged. Therefore arguments and input fields whose value is such a variable are removed
//! from the copy of the document that is executed.

use std::collections::HashSet;

use async_graphql::parser::types::{Selection, SelectionSet, VariableDefinition};
use async_graphql::{Name, Positioned, Variables};

use super::values::{Source, ValueChecker};
use super::whole_numbers::rewrite_whole_numbers;
use crate::error::RequestError;
use crate::host::ScalarCheck;
use crate::limits::Limits;
use crate::schema_index::SchemaIndex;
use async_graphql_value::Value as Literal;

/// The variables with which an operation is executed.
#[derive(Debug, Default)]
pub(crate) struct CoercedVariables {
    /// The values, including defaults.
    pub values: Variables,
    /// The variables that have no value, not even null.
    pub absent: HashSet<Name>,
}

/// Coerces the variables of a request to the types that an operation declares. Variables that it does not declare are
/// ignored.
///
/// # Errors
/// One for each variable that is missing or does not fit, at most [`MAX_ERRORS`](crate::MAX_ERRORS).
pub(crate) fn coerce(
    index: &SchemaIndex,
    limits: &Limits,
    scalar_check: ScalarCheck,
    definitions: &[Positioned<VariableDefinition>],
    mut variables: Variables,
) -> Result<CoercedVariables, RequestError> {
    let mut coerced = CoercedVariables::default();
    let mut checker = ValueChecker::new(index, scalar_check, Source::Variable, limits.value_depth);
    for definition in definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let default = definition.node.default_value.as_ref();
        let value = variables
            .remove(name)
            .or_else(|| default.map(|default| default.node.clone()));
        match value {
            Some(value) => {
                checker.check(name, None, ty, false, &value);
                coerced.values.insert(name.clone(), value);
            }
            None if ty.nullable => {
                coerced.absent.insert(name.clone());
            }
            None => {
                let message = format!("The variable \"${name}\" of type \"{ty}\" is missing.");
                checker.error(message, Some(definition.pos));
            }
        }
    }
    checker.finish()?;
    for definition in definitions {
        if let Some(value) = coerced.values.get_mut(&definition.node.name.node) {
            rewrite_whole_numbers(index, &definition.node.var_type.node, value);
        }
    }
    Ok(coerced)
}

/// Removes arguments and input fields whose variable has no value from the selections of an operation or a fragment.
pub(crate) fn omit_absent(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let arguments = &mut field.node.arguments;
                arguments.retain(|(_, value)| !is_absent(&value.node, absent));
                for (_, value) in arguments {
                    omit_absent_in_value(&mut value.node, absent);
                }
                omit_absent(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(fragment) => {
                omit_absent(&mut fragment.node.selection_set.node, absent);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_absent(value: &Literal, absent: &HashSet<Name>) -> bool {
    matches!(value, Literal::Variable(name) if absent.contains(name))
}

fn omit_absent_in_value(value: &mut Literal, absent: &HashSet<Name>) {
    match value {
        Literal::Object(fields) => {
            fields.retain(|_, value| !is_absent(value, absent));
            fields
                .values_mut()
                .for_each(|value| omit_absent_in_value(value, absent));
        }
        Literal::List(items) => {
            for item in items {
                // By the specification, a list item whose variable has no value is null.
                if is_absent(item, absent) {
                    *item = Literal::Null;
                }
                omit_absent_in_value(item, absent);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
    use async_graphql::{Value, value};

    use super::*;
    use crate::error::MAX_ERRORS;

    const SCHEMA: &str = "
        type Query { a(i: In, n: Int): Int }
        enum Color { RED GREEN }
        scalar Decimal
        input In { id: ID! n: Int list: [In!] color: Color price: Decimal limit: Int! = 3 }
        input One @oneOf { a: Int b: Int }";

    fn scalar_check(name: &str, value: &Value) -> bool {
        name != "Decimal" || matches!(value, Value::String(_))
    }

    fn operation(document: &ExecutableDocument) -> &async_graphql::parser::types::OperationDefinition {
        match &document.operations {
            DocumentOperations::Single(operation) => &operation.node,
            DocumentOperations::Multiple(_) => panic!("one operation"),
        }
    }

    fn run(declared: &str, given: Value) -> Result<CoercedVariables, Vec<String>> {
        let index = SchemaIndex::read(SCHEMA).unwrap();
        let document = parse_query(format!("query({declared}){{a}}")).unwrap();
        let given = Variables::from_value(given);
        coerce(
            &index,
            &Limits::DEFAULT,
            scalar_check,
            &operation(&document).variable_definitions,
            given,
        )
        .map_err(|error| error.errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn values_that_fit_are_accepted() {
        for (declared, given) in [
            ("$a:Int", value!({"a": 2_147_483_647_i64})),
            ("$a:Int", value!({"a": 2.0})),
            ("$a:Int", value!({"a": null})),
            ("$a:[Int!]!", value!({"a": 1})),
            ("$a:[[Int]]", value!({"a": [[1, null], null]})),
            ("$a:ID!", value!({"a": 5})),
            ("$a:ID!", value!({"a": "5"})),
            ("$a:Float", value!({"a": 5})),
            ("$a:Color", value!({"a": "RED"})),
            (
                "$a:In",
                value!({"a": {"id": 1, "list": {"id": 2}, "price": "1.00"}}),
            ),
            ("$a:One", value!({"a": {"b": 1}})),
            ("$a:Int", value!({"a": 1, "other": [1]})),
        ] {
            let coerced = run(declared, given.clone());
            assert!(coerced.is_ok(), "{declared} {given}: {coerced:?}");
        }
    }

    #[test]
    fn whole_numbers_become_integers() {
        let given = value!({"a": {"id": 7.0, "n": 1e2, "list": {"id": 8.0}}, "b": [3.0, null], "c": 2.0});
        let coerced = run("$a:In,$b:[Int],$c:Float", given).unwrap();
        assert_eq!(
            coerced.values.get("a"),
            Some(&value!({"id": 7, "n": 100, "list": {"id": 8}}))
        );
        assert_eq!(coerced.values.get("b"), Some(&value!([3, null])));
        assert_eq!(coerced.values.get("c"), Some(&value!(2.0)));
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for (declared, given, expected) in [
            (
                "$a:Int",
                value!({"a": 2_147_483_648_i64}),
                "\"$a\" does not fit: expected \"Int\"",
            ),
            ("$a:Int", value!({"a": 1.5}), "expected \"Int\""),
            ("$a:ID", value!({"a": 1.5}), "expected \"ID\""),
            ("$a:Int", value!({"a": 1e10}), "expected \"Int\""),
            (
                "$a:In",
                value!({"a": {"id": 1, "n": 0.5}}),
                "\"$a.n\" does not fit",
            ),
            ("$a:Int", value!({"a": "1"}), "expected \"Int\""),
            ("$a:Int!", value!({"a": null}), "expected \"Int!\""),
            ("$a:Int!", value!({}), "\"$a\" of type \"Int!\" is missing"),
            (
                "$a:[Int!]",
                value!({"a": [1, null]}),
                "\"$a.1\" does not fit: expected \"Int!\"",
            ),
            ("$a:String", value!({"a": 1}), "expected \"String\""),
            ("$a:ID", value!({"a": true}), "expected \"ID\""),
            ("$a:Color", value!({"a": "BLUE"}), "expected \"Color\""),
            (
                "$a:In",
                value!({"a": {"n": 1}}),
                "\"id\" of type \"ID!\" is missing",
            ),
            (
                "$a:In",
                value!({"a": {"id": 1, "x": 1}}),
                "there is no field \"x\"",
            ),
            (
                "$a:In",
                value!({"a": {"id": 1, "list": [{"id": 2}, {"id": null}]}}),
                "\"$a.list.1.id\"",
            ),
            (
                "$a:In",
                value!({"a": {"id": 1, "limit": null}}),
                "\"$a.limit\" does not fit",
            ),
            (
                "$a:In",
                value!({"a": {"id": 1, "price": 1}}),
                "\"$a.price\" does not fit: expected \"Decimal\"",
            ),
            ("$a:In", value!({"a": 1}), "expected \"In\""),
            ("$a:One", value!({"a": {"a": 1, "b": 1}}), "exactly one"),
            ("$a:One", value!({"a": {"a": null}}), "exactly one"),
        ] {
            let errors = run(declared, given.clone()).unwrap_err();
            assert!(errors[0].contains(expected), "{declared} {given}: {errors:?}");
        }
    }

    #[test]
    fn errors_and_depth_are_bounded() {
        let many = Value::List(vec![Value::Null; 1000]);
        assert_eq!(
            run("$a:[Int!]", value!({"a": many})).unwrap_err().len(),
            MAX_ERRORS
        );
        let deep = (0..200).fold(value!({"id": 1}), |inner, _| value!({"id": 1, "list": inner}));
        assert!(run("$a:In", value!({"a": deep})).unwrap_err()[0].contains("nested"));
    }

    #[test]
    fn defaults_are_filled_in_and_other_variables_are_absent() {
        let coerced = run("$a:Int=3,$b:Int,$c:Int", value!({"c": null})).unwrap();
        assert_eq!(coerced.values.get("a"), Some(&value!(3)));
        assert_eq!(coerced.values.get("c"), Some(&Value::Null));
        assert_eq!(coerced.absent, HashSet::from([Name::new("b")]));
    }

    #[test]
    fn absent_variables_are_removed_from_the_document() {
        let mut document = parse_query(
            "query($n:Int,$x:Int,$l:In){ a(n:$n,i:{id:1,n:$n,limit:$x,list:[$l,{id:2,n:$n}]}) ...on Query{ a(n:$n) } }",
        )
        .unwrap();
        let DocumentOperations::Single(operation) = &mut document.operations else {
            panic!("one operation");
        };
        let set = &mut operation.node.selection_set.node;
        omit_absent(set, &HashSet::from([Name::new("n"), Name::new("l")]));
        let Selection::Field(field) = &set.items[0].node else {
            panic!("a field");
        };
        let arguments: Vec<String> = field
            .node
            .arguments
            .iter()
            .map(|(name, value)| format!("{}:{}", name.node, value.node))
            .collect();
        assert_eq!(arguments, ["i:{id: 1, limit: $x, list: [null, {id: 2}]}"]);
        let Selection::InlineFragment(fragment) = &set.items[1].node else {
            panic!("a fragment");
        };
        let Selection::Field(field) = &fragment.node.selection_set.node.items[0].node else {
            panic!("a field");
        };
        assert!(field.node.arguments.is_empty());
    }
}
