//! Checks the literals of a document: each must be valid for its argument, and each variable in them must be declared with
//! a compatible type.
//!
//! async-graphql accepts a string as an enum value, checks the range of numbers only when a resolver uses them, and does
//! not check the types of all variables.

use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, Field, OperationDefinition, Type,
};
use async_graphql::{Name, Positioned};

use super::selections::{Visitor, Walk};
use super::values::{Source, ValueChecker};
use crate::error::{ErrorCode, RequestError};
use crate::host::ScalarCheck;
use crate::schema_index::{Field as FieldDefinition, InputField, SchemaIndex};
use async_graphql_value::Value as Literal;

/// Checks all literals of a document.
///
/// # Errors
/// One for each literal that does not fit, at most [`MAX_ERRORS`](crate::MAX_ERRORS).
pub(crate) fn check(
    index: &SchemaIndex,
    scalar_check: ScalarCheck,
    document: &ExecutableDocument,
) -> Result<(), RequestError> {
    let condition = InputField {
        ty: Type {
            base: BaseType::Named(Name::new("Boolean")),
            nullable: false,
        },
        has_default: false,
    };
    let mut errors = Vec::new();
    for (_, operation) in document.operations.iter() {
        let literals = Literals {
            condition: &condition,
            values: ValueChecker::new(index, scalar_check, Source::Literal, usize::MAX),
        };
        let mut walk = Walk::new(index, document, literals);
        let operation = &operation.node;
        walk.visitor.operation(operation);
        let root = index.root_name(operation.ty).unwrap_or_default();
        walk.selections(root, &operation.selection_set.node);
        errors.append(&mut walk.visitor.values.take_errors());
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(RequestError::from_errors(ErrorCode::BadUserInput, errors))
    }
}

struct Literals<'a> {
    /// The argument `if` of `@skip` and `@include`.
    condition: &'a InputField,
    values: ValueChecker<'a>,
}

impl<'a> Visitor<'a> for Literals<'a> {
    fn is_full(&self) -> bool {
        self.values.is_full()
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) -> bool {
        for directive in directives {
            if !matches!(&*directive.node.name.node, "skip" | "include") {
                continue;
            }
            for (name, value) in &directive.node.arguments {
                if name.node == "if" {
                    self.argument(&name.node, self.condition, value);
                }
            }
        }
        true
    }

    fn field(&mut self, _: &'a str, field: &'a Positioned<Field>, definition: Option<&'a FieldDefinition>) {
        let Some(definition) = definition else { return };
        for (name, value) in &field.node.arguments {
            if let Some(argument) = definition.arguments.get(name.node.as_str()) {
                self.argument(&name.node, argument, value);
            }
        }
    }
}

impl<'a> Literals<'a> {
    /// Checks the defaults of the variables and the directives of an operation.
    fn operation(&mut self, operation: &'a OperationDefinition) {
        for definition in &operation.variable_definitions {
            self.values.declare(&definition.node);
            if let Some(default) = &definition.node.default_value {
                let name = definition.node.name.node.as_str();
                let ty = &definition.node.var_type.node;
                self.values
                    .check(name, Some(default.pos), ty, false, &default.node);
            }
        }
        self.directives(&operation.directives);
    }

