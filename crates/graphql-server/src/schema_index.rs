//! An index of the schema: types of fields and arguments, fields of input objects, possible objects of interfaces and
//! unions. Built from the schema definition, so that the checks do not depend on async-graphql's registry.

use std::collections::{HashMap, HashSet};

use async_graphql::Value;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputValueDefinition, OperationType, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{self, Positioned, parse_schema};

#[derive(Debug, Default)]
pub(crate) struct SchemaIndex {
    types: HashMap<String, NamedType>,
    /// The possible objects of interfaces and unions.
    objects: HashMap<String, Vec<String>>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

#[derive(Debug)]
pub(crate) enum NamedType {
    /// An object, an interface or a union.
    Composite(Composite),
    Scalar,
    Enum(HashSet<String>),
    InputObject(InputObject),
}

/// An object, an interface or a union.
#[derive(Debug, Default)]
pub(crate) struct Composite {
    fields: HashMap<String, Field>,
    /// Whether this is a connection, that is, the type of a field that is not a list and has the argument `first`. The
    /// argument limits the lists in the connection.
    is_connection: bool,
}

#[derive(Debug)]
pub(crate) struct Field {
    /// The name of the type, without list and non-null.
    pub ty: String,
    pub full_type: Type,
    pub is_list: bool,
    pub arguments: HashMap<String, InputField>,
    /// Whether it has the argument `first`.
    pub is_paged: bool,
    /// The default of `first`.
    pub default_page: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct InputObject {
    /// The fields, in the order of the schema.
    pub fields: Vec<(String, InputField)>,
    /// Whether it has the directive `@oneOf`.
    pub one_of: bool,
}

/// A field of an input object, or an argument.
#[derive(Debug)]
pub(crate) struct InputField {
    pub ty: Type,
    pub has_default: bool,
}

/// The introspection types and the built-in scalars, which the schema definition leaves out. The fields of `__Root` are
/// added to the query type.
const INTROSPECTION: &str = "
type __Schema { description: String types: [__Type!]! queryType: __Type! mutationType: __Type
  subscriptionType: __Type directives: [__Directive!]! }
type __Type { kind: __TypeKind! name: String description: String specifiedByURL: String isOneOf: Boolean
  fields(includeDeprecated: Boolean = false): [__Field!] interfaces: [__Type!] possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!] ofType: __Type }
type __Field { name: String! description: String args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type! isDeprecated: Boolean! deprecationReason: String }
type __InputValue { name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean!
  deprecationReason: String }
type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
type __Directive { name: String! description: String isRepeatable: Boolean! locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]! }
type __Root { __schema: __Schema! __type(name: String!): __Type }
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
enum __DirectiveLocation { QUERY }
scalar String scalar Int scalar Float scalar Boolean scalar ID";

impl SchemaIndex {
    /// Reads a schema definition.
    ///
    /// # Errors
    /// When it can't be parsed.
    pub fn read(sdl: &str) -> Result<Self, parser::Error> {
        let mut index = Self {
            query: "Query".to_owned(),
            mutation: Some("Mutation".to_owned()),
            subscription: Some("Subscription".to_owned()),
            ..Self::default()
        };
        for definition in parse_schema(sdl)?
            .definitions
            .into_iter()
            .chain(parse_schema(INTROSPECTION)?.definitions)
        {
            index.define(definition);
        }
        if let Some(NamedType::Composite(root)) = index.types.remove("__Root") {
            let query = index.query.clone();
            if let Some(NamedType::Composite(composite)) = index.types.get_mut(&query) {
                composite.fields.extend(root.fields);
            }
        }
        let connections: HashSet<String> = index
            .composites()
            .flat_map(|composite| composite.fields.values())
            .filter(|field| field.is_paged && !field.is_list)
            .map(|field| field.ty.clone())
            .collect();
        for connection in connections {
            if let Some(NamedType::Composite(composite)) = index.types.get_mut(&connection) {
                composite.is_connection = true;
            }
        }
        Ok(index)
    }

    fn define(&mut self, definition: TypeSystemDefinition) {
        match definition {
            TypeSystemDefinition::Schema(schema) => {
                let name = |name: Option<Positioned<_>>| {
                    name.map(|name: Positioned<async_graphql::Name>| name.node.to_string())
                };
                if let Some(query) = name(schema.node.query) {
                    self.query = query;
                }
                self.mutation = name(schema.node.mutation);
                self.subscription = name(schema.node.subscription);
            }
            TypeSystemDefinition::Type(ty) => {
                let one_of = has_directive(&ty.node.directives, "oneOf");
                let name = ty.node.name.node.to_string();
                let named = match ty.node.kind {
                    TypeKind::Scalar => NamedType::Scalar,
                    TypeKind::Object(object) => {
                        for interface in &object.implements {
                            self.add_possible(&interface.node, &name);
                        }
                        NamedType::Composite(composite(&object.fields))
                    }
                    TypeKind::Interface(interface) => NamedType::Composite(composite(&interface.fields)),
                    TypeKind::Union(union) => {
                        for member in &union.members {
                            self.add_possible(&name, &member.node);
                        }
                        NamedType::Composite(Composite::default())
                    }
                    TypeKind::Enum(values) => NamedType::Enum(
                        values
                            .values
                            .iter()
                            .map(|value| value.node.value.node.to_string())
                            .collect(),
                    ),
                    TypeKind::InputObject(input) => NamedType::InputObject(InputObject {
                        fields: input.fields.iter().map(input_field).collect(),
                        one_of,
                    }),
                };
                self.types.insert(name, named);
            }
            TypeSystemDefinition::Directive(_) => {}
        }
    }

