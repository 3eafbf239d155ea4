//! The REST API.

mod bodies;
mod document;
mod document_stock;
mod errors;
mod etag;
mod filters;
mod json_values;
mod lists;
mod malformed;
mod openapi;
mod openapi_document;
mod openapi_webhooks;
mod ordering;
mod origin;
mod preconditions;
mod search;
