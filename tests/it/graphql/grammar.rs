//! The grammar of documents, and the numbers and introspection queries that clients send.

use serde_json::{Value, json};
use stockroom::kind::Kind;

use crate::support::gateway::Gateway;

on_both_databases![
    documents_accepted_by_graphql_js_are_accepted,
    documents_rejected_by_graphql_js_are_rejected,
    strings_have_the_values_of_graphql_js,
    whole_numbers_are_accepted_in_any_notation,
    introspection_costs_nothing_and_is_bounded,
    the_schema_describes_the_service,
    unknown_names_have_suggestions,
];

async fn documents_accepted_by_graphql_js_are_accepted(gateway: Gateway) {
    let brand = gateway
        .root
        .make(Kind::Brand, json!({ "name": "Duck \u{1F986}" }))
        .await;
    for document in [
        r#"{ brands(search: "\uD83E\uDD86") { totalCount } }"#,
        r#"{ brands(search: "\u{1F986}") { totalCount } }"#,
        r#"{ brands(search: """🦆""") { totalCount } }"#,
        r#""doc" query Q { brands { totalCount } }"#,
        "\u{feff}query,Q#a comment\r{\u{feff}brands,{\ttotalCount}}",
    ] {
        assert_eq!(
            gateway.viewer.data(document, json!({})).await,
            json!({ "brands": { "totalCount": 1 } }),
            "{document}"
        );
    }
    for document in [
        "query($i: ID !) { brand(id: $i) { id } }",
        "query($i\n:\n#a comment\nID\n!\n) { brand(id: $i) { id } }",
        r#"query("doc" $i: ID!) { brand(id: $i) { id } }"#,
        r#"query($i: ID!) { brand(id: $i) { ...F } } """doc""" fragment F on Brand { id }"#,
    ] {
        assert_eq!(
            gateway.viewer.data(document, json!({ "i": brand })).await,
            json!({ "brand": { "id": brand.to_string() } }),
            "{document}"
        );
    }
    let list = "query($i: [ ID , ! ] !) { brands(filter: { id: { in: $i } }) { totalCount } }";
    let found = gateway.viewer.data(list, json!({ "i": [brand] })).await;
    assert_eq!(found, json!({ "brands": { "totalCount": 1 } }));
}

async fn documents_rejected_by_graphql_js_are_rejected(gateway: Gateway) {
    for (document, message) in [
        (
            "queryQ{__typename}",
            "Syntax error in line 1, column 1: Unexpected Name \"queryQ\".",
        ),
        (
            "query(){__typename}",
            "Syntax error in line 1, column 7: Expected \"$\", found \")\".",
        ),
        (
            "{ brand(id: 1) { ...on } }\nfragment on on Brand { id }",
            "Syntax error in line 1, column 24: Expected Name, found \"}\".",
        ),
        (
            "fragment on on Brand { id } { brand(id: 1) { id } }",
            "Syntax error in line 1, column 10: Unexpected Name \"on\".",
        ),
        (
            r#"{ brands(search: "\uD83E") { totalCount } }"#,
            "Syntax error in line 1, column 19: Invalid Unicode escape sequence: \"\\uD83E\".",
        ),
        (
            "{ brands(search: \"a\n\") { totalCount } }",
            "Syntax error in line 1, column 18: This string is not closed.",
        ),
    ] {
        let (code, found) = gateway.viewer.expect_error(document, json!({})).await;
        assert_eq!(code, "BAD_USER_INPUT", "{document}");
        let position = message.split_once(": ").map_or(message, |(position, _)| position);
        assert!(found.starts_with(position), "{document}: {found}");
        if !document.contains("\\u") {
            assert_eq!(found, message, "{document}");
        }
    }
}

