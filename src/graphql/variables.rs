//! The variables of a request, as the specification wants them before anything runs: each of its type, defaults filled in,
//! and those left out really out of the document.
//!
//! The library hands a nullable variable that was left out to the resolver as null, so an update would clear what it was
//! to leave alone. Here the arguments and input fields that are nothing but such a variable are taken out of the copy
//! that is executed.

use std::collections::HashSet;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Selection, SelectionSet, Type, VariableDefinition};
use async_graphql::{Name, Positioned, ServerError, Value, Variables};

use super::Input;
use super::limits::MAX_VALUE_DEPTH;
use super::problem::BAD_USER_INPUT;
use super::refusal::{MAX_ERRORS, Refusal, error};
use super::schema_index::{self, Named, SchemaIndex};

/// Whether a value is one of a custom scalar, by the scalar's name; true for a name it does not know.
pub type IsOfScalar = fn(&str, &Value) -> bool;

/// Variables that an operation can be executed with.
#[derive(Debug, Default)]
pub struct Coerced {
    /// The values, defaults included.
    pub values: Variables,
    /// Those that have no value, not even null.
    pub absent: HashSet<Name>,
}

/// Fits the variables of a request to what an operation declares; what it does not declare is ignored.
///
/// # Errors
/// All that does not fit.
pub fn coerce(
    shape: &SchemaIndex,
    is_of_scalar: IsOfScalar,
    definitions: &[Positioned<VariableDefinition>],
    mut given: Variables,
) -> Result<Coerced, Refusal> {
    let mut coerced = Coerced::default();
    let mut check = Check {
        shape,
        is_of_scalar,
        path: Vec::new(),
        errors: Vec::new(),
    };
    for definition in definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let value = given.remove(name);
        let default = definition
            .node
            .default_value
            .as_ref()
            .map(|default| default.node.clone());
        match value.or(default) {
            Some(value) => {
                check.path = vec![name.to_string()];
                check.value(ty, &value);
                coerced.values.insert(name.clone(), value);
            }
            None if ty.nullable => {
                coerced.absent.insert(name.clone());
            }
            None => {
                let message = format!("The variable \"${name}\" of type \"{ty}\" is missing.");
                check
                    .errors
                    .push(error(BAD_USER_INPUT, message, Some(definition.pos)));
            }
        }
    }
    if check.errors.is_empty() {
        Ok(coerced)
    } else {
        Err(Refusal::all(BAD_USER_INPUT, check.errors))
    }
}

struct Check<'a> {
    shape: &'a SchemaIndex,
    is_of_scalar: IsOfScalar,
    path: Vec<String>,
    errors: Vec<ServerError>,
}

impl Check<'_> {
    fn value(&mut self, ty: &Type, value: &Value) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        if self.path.len() > MAX_VALUE_DEPTH {
            return self.wrong(&format!(
                "values are nested more than {MAX_VALUE_DEPTH} levels deep"
            ));
        }
        match (value, &ty.base) {
            (Value::Null, _) if ty.nullable => {}
            (Value::Null, _) => self.expected(ty),
            (Value::List(items), BaseType::List(of)) => {
                for (index, item) in items.iter().enumerate() {
                    self.within(&index.to_string(), of, item);
                }
            }
            // One value stands for a list of it.
            (_, BaseType::List(of)) => self.value(of, value),
            (_, BaseType::Named(name)) => self.named(name, ty, value),
        }
    }

    fn named(&mut self, name: &Name, ty: &Type, value: &Value) {
        let fits = match (name.as_str(), value) {
            ("Int", Value::Number(number)) => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            ("Float", Value::Number(_))
            | ("String" | "ID", Value::String(_))
            | ("Boolean", Value::Boolean(_)) => true,
            ("ID", Value::Number(number)) => number.is_i64(),
            ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
            _ => match (self.shape.named(name), value) {
                (Some(Named::Enum(values)), Value::String(value)) => values.contains(value),
                (Some(Named::Enum(values)), Value::Enum(value)) => values.contains(value.as_str()),
                (Some(Named::Input(input)), Value::Object(fields)) => return self.input(input, fields),
                (Some(Named::Scalar), value) => (self.is_of_scalar)(name, value),
                _ => false,
            },
        };
        if !fits {
            self.expected(ty);
        }
    }

    fn input(&mut self, input: &schema_index::Input, given: &IndexMap<Name, Value>) {
        for (name, field) in &input.fields {
            match given.get(name.as_str()) {
                Some(value) => self.within(name, &field.ty, value),
                None if field.ty.nullable || field.has_default => {}
                None => self.wrong(&format!("\"{name}\" of type \"{}\" is missing", field.ty)),
            }
        }
        let unknown = |name: &&Name| !input.fields.iter().any(|(known, _)| known == name.as_str());
        if let Some(name) = given.keys().find(unknown) {
            let name: String = name.chars().take(60).collect();
            self.wrong(&format!("there is no field \"{name}\""));
        }
        if input.one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
            self.wrong("exactly one of its fields must be there");
        }
    }

    fn within(&mut self, step: &str, ty: &Type, value: &Value) {
        self.path.push(step.to_owned());
        self.value(ty, value);
        self.path.pop();
    }

    fn expected(&mut self, ty: &Type) {
        self.wrong(&format!("expected \"{ty}\""));
    }

    fn wrong(&mut self, what: &str) {
        let message = format!("The variable \"${}\" does not fit: {what}.", self.path.join("."));
        self.errors.push(error(BAD_USER_INPUT, message, None));
    }
}

