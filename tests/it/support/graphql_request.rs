//! GraphQL requests of tests and their expected results.

use serde_json::{Value, json};

use crate::support::actors::Actor;

impl Actor {
    /// The data of a response without errors.
    pub async fn data(&self, document: &str, variables: Value) -> Value {
        let body = self.gql(document, variables.clone()).await.expect(200);
        assert!(body.get("errors").is_none(), "{document} {variables}: {body}");
        body["data"].clone()
    }

    /// The code and the message of the first error of a request that was not executed.
    pub async fn expect_error(&self, document: &str, variables: Value) -> (String, String) {
        let body = self.gql(document, variables.clone()).await.json();
        assert!(body.get("data").is_none(), "{document} {variables}: {body}");
        first_error(&body)
    }

    /// The payload of a mutation without errors; `input` is its variable.
    pub async fn mutate(&self, field: &str, selected: &str, input: Value) -> Value {
        let payload = self.payload(field, selected, input).await;
        assert_eq!(payload["userErrors"], json!([]), "{field}");
        payload
    }

    /// The payload of a mutation; `input` is its variable.
    pub async fn payload(&self, field: &str, selected: &str, input: Value) -> Value {
        let (first, rest) = field.split_at(1);
        let ty = format!("{}{rest}Input", first.to_uppercase());
        let document = format!(
            "mutation($input: {ty}!) {{ {field}(input: $input) {{ {selected} userErrors {{ field code message }} }} }}"
        );
        self.data(&document, json!({ "input": input })).await[field].clone()
    }

    /// The ids on a page of a root connection with these arguments.
    pub async fn page(&self, field: &str, arguments: &str) -> Vec<i64> {
        let data = self
            .data(
                &format!("{{ {field}({arguments}) {{ nodes {{ id }} }} }}"),
                json!({}),
            )
            .await;
        ids(&data[field])
    }
}

/// The code and the message of the first error.
pub fn first_error(body: &Value) -> (String, String) {
    let error = &body["errors"][0];
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
    (text(&error["extensions"]["code"]), text(&error["message"]))
}

/// The ids of a connection's nodes.
pub fn ids(connection: &Value) -> Vec<i64> {
    let nodes = connection["nodes"]
        .as_array()
        .unwrap_or_else(|| panic!("{connection}"));
    nodes.iter().map(id).collect()
}

/// The id of an object.
pub fn id(object: &Value) -> i64 {
    let id = object["id"].as_str().unwrap_or_else(|| panic!("{object}"));
    id.parse().unwrap_or_else(|_| panic!("{object}"))
}