async fn strings_have_the_values_of_graphql_js(gateway: Gateway) {
    let category = gateway.root.make(Kind::Category, json!({ "name": "All" })).await;
    for (literal, description) in [
        (r#""""say \""" twice""""#, "say \"\"\" twice"),
        ("\"\"\"\n    a\n  \n      b\n    \"\"\"", "a\n\n  b"),
        (r#""""back\slash \u{41}""""#, r"back\slash \u{41}"),
        (r#""\u{41}\u0042\/\"""#, "AB/\""),
    ] {
        let document = format!(
            "mutation {{ updateCategory(input: {{ id: {category}, description: {literal} }}) {{ category {{ description }} userErrors {{ message }} }} }}"
        );
        assert_eq!(
            gateway.root.data(&document, json!({})).await["updateCategory"],
            json!({ "category": { "description": description }, "userErrors": [] }),
            "{literal}"
        );
    }
}

/// Sends a request with the given text of the variables, because `json!` would normalise the notation of numbers.
async fn send(gateway: &Gateway, query: &str, variables: &str) -> Value {
    let body = format!(r#"{{"query":{},"variables":{variables}}}"#, json!(query));
    let request = gateway.root.request(reqwest::Method::POST, "/graphql");
    let request = request.header("content-type", "application/json").body(body);
    let response = request.send().await.expect("a response");
    serde_json::from_str(&response.text().await.expect("a text")).expect("JSON")
}

async fn whole_numbers_are_accepted_in_any_notation(gateway: Gateway) {
    let product = gateway.root.product("Bolts", 1_000).await;
    let page = "query($n: Int) { products(first: $n) { totalCount } }";
    for number in ["2", "2.0", "1E+2", "20e-1", "0.5e1"] {
        let found = send(&gateway, page, &format!(r#"{{"n":{number}}}"#)).await;
        assert_eq!(
            found,
            json!({ "data": { "products": { "totalCount": 1 } } }),
            "{number}"
        );
    }
    let by_id = "query($id: ID!) { product(id: $id) { quantity } }";
    let found = send(&gateway, by_id, &format!(r#"{{"id":{product}.0}}"#)).await;
    assert_eq!(found, json!({ "data": { "product": { "quantity": 1_000 } } }));
    let create_outflow = "mutation($input: CreateOutflowInput!) {
        createOutflow(input: $input) { outflow { quantity product { id quantity } } userErrors { code } }
    }";
    let input = format!(r#"{{"input":{{"productId":{product}e0,"quantity":1E+2}}}}"#);
    assert_eq!(
        send(&gateway, create_outflow, &input).await["data"]["createOutflow"],
        json!({
            "outflow": { "quantity": 100, "product": { "id": product.to_string(), "quantity": 900 } },
            "userErrors": []
        })
    );
    for (query, variables) in [
        (page, r#"{"n":2.5}"#.to_owned()),
        (page, r#"{"n":1e10}"#.to_owned()),
        (page, r#"{"n":1e-1}"#.to_owned()),
        (page, r#"{"n":"2"}"#.to_owned()),
        (by_id, r#"{"id":1.5}"#.to_owned()),
        (by_id, r#"{"id":1e300}"#.to_owned()),
        (
            create_outflow,
            format!(r#"{{"input":{{"productId":{product},"quantity":0.5}}}}"#),
        ),
        (
            create_outflow,
            format!(r#"{{"input":{{"productId":{product}.5,"quantity":1}}}}"#),
        ),
    ] {
        let refused = send(&gateway, query, &variables).await;
        assert_eq!(
            refused["errors"][0]["extensions"]["code"], "BAD_USER_INPUT",
            "{variables}"
        );
        assert_eq!(refused.get("data"), None, "{variables}");
    }
    assert_eq!(gateway.viewer.quantity(product).await, 900);
}

/// The introspection query of graphql-js with every option.
fn introspection() -> String {
    let types = (0..9).fold("kind name".to_owned(), |inner, _| {
        format!("kind name ofType {{ {inner} }}")
    });
    format!(
        "query IntrospectionQuery {{
            __schema {{
                description
                queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
                types {{ ...FullType }}
                directives {{
                    name description isRepeatable locations
                    args(includeDeprecated: true) {{ ...InputValue }}
                }}
            }}
        }}
        fragment FullType on __Type {{
            kind name description specifiedByURL isOneOf
            fields(includeDeprecated: true) {{
                name description
                args(includeDeprecated: true) {{ ...InputValue }}
                type {{ ...TypeRef }}
                isDeprecated deprecationReason
            }}
            inputFields(includeDeprecated: true) {{ ...InputValue }}
            interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
            possibleTypes {{ ...TypeRef }}
        }}
        fragment InputValue on __InputValue {{
            name description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason
        }}
        fragment TypeRef on __Type {{ {types} }}"
    )
}

async fn introspection_costs_nothing_and_is_bounded(gateway: Gateway) {
    let request = gateway.viewer.request(reqwest::Method::POST, "/graphql");
    let request = request
        .header("x-stockroom-cost", "1")
        .json(&json!({ "query": introspection() }));
    let body: Value = request
        .send()
        .await
        .expect("a response")
        .json()
        .await
        .expect("JSON");
    assert_eq!(body.get("errors"), None, "{body}");
    assert_eq!(body["extensions"]["cost"]["requested"], 0);
    let types = body["data"]["__schema"]["types"].as_array().expect("types");
    assert!(types.iter().any(|ty| ty["name"] == "Product"));
    // The number of values in nested introspection is limited.
    let nested = (0..5).fold("name".to_owned(), |inner, _| {
        format!("fields {{ type {{ {inner} }} }}")
    });
    let document = format!("{{ __schema {{ types {{ {nested} }} }} }}");
    assert_eq!(
        gateway.anon.expect_error(&document, json!({})).await.0,
        "LIMIT_EXCEEDED"
    );
}

async fn the_schema_describes_the_service(gateway: Gateway) {
    let document = "{ __schema { description about: description queryType { description } } ...More }
        fragment More on Query { __schema { ...Again } other: __schema { description } }
        fragment Again on __Schema { again: description }";
    let data = gateway.anon.data(document, json!({})).await;
    let schema = &data["__schema"];
    let description = schema["description"].as_str().expect("a text");
    assert!(
        description.starts_with("Stockroom: products with their brands"),
        "{description}"
    );
    for word in ["`login`", "`first`", "`userErrors`"] {
        assert!(description.contains(word), "{word}");
    }
    for other in [&schema["about"], &schema["again"], &data["other"]["description"]] {
        assert_eq!(other, description);
    }
    assert_ne!(schema["queryType"]["description"], description);
    // The type keeps its own description.
    let document = r#"{ __type(name: "__Schema") { description } }"#;
    let data = gateway.anon.data(document, json!({})).await;
    assert_ne!(data["__type"]["description"], description);
}

async fn unknown_names_have_suggestions(gateway: Gateway) {
    let (code, message) = gateway
        .viewer
        .expect_error("{ produts { totalCount } }", json!({}))
        .await;
    assert_eq!(code, "BAD_USER_INPUT");
    assert!(message.contains("Did you mean \"products\""), "{message}");
}