/// Takes what was left out of the selections of an operation or a fragment.
pub fn leave_out(set: &mut SelectionSet, absent: &HashSet<Name>) {
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                let arguments = &mut field.node.arguments;
                arguments.retain(|(_, value)| !is_absent(&value.node, absent));
                for (_, value) in arguments {
                    leave_out_of(&mut value.node, absent);
                }
                leave_out(&mut field.node.selection_set.node, absent);
            }
            Selection::InlineFragment(fragment) => {
                leave_out(&mut fragment.node.selection_set.node, absent);
            }
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn is_absent(value: &Input, absent: &HashSet<Name>) -> bool {
    matches!(value, Input::Variable(name) if absent.contains(name))
}

fn leave_out_of(value: &mut Input, absent: &HashSet<Name>) {
    match value {
        Input::Object(fields) => {
            fields.retain(|_, value| !is_absent(value, absent));
            fields.values_mut().for_each(|value| leave_out_of(value, absent));
        }
        Input::List(items) => {
            for item in items {
                // An item of a list can't be left out: it is null, as the specification has it.
                if is_absent(item, absent) {
                    *item = Input::Null;
                }
                leave_out_of(item, absent);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use async_graphql::parser::types::{DocumentOperations, ExecutableDocument};
    use async_graphql::value;

    use super::*;

    const SCHEMA: &str = "
        type Query { a(i: In, n: Int): Int }
        enum Color { RED GREEN }
        scalar Decimal
        input In { id: ID! n: Int list: [In!] color: Color price: Decimal limit: Int! = 3 }
        input One @oneOf { a: Int b: Int }";

    fn is_of_scalar(name: &str, value: &Value) -> bool {
        name != "Decimal" || matches!(value, Value::String(_))
    }

    fn operation(document: &ExecutableDocument) -> &async_graphql::parser::types::OperationDefinition {
        match &document.operations {
            DocumentOperations::Single(operation) => &operation.node,
            DocumentOperations::Multiple(_) => panic!("one operation"),
        }
    }

    fn run(declared: &str, given: Value) -> Result<Coerced, Vec<String>> {
        let shape = SchemaIndex::read(SCHEMA).unwrap();
        let document = parse_query(format!("query({declared}){{a}}")).unwrap();
        let given = Variables::from_value(given);
        coerce(
            &shape,
            is_of_scalar,
            &operation(&document).variable_definitions,
            given,
        )
        .map_err(|refusal| refusal.errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn what_fits() {
        for (declared, given) in [
            ("$a:Int", value!({"a": 2_147_483_647_i64})),
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
    fn what_does_not() {
        for (declared, given, says) in [
            (
                "$a:Int",
                value!({"a": 2_147_483_648_i64}),
                "\"$a\" does not fit: expected \"Int\"",
            ),
            ("$a:Int", value!({"a": 1.5}), "expected \"Int\""),
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
            assert!(errors[0].contains(says), "{declared} {given}: {errors:?}");
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
    fn defaults_are_filled_in_and_the_rest_is_absent() {
        let coerced = run("$a:Int=3,$b:Int,$c:Int", value!({"c": null})).unwrap();
        assert_eq!(coerced.values.get("a"), Some(&value!(3)));
        assert_eq!(coerced.values.get("c"), Some(&Value::Null));
        assert_eq!(coerced.absent, HashSet::from([Name::new("b")]));
    }

    #[test]
    fn what_was_left_out_is_out_of_the_document() {
        let mut document = parse_query(
            "query($n:Int,$x:Int,$l:In){ a(n:$n,i:{id:1,n:$n,limit:$x,list:[$l,{id:2,n:$n}]}) ...on Query{ a(n:$n) } }",
        )
        .unwrap();
        let DocumentOperations::Single(operation) = &mut document.operations else {
            panic!("one operation");
        };
        let set = &mut operation.node.selection_set.node;
        leave_out(set, &HashSet::from([Name::new("n"), Name::new("l")]));
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
