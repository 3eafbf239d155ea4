//! The schema as the limits and the variables need to see it: which fields lead where, which are lists, what inputs are
//! made of. Read once from the printed schema, so that nothing here depends on the library's insides.

use std::collections::{HashMap, HashSet};

use async_graphql::Value;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputValueDefinition, OperationType, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{self, Positioned, parse_schema};

/// The types of a schema.
#[derive(Debug, Default)]
pub struct SchemaIndex {
    types: HashMap<String, Named>,
    /// The objects that an interface or a union can be.
    objects: HashMap<String, Vec<String>>,
    query: String,
    mutation: Option<String>,
    subscription: Option<String>,
}

/// A type by its name.
#[derive(Debug)]
pub enum Named {
    /// An object, an interface or a union.
    Composite(Composite),
    /// A scalar.
    Scalar,
    /// An enum, with its values.
    Enum(HashSet<String>),
    /// An input object.
    Input(Input),
}

/// What can be selected from.
#[derive(Debug, Default)]
pub struct Composite {
    fields: HashMap<String, Field>,
    /// Whether it is a page of something: its own lists are as long as the field that led here says.
    is_page: bool,
}

/// A field that can be selected.
#[derive(Debug)]
pub struct Field {
    /// The name of its type, without lists and exclamation marks.
    pub ty: String,
    /// Its type with them.
    pub whole: Type,
    /// Whether it gives a list.
    pub is_list: bool,
    /// The arguments it takes.
    pub arguments: HashMap<String, InputField>,
    /// For what takes `first`: how many it gives without one, where the schema says so.
    pub page: Option<Option<u64>>,
}

/// An input object.
#[derive(Debug)]
pub struct Input {
    /// Its fields in the order of the schema.
    pub fields: Vec<(String, InputField)>,
    /// Whether exactly one of them must be there.
    pub one_of: bool,
}

/// A field of an input object, or an argument.
#[derive(Debug)]
pub struct InputField {
    /// Its type.
    pub ty: Type,
    /// Whether it may be left out though it may not be null.
    pub has_default: bool,
}

/// What the printed schema leaves out: how it is asked for itself.
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
    /// Reads a printed schema.
    ///
    /// # Errors
    /// When it can't be parsed.
    pub fn read(sdl: &str) -> Result<Self, parser::Error> {
        let mut shape = Self {
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
            shape.define(definition);
        }
        if let Some(Named::Composite(root)) = shape.types.remove("__Root") {
            let query = shape.query.clone();
            if let Some(Named::Composite(composite)) = shape.types.get_mut(&query) {
                composite.fields.extend(root.fields);
            }
        }
        let pages: HashSet<String> = shape
            .composites()
            .flat_map(|composite| composite.fields.values())
            .filter(|field| field.page.is_some() && !field.is_list)
            .map(|field| field.ty.clone())
            .collect();
        for page in pages {
            if let Some(Named::Composite(composite)) = shape.types.get_mut(&page) {
                composite.is_page = true;
            }
        }
        Ok(shape)
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
                    TypeKind::Scalar => Named::Scalar,
                    TypeKind::Object(object) => {
                        for interface in &object.implements {
                            self.is_one_of(&name, &interface.node);
                        }
                        Named::Composite(composite(&object.fields))
                    }
                    TypeKind::Interface(interface) => Named::Composite(composite(&interface.fields)),
                    TypeKind::Union(union) => {
                        for member in &union.members {
                            self.is_one_of(&member.node, &name);
                        }
                        Named::Composite(Composite::default())
                    }
                    TypeKind::Enum(values) => Named::Enum(
                        values
                            .values
                            .iter()
                            .map(|value| value.node.value.node.to_string())
                            .collect(),
                    ),
                    TypeKind::InputObject(input) => Named::Input(Input {
                        fields: input.fields.iter().map(input_field).collect(),
                        one_of,
                    }),
                };
                self.types.insert(name, named);
            }
            TypeSystemDefinition::Directive(_) => {}
        }
    }

    fn is_one_of(&mut self, object: &str, of: &str) {
        self.objects
            .entry(of.to_owned())
            .or_default()
            .push(object.to_owned());
    }

    /// The objects that a type can be, if it is an interface or a union.
    pub fn objects(&self, name: &str) -> Option<&[String]> {
        self.objects.get(name).map(Vec::as_slice)
    }

    /// Whether an object, or what can be several, is of a type: it is that type, or one of those that the type can be.
    pub fn is_of(&self, name: &str, ty: &str) -> bool {
        name == ty
            || self
                .objects(ty)
                .is_some_and(|objects| objects.iter().any(|object| object == name))
    }

    /// The type of this name.
    pub fn named(&self, name: &str) -> Option<&Named> {
        self.types.get(name)
    }

    /// The composite type of this name.
    pub fn composite(&self, name: &str) -> Option<&Composite> {
        match self.types.get(name)? {
            Named::Composite(composite) => Some(composite),
            _ => None,
        }
    }

    /// What an operation selects from.
    pub fn root(&self, operation: OperationType) -> Option<&Composite> {
        self.composite(self.root_name(operation)?)
    }

    /// The name of what an operation selects from.
    pub fn root_name(&self, operation: OperationType) -> Option<&str> {
        match operation {
            OperationType::Query => Some(&self.query),
            OperationType::Mutation => self.mutation.as_deref(),
            OperationType::Subscription => self.subscription.as_deref(),
        }
    }

    fn composites(&self) -> impl Iterator<Item = &Composite> {
        self.types.values().filter_map(|named| match named {
            Named::Composite(composite) => Some(composite),
            _ => None,
        })
    }
}

