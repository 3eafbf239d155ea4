//! Sets `__schema { description }` to the description of the service. async-graphql would return the
//! description of the type `__Schema` instead.

use async_graphql::Value;

use crate::document::Document;
use crate::schema_index::SchemaIndex;
use crate::validate::field_merging::fields_by_key;

/// Sets the description in the data of an operation.
pub(crate) fn set(
    description: &str,
    index: &SchemaIndex,
    document: &Document,
    operation: Option<&str>,
    data: &mut Value,
) {
    let Value::Object(data) = data else { return };
    let Ok(operation) = document.operation(operation) else {
        return;
    };
    let operation = &operation.definition.node;
    let root = index.root_name(operation.ty).unwrap_or_default();
    for (key, fields) in fields_by_key(&document.parsed, &[(root, &operation.selection_set)]) {
        let Some(Value::Object(schema)) = data.get_mut(key) else {
            continue;
        };
        let is_schema = fields.iter().all(|(_, field)| field.node.name.node == "__schema");
        if !is_schema {
            continue;
        }
        let sets: Vec<_> = fields
            .iter()
            .map(|(_, field)| ("__Schema", &field.node.selection_set))
            .collect();
        for (key, fields) in fields_by_key(&document.parsed, &sets) {
            let is_description = fields
                .iter()
                .any(|(_, field)| field.node.name.node == "description");
            if is_description && let Some(value) = schema.get_mut(key) {
                *value = description.into();
            }
        }
    }
}
