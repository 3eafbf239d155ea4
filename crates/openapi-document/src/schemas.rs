//! The schemas of bodies.
//!
//! The schema of a response is derived from the struct that is serialized. The schema of a request body follows from the
//! same struct: it has all properties that are not read-only. In requests, a reference is an id or an object, and a whole
//! number is a number or a string of digits.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

/// The path of the schemas in the OpenAPI description.
const PATH: &str = "/components/schemas";

/// The schemas for `#/components/schemas`, collected while operations are described.
pub struct Schemas {
    generator: SchemaGenerator,
    input: fn(&str) -> Option<&'static str>,
}

/// Whether a body has required fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All fields without a default are required.
    Complete,
    /// No field is required; absent fields keep their values.
    Partial,
}

impl Schemas {
    /// Starts with the schemas that several bodies share: `Id`, `ReferenceInput`, `Messages` and `Nothing`.
    ///
    /// `input` returns the name of the schema that a property has in requests, for the name that it has in responses. If it
    /// returns `None`, a property that refers to a schema is a reference to another object, and `ReferenceInput` in requests.
    pub fn new(input: fn(&str) -> Option<&'static str>) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = PATH.into();
            settings.meta_schema = None;
        });
        let generator = settings.for_serialize().into_generator();
        let mut schemas = Self { generator, input };
        for (name, schema) in shared_schemas() {
            schemas.add(name, schema);
        }
        schemas
    }

    /// Adds the schema of a struct and returns a reference to it.
    pub fn add_type<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }

    /// Adds a schema and returns a reference to it.
    pub fn add(&mut self, name: impl Into<String>, schema: Value) -> Value {
        let name = name.into();
        let reference = reference(&name);
        self.generator.definitions_mut().insert(name, schema);
        reference
    }

    /// Adds the schema of an object in responses.
    pub fn view<V: JsonSchema>(&mut self, name: impl Into<String>, description: &str) -> Value {
        let mut schema = V::json_schema(&mut self.generator).to_value();
        insert(&mut schema, "description", description);
        self.add(name, schema)
    }

    /// Adds the schema of a page whose property `results` lists these items.
    pub fn page<P: JsonSchema>(&mut self, name: impl Into<String>, description: &str, items: Value) -> Value {
        let mut schema = P::json_schema(&mut self.generator).to_value();
        if let Some(results) = schema.pointer_mut("/properties/results") {
            insert(results, "items", items);
        }
        insert(&mut schema, "description", description);
        self.add(name, schema)
    }

    /// Adds the schema of a request body with the fields of a view.
    pub fn body<V: JsonSchema>(
        &mut self,
        name: impl Into<String>,
        description: &str,
        completeness: Completeness,
    ) -> Value {
        let mut properties = self.writable_fields::<V>();
        let mut schema = json!({ "type": "object" });
        match completeness {
            Completeness::Complete => {
                let required: Vec<&String> = properties
                    .iter()
                    .filter(|(_, schema)| !is_nullable(schema) && schema.get("default").is_none())
                    .map(|(name, _)| name)
                    .collect();
                insert(&mut schema, "required", json!(required));
            }
            Completeness::Partial => {
                for schema in properties.values_mut().filter_map(Value::as_object_mut) {
                    schema.shift_remove("default");
                }
            }
        }
        insert(&mut schema, "properties", properties);
        insert(&mut schema, "description", description);
        self.add(name, schema)
    }

    /// Adds the schema of the faults of a body with the fields of a view.
    pub fn faults<V: JsonSchema>(&mut self, name: impl Into<String>) -> Value {
        let fields = self.writable_fields::<V>();
        self.add(name, faults(fields.keys()))
    }

    /// Returns the schemas of the fields that are not read-only.
    fn writable_fields<V: JsonSchema>(&mut self) -> Map<String, Value> {
        let view = V::json_schema(&mut self.generator).to_value();
        let Some(fields) = view.get("properties").and_then(Value::as_object) else {
            return Map::new();
        };
        fields
            .iter()
            .filter(|(_, schema)| schema.get("readOnly") != Some(&Value::Bool(true)))
            .map(|(name, schema)| (name.clone(), self.as_input(schema)))
            .collect()
    }

    /// Turns the schema of a field in responses into the one for requests.
    fn as_input(&self, schema: &Value) -> Value {
        let mut input = schema.clone();
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or_default();
            let name = (self.input)(name).unwrap_or("ReferenceInput");
            insert(&mut input, "$ref", pointer(name));
        } else if schema.get("type") == Some(&json!("integer")) {
            let mut number = Map::new();
            for key in ["type", "format", "minimum", "maximum"] {
                if let Some(value) = input.as_object_mut().and_then(|input| input.shift_remove(key)) {
                    number.insert(key.to_owned(), value);
                }
            }
            let digits = digits(number.get("minimum") == Some(&json!(1)));
            insert(&mut input, "oneOf", json!([number, digits]));
        }
        input
    }

    /// Returns all schemas, sorted by name.
    pub fn finish(mut self) -> Value {
        let mut schemas: Vec<(String, Value)> = self.generator.take_definitions(true).into_iter().collect();
        schemas.sort_by(|(one, _), (other, _)| one.cmp(other));
        schemas.into_iter().collect()
    }
}

/// Returns a reference to a schema.
pub fn reference(name: &str) -> Value {
    json!({ "$ref": pointer(name) })
}

fn pointer(name: &str) -> String {
    format!("#{PATH}/{name}")
}

/// Returns the schema of the faults of a body with these fields.
pub fn faults(fields: impl IntoIterator<Item = impl ToString>) -> Value {
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

/// Returns the schema of a whole number as a string of digits; if `is_positive`, the number is 1 or more.
pub fn digits(is_positive: bool) -> Value {
    json!({ "type": "string", "pattern": if is_positive { "^0*[1-9][0-9]*$" } else { "^[0-9]+$" } })
}

fn is_nullable(schema: &Value) -> bool {
    let types = schema.get("type").and_then(Value::as_array);
    types.is_some_and(|types| types.contains(&json!("null")))
}

/// Inserts a value into a JSON object.
pub fn insert(schema: &mut Value, key: &str, value: impl Into<Value>) {
    if let Value::Object(schema) = schema {
        schema.insert(key.to_owned(), value.into());
    }
}

/// The schemas that several bodies share.
fn shared_schemas() -> [(&'static str, Value); 4] {
    [
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