    fn add_possible(&mut self, abstract_type: &str, object: &str) {
        self.objects
            .entry(abstract_type.to_owned())
            .or_default()
            .push(object.to_owned());
    }

    /// The possible objects of an interface or a union.
    pub fn possible_objects(&self, name: &str) -> Option<&[String]> {
        self.objects.get(name).map(Vec::as_slice)
    }

    /// Whether the type `name` is `ty`, or one of its possible objects.
    pub fn is_subtype(&self, name: &str, ty: &str) -> bool {
        name == ty
            || self
                .possible_objects(ty)
                .is_some_and(|objects| objects.iter().any(|object| object == name))
    }

    pub fn named_type(&self, name: &str) -> Option<&NamedType> {
        self.types.get(name)
    }

    pub fn composite(&self, name: &str) -> Option<&Composite> {
        match self.types.get(name)? {
            NamedType::Composite(composite) => Some(composite),
            _ => None,
        }
    }

    pub fn root(&self, operation: OperationType) -> Option<&Composite> {
        self.composite(self.root_name(operation)?)
    }

    /// The name of the root type.
    pub fn root_name(&self, operation: OperationType) -> Option<&str> {
        match operation {
            OperationType::Query => Some(&self.query),
            OperationType::Mutation => self.mutation.as_deref(),
            OperationType::Subscription => self.subscription.as_deref(),
        }
    }

    fn composites(&self) -> impl Iterator<Item = &Composite> {
        self.types.values().filter_map(|named| match named {
            NamedType::Composite(composite) => Some(composite),
            _ => None,
        })
    }
}

impl Composite {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    pub const fn is_connection(&self) -> bool {
        self.is_connection
    }
}

/// The name of a type without list and non-null.
pub(crate) fn innermost(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(of) => innermost(of),
    }
}

fn composite(fields: &[Positioned<FieldDefinition>]) -> Composite {
    Composite {
        fields: fields
            .iter()
            .map(|field| (field.node.name.node.to_string(), field_of(&field.node)))
            .collect(),
        is_connection: false,
    }
}

fn field_of(field: &FieldDefinition) -> Field {
    let first = field
        .arguments
        .iter()
        .find(|argument| argument.node.name.node == "first");
    Field {
        ty: innermost(&field.ty.node).to_owned(),
        full_type: field.ty.node.clone(),
        is_list: matches!(field.ty.node.base, BaseType::List(_)),
        arguments: field.arguments.iter().map(input_field).collect(),
        is_paged: first.is_some(),
        default_page: first.and_then(|first| match &first.node.default_value.as_ref()?.node {
            Value::Number(number) => number.as_u64(),
            _ => None,
        }),
    }
}

fn input_field(field: &Positioned<InputValueDefinition>) -> (String, InputField) {
    (
        field.node.name.node.to_string(),
        InputField {
            ty: field.node.ty.node.clone(),
            has_default: field.node.default_value.is_some(),
        },
    )
}

fn has_directive(directives: &[Positioned<ConstDirective>], name: &str) -> bool {
    directives
        .iter()
        .any(|directive| directive.node.name.node == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_indexed() {
        let index = SchemaIndex::read(
            "type Query { things(first: Int, after: String): ThingConnection top(first: Int! = 10): [Thing!] }
             type ThingConnection { nodes: [Thing!]! }
             type Thing implements Named { id: ID! }
             interface Named { id: ID! }
             input One @oneOf { a: Int b: [Int!]! = [1] }
             schema { query: Query }",
        )
        .unwrap();
        let query = index.root(OperationType::Query).unwrap();
        let field = |name: &str| {
            query
                .field(name)
                .map(|field| (field.is_paged, field.default_page))
        };
        assert_eq!(field("things"), Some((true, None)));
        assert_eq!(field("top"), Some((true, Some(10))));
        assert!(query.field("top").unwrap().is_list);
        assert!(query.field("__schema").is_some());
        assert!(index.composite("ThingConnection").unwrap().is_connection());
        assert!(!index.composite("Thing").unwrap().is_connection());
        assert!(index.root(OperationType::Mutation).is_none());
        assert!(
            index.is_subtype("Thing", "Named")
                && index.is_subtype("Thing", "Thing")
                && !index.is_subtype("Named", "Thing")
        );
        let Some(NamedType::InputObject(one)) = index.named_type("One") else {
            panic!("One is an input");
        };
        assert!(one.one_of);
        assert!(one.fields[1].1.has_default);
    }
}