impl Composite {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.get(name)
    }

    /// Whether it is a page of something.
    pub const fn is_page(&self) -> bool {
        self.is_page
    }
}

/// The name in the middle of a type.
pub fn innermost(ty: &Type) -> &str {
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
        is_page: false,
    }
}

fn field_of(field: &FieldDefinition) -> Field {
    let first = field
        .arguments
        .iter()
        .find(|argument| argument.node.name.node == "first");
    Field {
        ty: innermost(&field.ty.node).to_owned(),
        whole: field.ty.node.clone(),
        is_list: matches!(field.ty.node.base, BaseType::List(_)),
        arguments: field.arguments.iter().map(input_field).collect(),
        page: first.map(|first| match first.node.default_value.as_ref()?.node {
            Value::Number(ref number) => number.as_u64(),
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
    fn reads_what_is_needed() {
        let shape = SchemaIndex::read(
            "type Query { things(first: Int, after: String): ThingConnection top(first: Int! = 10): [Thing!] }
             type ThingConnection { nodes: [Thing!]! }
             type Thing implements Named { id: ID! }
             interface Named { id: ID! }
             input One @oneOf { a: Int b: [Int!]! = [1] }
             schema { query: Query }",
        )
        .unwrap();
        let query = shape.root(OperationType::Query).unwrap();
        assert_eq!(query.field("things").unwrap().page, Some(None));
        assert_eq!(query.field("top").unwrap().page, Some(Some(10)));
        assert!(query.field("top").unwrap().is_list);
        assert!(query.field("__schema").is_some());
        assert!(shape.composite("ThingConnection").unwrap().is_page());
        assert!(!shape.composite("Thing").unwrap().is_page());
        assert!(shape.root(OperationType::Mutation).is_none());
        assert!(
            shape.is_of("Thing", "Named") && shape.is_of("Thing", "Thing") && !shape.is_of("Named", "Thing")
        );
        let Some(Named::Input(one)) = shape.named("One") else {
            panic!("One is an input");
        };
        assert!(one.one_of);
        assert!(one.fields[1].1.has_default);
    }
}
