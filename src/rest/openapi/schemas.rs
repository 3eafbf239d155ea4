//! The schemas of bodies.
//!
//! The schema of a response is derived from the struct that is serialized. The schema of a request body follows from the
//! same struct: it has all properties that are not read-only. There, a reference is an id or an object, a price a number or
//! a string, and a whole number a number or a string of digits.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::nouns::{description, operation_name};
use crate::rest::page::Page;
use crate::rest::representation::RestResource;

/// The place of schemas in the OpenAPI description.
const PATH: &str = "/components/schemas";

/// The schemas for `#/components/schemas`, collected while operations are described.
pub(crate) struct Schemas(SchemaGenerator);

/// Whether a body has required fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Completeness {
    /// All fields without a default are required.
    Complete,
    /// No field is required; absent fields keep their values.
    Partial,
}

impl Schemas {
    /// Starts with the schemas that several bodies share.
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = PATH.into();
            settings.meta_schema = None;
        });
        let mut schemas = Self(settings.for_serialize().into_generator());
        for (name, schema) in shared() {
            schemas.add(name, schema);
        }
        schemas
    }

    /// Adds the schema of a struct and returns a reference to it.
    pub(super) fn of<T: JsonSchema>(&mut self) -> Value {
        self.0.subschema_for::<T>().to_value()
    }

    /// Adds a schema and returns a reference to it.
    pub(super) fn add(&mut self, name: impl Into<String>, schema: Value) -> Value {
        let name = name.into();
        let reference = reference(&name);
        self.0.definitions_mut().insert(name, schema);
        reference
    }

    /// Adds the schema of an object in responses.
    pub(super) fn view<R: RestResource>(&mut self) -> Value {
        self.view_of::<R::View>(operation_name(R::KIND), description(R::KIND))
    }

    /// Adds the schema of a view that does not belong to a [`RestResource`].
    pub(super) fn view_of<V: JsonSchema>(&mut self, name: impl Into<String>, description: &str) -> Value {
        let mut schema = V::json_schema(&mut self.0).to_value();
        put(&mut schema, "description", description);
        self.add(name, schema)
    }

    /// Adds the schema of a page.
    pub(super) fn page<R: RestResource>(&mut self) -> Value {
        let view = self.view::<R>();
        self.page_of(view, &operation_name(R::KIND), R::KIND.plural())
    }

    /// Adds the schema of a page of these views.
    pub(super) fn page_of(&mut self, view: Value, name: &str, plural: &str) -> Value {
        let mut schema = Page::<Value>::json_schema(&mut self.0).to_value();
        if let Some(results) = schema.pointer_mut("/properties/results") {
            put(results, "items", view);
        }
        put(&mut schema, "description", format!("A page of {plural}."));
        self.add(format!("{name}Page"), schema)
    }

    /// Adds the schema of a request body.
    pub(super) fn body<R: RestResource>(&mut self, completeness: Completeness) -> Value {
        let mut properties = self.writable::<R>();
        let mut schema = json!({ "type": "object" });
        let (name, description) = match completeness {
            Completeness::Complete => {
                let required: Vec<&String> = properties
                    .iter()
                    .filter(|(_, schema)| !is_nullable(schema) && schema.get("default").is_none())
                    .map(|(name, _)| name)
                    .collect();
                put(&mut schema, "required", json!(required));
                (
                    format!("New{}", operation_name(R::KIND)),
                    "The fields of a new object.",
                )
            }
            Completeness::Partial => {
                for schema in properties.values_mut().filter_map(Value::as_object_mut) {
                    schema.shift_remove("default");
                }
                (
                    format!("{}Changes", operation_name(R::KIND)),
                    "Fields that are not sent keep their values.",
                )
            }
        };
        put(&mut schema, "properties", properties);
        put(&mut schema, "description", description);
        self.add(name, schema)
    }

    /// Adds the schema of the faults of a body.
    pub(super) fn faults<R: RestResource>(&mut self) -> Value {
        let fields = self.writable::<R>();
        self.add(
            format!("{}Faults", operation_name(R::KIND)),
            faults(fields.keys()),
        )
    }

    /// Returns the schemas of the fields that are not read-only.
    fn writable<R: RestResource>(&mut self) -> Map<String, Value> {
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

    /// Returns all schemas, sorted by name.
    pub(super) fn finish(mut self) -> Value {
        let mut schemas: Vec<(String, Value)> = self.0.take_definitions(true).into_iter().collect();
        schemas.sort_by(|(one, _), (other, _)| one.cmp(other));
        schemas.into_iter().collect()
    }
}

/// Returns a reference to a schema.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": pointer(name) })
}

fn pointer(name: &str) -> String {
    format!("#{PATH}/{name}")
}

/// Returns the schema of the faults of a body with these fields.
pub(super) fn faults(fields: impl IntoIterator<Item = impl ToString>) -> Value {
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|field| field.to_string())
        .chain(["non_field_errors".to_owned()])
        .map(|field| (field, reference("Messages")))
        .collect();
    json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": false,
        "properties": properties,
        "description": "The messages of each invalid field.",
    })
}

/// Turns the schema of a field in responses into the one for requests.
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

/// Returns the schema of a string of digits.
fn digits(is_positive: bool) -> Value {
    json!({ "type": "string", "pattern": if is_positive { "^0*[1-9][0-9]*$" } else { "^[0-9]+$" } })
}

fn is_nullable(schema: &Value) -> bool {
    let types = schema.get("type").and_then(Value::as_array);
    types.is_some_and(|types| types.contains(&json!("null")))
}

/// Inserts a value into a JSON object.
pub(super) fn put(schema: &mut Value, key: &str, value: impl Into<Value>) {
    if let Value::Object(schema) = schema {
        schema.insert(key.to_owned(), value.into());
    }
}

/// The schemas that several bodies share.
fn shared() -> [(&'static str, Value); 5] {
    [
        (
            "PriceInput",
            json!({
                "oneOf": [
                    { "type": "string", "format": "decimal", "pattern": "^[0-9]{1,20}(\\.[0-9]{1,2})?$" },
                    { "type": "number", "minimum": 0, "exclusiveMaximum": 1e20 },
                ],
                "description": "A price of 0 or more with at most 20 digits before and 2 after the decimal point. Both a string and a number are exact.",
            }),
        ),
        (
            "Id",
            json!({
                "oneOf": [{ "type": "integer", "format": "int64", "minimum": 1 }, digits(true)],
                "description": "The id of an object.",
            }),
        ),
        (
            "ReferenceInput",
            json!({
                "oneOf": [
                    reference("Id"),
                    { "type": "object", "required": ["id"], "properties": { "id": reference("Id") } },
                ],
                "description": "The id of the object, or the object as it is in responses.",
            }),
        ),
        (
            "Messages",
            json!({
                "type": "array",
                "minItems": 1,
                "items": { "type": "string" },
                "description": "Messages for people.",
            }),
        ),
        (
            "Nothing",
            json!({ "type": "object", "maxProperties": 0, "description": "An empty object." }),
        ),
    ]
}
