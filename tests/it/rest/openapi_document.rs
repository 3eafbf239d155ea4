//! Every documented example is in the OpenAPI description, at its operation and status.

use super::document::example;
use crate::support::openapi_index::{examples, operation, response};
use crate::support::response::compact;

#[test]
fn the_description_contains_every_documented_example() {
    /// Each example with its path, its method, and `body` or the status of a response.
    macro_rules! assert_examples {
        ($($name:literal: $path:literal $method:literal $status:tt,)+) => { $(
            let expected = compact(&example($name));
            let described: Vec<String> = assert_examples!(@ $path $method $status).iter().map(ToString::to_string).collect();
            assert!(described.contains(&expected), "{}: {described:?}", $name);
        )+ };
        (@ $path:literal $method:literal body) => {
            examples(&operation($path, $method)["requestBody"])
        };
        (@ $path:literal $method:literal $status:literal) => {
            examples(response($path, $method, $status))
        };
    }
    assert_examples![
        "token-request": "/authentication/token/" "post" body,
        "token-response": "/authentication/token/" "post" 200,
        "refresh-request": "/authentication/token/refresh/" "post" body,
        "refresh-response": "/authentication/token/refresh/" "post" 200,
        "verify-request": "/authentication/token/verify/" "post" body,
        "brand-list": "/brands/" "get" 200,
        "brand-create": "/brands/" "post" body,
        "brand-created": "/brands/" "post" 201,
        "brand-one": "/brands/{id}/" "get" 200,
        "brand-update": "/brands/{id}/" "put" body,
        "brand-updated": "/brands/{id}/" "patch" 200,
        "category-list": "/categories/" "get" 200,
        "category-create": "/categories/" "post" body,
        "category-created": "/categories/" "post" 201,
        "category-one": "/categories/{id}/" "get" 200,
        "category-update": "/categories/{id}/" "patch" body,
        "supplier-list": "/suppliers/" "get" 200,
        "supplier-create": "/suppliers/" "post" body,
        "supplier-created": "/suppliers/" "post" 201,
        "product-list": "/products/" "get" 200,
        "product-create": "/products/" "post" body,
        "product-created": "/products/" "post" 201,
        "product-one": "/products/{id}/" "get" 200,
        "product-update": "/products/{id}/" "put" body,
        "inflow-list": "/inflows/" "get" 200,
        "inflow-create": "/inflows/" "post" body,
        "inflow-created": "/inflows/" "post" 201,
        "outflow-list": "/outflows/" "get" 200,
        "outflow-create": "/outflows/" "post" body,
        "outflow-created": "/outflows/" "post" 201,
        "error-401": "/products/" "get" 401,
        "error-403": "/products/" "post" 403,
        "error-404": "/products/{id}/" "get" 404,
        "error-422": "/products/" "post" 422,
    ];
}
