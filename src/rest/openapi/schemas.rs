//! What bodies look like. An object's schema is that of the struct that is sent; what can be written of it follows from
//! the same: all that is not read-only, where a reference may be an id, a price a number, a whole number its digits.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::nouns::{about, name};
use crate::rest::face::Rest;
use crate::rest::page::Page;

/// Where schemas stand in the description.
const PLACE: &str = "/components/schemas";

/// The schemas of the description, collected while it is written.
pub struct Schemas(SchemaGenerator);

/// Which fields a body must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// Those without which there is no such thing.
    Whole,
    /// None: what is not sent stays.
    Part,
}

impl Schemas {
    /// Only those that several bodies share.
    pub fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = PLACE.into();
            settings.meta_schema = None;
        });
        let mut schemas = Self(settings.for_serialize().into_generator());
        for (name, schema) in shared() {
            schemas.add(name, schema);
        }
        schemas
    }

    /// A reference to the schema of a struct.
    pub fn of<T: JsonSchema>(&mut self) -> Value {
        self.0.subschema_for::<T>().to_value()
    }

    /// Adds a schema and returns a reference to it.
    pub fn add(&mut self, name: impl Into<String>, schema: Value) -> Value {
        let name = name.into();
        let reference = refer(&name);
        self.0.definitions_mut().insert(name, schema);
        reference
    }

    /// An object as it is read.
    pub fn view<R: Rest>(&mut self) -> Value {
        self.view_of::<R::View>(name(R::KIND), about(R::KIND))
    }

    /// The same for what is no noun of its own.
    pub fn view_of<V: JsonSchema>(&mut self, name: impl Into<String>, about: &str) -> Value {
        let mut schema = V::json_schema(&mut self.0).to_value();
        put(&mut schema, "description", about);
        self.add(name, schema)
    }

    /// A page of a list.
    pub fn page<R: Rest>(&mut self) -> Value {
        let view = self.view::<R>();
        self.page_of(view, &name(R::KIND), R::KIND.plural())
    }

    /// A page of what is viewed like this.
    pub fn page_of(&mut self, view: Value, name: &str, plural: &str) -> Value {
        let mut schema = Page::<Value>::json_schema(&mut self.0).to_value();
        if let Some(results) = schema.pointer_mut("/properties/results") {
            put(results, "items", view);
        }
        put(&mut schema, "description", format!("A page of {plural}."));
        self.add(format!("{name}Page"), schema)
    }

    /// An object as it is written.
    pub fn body<R: Rest>(&mut self, demand: Demand) -> Value {
        let mut properties = self.writable::<R>();
        let mut schema = json!({ "type": "object" });
        let (name, description) = match demand {
            Demand::Whole => {
                let required: Vec<&String> = properties
                    .iter()
                    .filter(|(_, schema)| !is_nullable(schema) && schema.get("default").is_none())
                    .map(|(name, _)| name)
                    .collect();
                put(&mut schema, "required", json!(required));
                (format!("New{}", name(R::KIND)), "What a new one is made of.")
            }
            Demand::Part => {
                for schema in properties.values_mut().filter_map(Value::as_object_mut) {
                    schema.shift_remove("default");
                }
                (
                    format!("{}Changes", name(R::KIND)),
                    "What is not sent stays as it is.",
                )
            }
        };
        put(&mut schema, "properties", properties);
        put(&mut schema, "description", description);
        self.add(name, schema)
    }

    /// What was wrong with a body, field by field.
    pub fn faults<R: Rest>(&mut self) -> Value {
        let fields = self.writable::<R>();
        self.add(format!("{}Faults", name(R::KIND)), faults(fields.keys()))
    }

    /// The fields that can be written.
    fn writable<R: Rest>(&mut self) -> Map<String, Value> {
        let view = R::View::json_schema(&mut self.0).to_value();
        let Some(fields) = view.get("properties").and_then(Value::as_object) else {
            return Map::new();
        };
        fields
            .iter()
            .filter(|(_, schema)| schema.get("readOnly") != Some(&Value::Bool(true)))
            .map(|(name, schema)| (name.clone(), as_input(schema)))
            .collect()
    }

    /// All of them, by name.
    pub fn finish(mut self) -> Value {
        let mut schemas: Vec<(String, Value)> = self.0.take_definitions(true).into_iter().collect();
        schemas.sort_by(|(one, _), (other, _)| one.cmp(other));
        schemas.into_iter().collect()
    }
}

/// A reference to a schema of this description.
pub fn refer(name: &str) -> Value {
    json!({ "$ref": pointer(name) })
}

fn pointer(name: &str) -> String {
    format!("#{PLACE}/{name}")
}

/// The faults of a body with these fields.
pub fn faults(fields: impl IntoIterator<Item = impl ToString>) -> Value {
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|field| field.to_string())
        .chain(["non_field_errors".to_owned()])
        .map(|field| (field, refer("Messages")))
        .collect();
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": properties,
        "description": "Every bad field with what is wrong with it.",
    })
}

/// How a field is written that is read like this.
fn as_input(schema: &Value) -> Value {
    let mut input = schema.clone();
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = if reference.ends_with("/Price") {
            "PriceInput"
        } else {
            "ReferenceInput"
        };
        put(&mut input, "$ref", pointer(name));
    } else if schema.get("type") == Some(&json!("integer")) {
        let mut number = Map::new();
        for key in ["type", "format", "minimum", "maximum"] {
            if let Some(value) = input.as_object_mut().and_then(|input| input.shift_remove(key)) {
                number.insert(key.to_owned(), value);
            }
        }
        let digits = digits(number.get("minimum") == Some(&json!(1)));
        put(&mut input, "oneOf", json!([number, digits]));
    }
    input
}

/// A whole number as a string of its digits.
fn digits(is_positive: bool) -> Value {
    json!({ "type": "string", "pattern": if is_positive { "^0*[1-9][0-9]*$" } else { "^[0-9]+$" } })
}

fn is_nullable(schema: &Value) -> bool {
    let types = schema.get("type").and_then(Value::as_array);
    types.is_some_and(|types| types.contains(&json!("null")))
}

/// Puts a value into an object.
pub fn put(schema: &mut Value, key: &str, value: impl Into<Value>) {
    if let Value::Object(schema) = schema {
        schema.insert(key.to_owned(), value.into());
    }
}

/// What several bodies share.
fn shared() -> [(&'static str, Value); 5] {
    [
        (
            "PriceInput",
            json!({
                "oneOf": [
                    { "type": "string", "format": "decimal", "pattern": "^[0-9]{1,20}(\\.[0-9]{1,2})?$" },
                    { "type": "number", "minimum": 0, "exclusiveMaximum": 1e20 },
                ],
                "description": "0 or more, with at most 20 digits before the point and 2 after it; as a string or a number, exact either way.",
            }),
        ),
        (
            "Id",
            json!({
                "oneOf": [{ "type": "integer", "format": "int64", "minimum": 1 }, digits(true)],
                "description": "The number of an object among its kind.",
            }),
        ),
        (
            "ReferenceInput",
            json!({
                "oneOf": [
                    refer("Id"),
                    { "type": "object", "required": ["id"], "properties": { "id": refer("Id") } },
                ],
                "description": "The id of what is referred to, or the object that is read here.",
            }),
        ),
        (
            "Messages",
            json!({
                "type": "array",
                "minItems": 1,
                "items": { "type": "string" },
                "description": "What is wrong with a field, in words for people.",
            }),
        ),
        (
            "Nothing",
            json!({ "type": "object", "maxProperties": 0, "description": "Nothing to say." }),
        ),
    ]
}