    fn argument(&mut self, name: &'a str, argument: &InputField, value: &Positioned<Literal>) {
        self.values.check(
            name,
            Some(value.pos),
            &argument.ty,
            argument.has_default,
            &value.node,
        );
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;
    use async_graphql::parser::parse_query;

    use super::*;

    const SCHEMA: &str = "
        type Query { a(i: In, n: Int, m: Int!, d: Int! = 3, l: [Int!], c: Color, p: Decimal, s: String, o: One): Query }
        enum Color { RED GREEN }
        scalar Decimal
        input In { id: ID! n: Int list: [In!] color: Color price: Decimal limit: Int! = 3 }
        input One @oneOf { a: Int b: Int }";

    fn run(text: &str) -> Result<(), Vec<String>> {
        let index = SchemaIndex::read(SCHEMA).unwrap();
        let scalar_check: ScalarCheck = |name, value| name != "Decimal" || matches!(value, Value::String(_));
        check(&index, scalar_check, &parse_query(text).unwrap())
            .map_err(|error| error.errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn values_that_fit_are_accepted() {
        for text in [
            "{a(n:1,m:-2147483648,l:[1,2],c:RED,p:\"1.0\",s:\"x\")}",
            "{a(n:null,m:1,l:3,i:{id:\"x\",list:{id:1},color:null})}",
            "query($a:Int!){a(n:$a,m:$a,d:$a,l:[$a],i:{id:1,n:$a,limit:$a})}",
            "query($a:Int){a(n:$a,m:1,d:$a,i:{id:1,limit:$a})}",
            "query($a:Int=1){a(m:$a,l:[$a])}",
            "query($a:[Int!]!){a(m:1,l:$a)}",
            "query($a:In){a(m:1,i:$a)}",
            "query($a:In!){a(m:1,i:{id:1,list:[$a]})}",
            "query($a:Boolean!,$b:Boolean=true){a(m:1)@skip(if:$a)@include(if:$b)}",
            "query A($a:Int){...F} query B($a:Int!){...F} fragment F on Query{a(m:1,n:$a)}",
            "query($a:Int!){a(m:1,o:{a:$a})}",
            "{a(m:1,o:{b:2})}",
        ] {
            assert_eq!(run(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        for (text, expected) in [
            ("{a(n:2147483648)}", "\"n\" does not fit: expected \"Int\""),
            ("{a(n:1.0)}", "expected \"Int\""),
            ("{a(n:\"1\")}", "expected \"Int\""),
            ("{a(m:null)}", "expected \"Int!\""),
            ("{a(l:[1,null])}", "\"l.1\" does not fit: expected \"Int!\""),
            ("{a(c:\"RED\")}", "expected \"Color\""),
            ("{a(c:BLUE)}", "expected \"Color\""),
            ("{a(s:RED)}", "expected \"String\""),
            ("{a(s:1)}", "expected \"String\""),
            ("{a(p:1)}", "expected \"Decimal\""),
            ("{a(i:1)}", "expected \"In\""),
            ("{a(i:{n:1})}", "\"id\" of type \"ID!\" is missing"),
            ("{a(i:{id:1,x:1})}", "there is no field \"x\""),
            (
                "{a(i:{id:1,list:[{id:1,color:\"RED\"}]})}",
                "\"i.list.0.color\" does not fit",
            ),
            (
                "query($a:Int=\"x\"){a(n:$a)}",
                "\"a\" does not fit: expected \"Int\"",
            ),
            (
                "query($a:String){a(n:$a)}",
                "expected \"Int\", and \"$a\" is \"String\"",
            ),
            (
                "query($a:Int){a(m:$a)}",
                "expected \"Int!\", and \"$a\" is \"Int\"",
            ),
            ("query($a:Int=null){a(m:$a)}", "expected \"Int!\""),
            ("query($a:Int){a(l:$a)}", "expected \"[Int!]\""),
            ("query($a:[Int]){a(l:$a)}", "expected \"[Int!]\""),
            ("query($a:Int){a(l:[$a])}", "expected \"Int!\""),
            ("query($a:Int){a(i:{id:$a})}", "expected \"ID!\""),
            ("query($a:Boolean){a@skip(if:$a)}", "expected \"Boolean!\""),
            ("{a@skip(if:1)}", "expected \"Boolean!\""),
            (
                "query A($a:Int){...F} query B($a:Int!){...F} fragment F on Query{a(m:$a)}",
                "expected \"Int!\"",
            ),
            ("{a{...on Query{a(n:\"1\")}}}", "expected \"Int\""),
            ("{a(o:{a:1,b:2})}", "exactly one"),
            ("{a(o:{a:null})}", "exactly one"),
            ("{a(o:{})}", "exactly one"),
            ("query($a:Int=1){a(o:{a:$a})}", "exactly one"),
        ] {
            let errors = run(text).unwrap_err();
            assert!(errors[0].contains(expected), "{text}: {errors:?}");
        }
    }
}
