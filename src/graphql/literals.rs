//! The values that stand in a document: each has to fit where it stands, and each variable has to be declared as what is
//! taken there.
//!
//! The library takes a text for an enum's value, looks at numbers when they are used, and overlooks variables of another
//! type.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{
    BaseType, Directive, ExecutableDocument, OperationDefinition, Selection, SelectionSet, Type,
    VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned, ServerError, Value};

use super::Input;
use super::problem::BAD_USER_INPUT;
use super::refusal::{MAX_ERRORS, Refusal, error};
use super::schema_index::{self, InputField, Named, SchemaIndex};
use super::variables::IsOfScalar;

/// Makes sure that all values of a document fit.
///
/// # Errors
/// All that do not.
pub fn fit(
    shape: &SchemaIndex,
    is_of_scalar: IsOfScalar,
    document: &ExecutableDocument,
) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    for (_, operation) in document.operations.iter() {
        let mut check = Check {
            shape,
            is_of_scalar,
            document,
            declared: HashMap::new(),
            spread: HashSet::new(),
            path: Vec::new(),
            pos: operation.pos,
            errors: Vec::new(),
        };
        check.operation(&operation.node);
        errors.append(&mut check.errors);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Refusal::all(BAD_USER_INPUT, errors))
    }
}

struct Check<'a> {
    shape: &'a SchemaIndex,
    is_of_scalar: IsOfScalar,
    document: &'a ExecutableDocument,
    declared: HashMap<&'a str, &'a VariableDefinition>,
    spread: HashSet<&'a str>,
    path: Vec<&'a str>,
    pos: Pos,
    errors: Vec<ServerError>,
}

impl<'a> Check<'a> {
    fn operation(&mut self, operation: &'a OperationDefinition) {
        for definition in &operation.variable_definitions {
            let name = definition.node.name.node.as_str();
            self.declared.insert(name, &definition.node);
            if let Some(default) = &definition.node.default_value {
                self.path = vec![name];
                self.pos = default.pos;
                self.value(
                    &definition.node.var_type.node,
                    false,
                    &default.node.clone().into_value(),
                );
            }
        }
        let root = self.shape.root_name(operation.ty).unwrap_or_default();
        self.directives(&operation.directives);
        self.selections(root, &operation.selection_set.node);
    }

