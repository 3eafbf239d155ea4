//! GraphQL errors in REST's wording: type errors, referring objects, insufficient stock.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::api::{Outcome, snake_case};

/// GraphQL's type errors of inputs, as the validation errors that REST returns for them.
pub fn type_errors(kind: Kind, body: &Value, input: &Value) -> Option<Outcome> {
    let field_and_message = |message: &str| {
        let rest = message.strip_prefix("The variable \"$input")?;
        let (field, reason) = rest.split_once("\" does not fit: ")?;
        if let Some(missing) = reason.strip_suffix(" is missing.") {
            let field = missing.split('"').nth(1)?;
            return Some((field.to_owned(), "This field is required.".to_owned()));
        }
        let field = field.trim_start_matches('.');
        let minimum = i64::from(kind != Kind::Product);
        let message = match (reason.split('"').nth(1)?.trim_end_matches('!'), &input[field]) {
            (_, Value::Null) => "This field may not be null.".to_owned(),
            ("Int", Value::Number(number)) if number.as_i64().is_some_and(|number| number < 0) => {
                format!("Ensure this value is greater than or equal to {minimum}.")
            }
            ("Int", Value::Number(number)) if number.is_u64() => {
                "Ensure this value is less than or equal to 2147483647.".to_owned()
            }
            ("Int", _) => "A valid integer is required.".to_owned(),
            ("String", _) => "Not a valid string.".to_owned(),
            ("ID", value) => format!(
                "Incorrect type. Expected pk value, received {}.",
                python_type(value)
            ),
            (ty, value) => panic!("{field}: {value} is not of type {ty}"),
        };
        Some((field.to_owned(), message))
    };
    let errors = body.get("errors")?.as_array()?;
    let messages: Option<Vec<(String, String)>> = errors
        .iter()
        .map(|error| field_and_message(error["message"].as_str()?))
        .collect();
    let messages = messages?
        .into_iter()
        .map(|(field, message)| (rest_name(&field), message));
    let mut messages: Vec<(String, String)> = messages.collect();
    messages.sort();
    Some(Outcome::Invalid(messages))
}

/// The Python name of a value's type, which documented messages contain.
fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
        Value::Number(_) => "float",
        _ => "str",
    }
}

/// REST's name of an input field.
pub fn rest_name(field: &str) -> String {
    let field = snake_case(field);
    field.strip_suffix("_id").map_or(field.clone(), str::to_owned)
}

/// The numbers in a message.
pub fn numbers(error: &Value) -> Vec<i64> {
    let message = error["message"].as_str().expect("a message");
    let words = message.split(|letter: char| !letter.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// The referring objects in GraphQL's message "It is needed by 2 inflows and 1 outflow."
pub fn referring_objects(error: &Value) -> Value {
    let message = error["message"]
        .as_str()
        .expect("a message")
        .trim_end_matches('.');
    let counts = message
        .trim_start_matches("It is needed by ")
        .split(" and ")
        .map(|count| {
            let (count, noun) = count.split_once(' ').expect("a count and a noun");
            let kind = Kind::ALL
                .into_iter()
                .find(|kind| [kind.singular(), kind.plural()].contains(&noun));
            let count: i64 = count.parse().expect("a number");
            (kind.expect("a noun").plural().to_owned(), json!(count))
        });
    Value::Object(counts.collect())
}
