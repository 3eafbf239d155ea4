//! The parts that an OpenAPI 3.1 description is made of: schemas that are derived from the structs that are sent, request
//! bodies that follow from them, and error responses that are described by their examples. Operations are plain JSON.
//!
//! ```
//! use openapi_document::{Completeness, Schemas, request_body, response, responses};
//! use schemars::JsonSchema;
//! use serde_json::{Map, json};
//!
//! #[derive(JsonSchema)]
//! struct Book {
//!     /// The id.
//!     #[schemars(extend("readOnly" = true))]
//!     id: i64,
//!     /// The title.
//!     title: String,
//! }
//!
//! let mut schemas = Schemas::new(|_| None);
//! let book = schemas.view::<Book>("Book", "A book.");
//! let body = schemas.body::<Book>("NewBook", "The fields of a new book.", Completeness::Complete);
//! let (request, created) = (json!({ "title": "Dune" }), json!({ "id": 1, "title": "Dune" }));
//! let operation = json!({
//!     "operationId": "createBook",
//!     "requestBody": request_body(&body, &request),
//!     "responses": responses("201", response("The new book.", &book, &created, &[]), Map::new()),
//! });
//! let schema = "/requestBody/content/application~1json/schema/$ref";
//! assert_eq!(operation.pointer(schema), Some(&json!("#/components/schemas/NewBook")));
//! assert_eq!(schemas.finish()["NewBook"]["required"], json!(["title"]));
//! ```
//!
//! # Guarantees
//!
//! - A request body has the properties of the response that are not `readOnly`, in the forms that requests have.
//! - The schema of an error follows from the bodies that are sent: it has their codes and messages, and no others.
//! - The output is the same on every run.
//!
//! # Modules
//!
//! | module | contents |
//! | --- | --- |
//! | `schemas` | [`Schemas`]: the schemas of bodies |
//! | `responses` | request bodies, and responses with their headers |
//! | `errors` | error responses |
//! | `text` | names in other spellings |

mod errors;
mod responses;
mod schemas;
mod text;

#[cfg(test)]
mod tests;

pub use self::errors::{ErrorExample, error_references, error_response};
pub use self::responses::{faults_response, request_body, response, responses};
pub use self::schemas::{Completeness, Schemas, digits, faults, insert, reference};
pub use self::text::capitalized;