    fn selections(&mut self, of: &'a str, set: &'a SelectionSet) {
        for selection in &set.items {
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            self.directives(selection.node.directives());
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let known = self.shape.composite(of).and_then(|of| of.field(&field.name.node));
                    let Some(known) = known else { continue };
                    for (name, value) in &field.arguments {
                        if let Some(argument) = known.arguments.get(name.node.as_str()) {
                            self.argument(&name.node, argument, value);
                        }
                    }
                    self.selections(&known.ty, &field.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.node.type_condition.as_ref();
                    let of = on.map_or(of, |on| on.node.on.node.as_str());
                    self.selections(of, &fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(one) => {
                    let name = one.node.fragment_name.node.as_str();
                    if let Some(fragment) = self.document.fragments.get(name)
                        && self.spread.insert(name)
                    {
                        let of = fragment.node.type_condition.node.on.node.as_str();
                        self.selections(of, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a [Positioned<Directive>]) {
        for directive in directives {
            if !matches!(&*directive.node.name.node, "skip" | "include") {
                continue;
            }
            let condition = InputField {
                ty: Type {
                    base: BaseType::Named(Name::new("Boolean")),
                    nullable: false,
                },
                has_default: false,
            };
            for (name, value) in &directive.node.arguments {
                if name.node == "if" {
                    self.argument(&name.node, &condition, value);
                }
            }
        }
    }

    fn argument(&mut self, name: &'a str, argument: &InputField, value: &'a Positioned<Input>) {
        self.path = vec![name];
        self.pos = value.pos;
        self.value(&argument.ty, argument.has_default, &value.node);
    }

    fn value(&mut self, ty: &Type, has_default: bool, value: &Input) {
        match (value, &ty.base) {
            (Input::Variable(name), _) => {
                if let Some(declared) = self.declared.get(name.as_str())
                    && !is_allowed(declared, ty, has_default)
                {
                    let is = &declared.var_type.node;
                    self.wrong(&format!(
                        "expected \"{ty}\", and \"${}\" is \"{is}\"",
                        short(name)
                    ));
                }
            }
            (Input::Null, _) if ty.nullable => {}
            (Input::Null, _) => self.wrong(&format!("expected \"{ty}\"")),
            (Input::List(items), BaseType::List(of)) => {
                for item in items {
                    self.value(of, false, item);
                }
            }
            // One value stands for a list of it.
            (_, BaseType::List(of)) => self.value(of, false, value),
            (_, BaseType::Named(name)) => self.named(name, ty, value),
        }
    }

    fn named(&mut self, name: &Name, ty: &Type, value: &Input) {
        let fits = match (name.as_str(), value) {
            ("Int", Input::Number(number)) => number
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            ("Float", Input::Number(_))
            | ("String" | "ID", Input::String(_))
            | ("Boolean", Input::Boolean(_)) => true,
            ("ID", Input::Number(number)) => number.is_i64(),
            ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
            _ => match (self.shape.named(name), value) {
                (Some(Named::Enum(values)), Input::Enum(value)) => values.contains(value.as_str()),
                (Some(Named::Input(input)), Input::Object(fields)) => {
                    return self.input(input, |name| fields.get(name), fields.keys());
                }
                (Some(Named::Scalar), value) => {
                    let constant = value.clone().into_const();
                    constant.is_some_and(|value: Value| (self.is_of_scalar)(name, &value))
                }
                _ => false,
            },
        };
        if !fits {
            self.wrong(&format!("expected \"{ty}\""));
        }
    }

    fn input<'v>(
        &mut self,
        input: &'a schema_index::Input,
        given: impl Fn(&str) -> Option<&'v Input>,
        mut names: impl Iterator<Item = &'v Name>,
    ) {
        for (name, field) in &input.fields {
            match given(name) {
                Some(value) => {
                    self.path.push(name);
                    self.value(&field.ty, field.has_default, value);
                    self.path.pop();
                }
                None if field.ty.nullable || field.has_default => {}
                None => self.wrong(&format!("\"{name}\" of type \"{}\" is missing", field.ty)),
            }
        }
        if let Some(name) = names.find(|name| !input.fields.iter().any(|(known, _)| known == name.as_str())) {
            self.wrong(&format!("there is no field \"{}\"", short(name)));
        }
    }

    fn wrong(&mut self, what: &str) {
        let message = format!("The value of \"{}\" does not fit: {what}.", self.path.join("."));
        self.errors.push(error(BAD_USER_INPUT, message, Some(self.pos)));
    }
}

/// Whether a variable may stand where a type is taken: `IsVariableUsageAllowed` of the specification.
fn is_allowed(declared: &VariableDefinition, ty: &Type, has_default: bool) -> bool {
    let is = &declared.var_type.node;
    let default = declared.default_value.as_ref().map(|default| &default.node);
    let is_never_null = has_default || default.is_some_and(|default| *default != Value::Null);
    if is.nullable && !ty.nullable && is_never_null {
        let nullable = Type {
            base: ty.base.clone(),
            nullable: true,
        };
        return is_compatible(is, &nullable);
    }
    is_compatible(is, ty)
}

fn is_compatible(is: &Type, ty: &Type) -> bool {
    let bases = match (&is.base, &ty.base) {
        (BaseType::Named(is), BaseType::Named(ty)) => is == ty,
        (BaseType::List(is), BaseType::List(ty)) => is_compatible(is, ty),
        _ => false,
    };
    bases && (ty.nullable || !is.nullable)
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const SCHEMA: &str = "
        type Query { a(i: In, n: Int, m: Int!, d: Int! = 3, l: [Int!], c: Color, p: Decimal, s: String): Query }
        enum Color { RED GREEN }
        scalar Decimal
        input In { id: ID! n: Int list: [In!] color: Color price: Decimal limit: Int! = 3 }";

    fn run(text: &str) -> Result<(), Vec<String>> {
        let shape = SchemaIndex::read(SCHEMA).unwrap();
        let is_of_scalar: IsOfScalar = |name, value| name != "Decimal" || matches!(value, Value::String(_));
        fit(&shape, is_of_scalar, &parse_query(text).unwrap())
            .map_err(|refusal| refusal.errors.into_iter().map(|error| error.message).collect())
    }

    #[test]
    fn what_fits() {
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
        ] {
            assert_eq!(run(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_does_not() {
        for (text, says) in [
            ("{a(n:2147483648)}", "\"n\" does not fit: expected \"Int\""),
            ("{a(n:1.0)}", "expected \"Int\""),
            ("{a(n:\"1\")}", "expected \"Int\""),
            ("{a(m:null)}", "expected \"Int!\""),
            ("{a(l:[1,null])}", "\"l\" does not fit: expected \"Int!\""),
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
                "\"i.list.color\" does not fit",
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
        ] {
            let errors = run(text).unwrap_err();
            assert!(errors[0].contains(says), "{text}: {errors:?}");
        }
    }
}
