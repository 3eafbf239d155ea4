//! Translates REST requests to the six collections to GraphQL, and the results back, so that a test of a rule, written
//! as REST requests, runs through both APIs. Requests that GraphQL cannot express are sent to REST.

use std::collections::BTreeMap;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::Method;
use serde_json::{Map, Value, json};
use stockroom::kind::Kind;
use url::form_urlencoded;

use crate::support::actors::Actor;
use crate::support::api::{Api, Outcome, capital, output, selection};
use crate::support::response::{BAD_TOKEN, FORBIDDEN, INVALID_PAGE, NO_TOKEN, NOT_FOUND, Response};

/// The response to a request, if GraphQL can express it.
pub fn translate<'a>(
    actor: &'a Actor,
    method: &'a Method,
    path: &'a str,
    body: Option<&'a Value>,
) -> BoxFuture<'a, Option<Response>> {
    // Boxed, because `Actor` calls this function, which sends requests through `Actor`.
    translate_inner(actor, method, path, body).boxed()
}

async fn translate_inner(
    actor: &Actor,
    method: &Method,
    path: &str,
    body: Option<&Value>,
) -> Option<Response> {
    let request = format!("{method} {path} through GraphQL");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut segments = path.trim_end_matches('/').split('/');
    let collection = segments.next()?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.plural() == collection)?;
    if kind == Kind::Webhook {
        return None;
    }
    let id = segments.next().map(str::parse::<i64>);
    if segments.next().is_some() {
        return None;
    }
    let body = match body {
        Some(body) => Some(graphql_fields(kind, body)?),
        None => None,
    };
    let outcome = match (method.as_str(), id, &body) {
        ("GET", None, _) => return list(actor, kind, query, &request).await,
        ("GET", Some(Ok(id)), _) => Api::GraphQl.find(actor, kind, id).await,
        ("POST", None, Some(body)) => Api::GraphQl.create(actor, kind, body.clone()).await,
        ("PUT" | "PATCH", Some(Ok(id)), Some(body)) if !matches!(kind, Kind::Inflow | Kind::Outflow) => {
            Api::GraphQl.update(actor, kind, id, None, body.clone()).await
        }
        ("DELETE", Some(Ok(id)), None) => Api::GraphQl.delete(actor, kind, id).await,
        _ => return None,
    };
    let success_status = match *method {
        Method::POST => 201,
        Method::DELETE => 204,
        _ => 200,
    };
    Some(rest_response(
        actor,
        success_status,
        outcome,
        &body.unwrap_or_default(),
        request,
    ))
}

/// The REST response for an outcome.
fn rest_response(
    actor: &Actor,
    success_status: u16,
    outcome: Outcome,
    body: &Value,
    request: String,
) -> Response {
    let envelope = |code: &str, details: &Value| json!({ "error": { "code": code, "message": "Translated from GraphQL.", "details": details } });
    let (status, text) = match outcome {
        Outcome::Done(Value::Null) => (success_status, String::new()),
        Outcome::Done(object) => (success_status, object.to_string()),
        Outcome::Invalid(messages) => {
            let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for (field, message) in messages {
                let message = match (&*message, &body[&field]) {
                    // GraphQL accepts any string as an id; no object has an invalid one.
                    ("There is nothing with this id.", Value::Number(id)) => {
                        format!("Invalid pk \"{id}\" - object does not exist.")
                    }
                    ("There is nothing with this id.", _) => {
                        "Incorrect type. Expected pk value, received str.".to_owned()
                    }
                    _ => message,
                };
                fields.entry(field).or_default().push(message);
            }
            (422, json!(fields).to_string())
        }
        Outcome::Protected(details) => (409, envelope("PROTECTED", &details).to_string()),
        Outcome::InsufficientStock(details) => (409, envelope("INSUFFICIENT_STOCK", &details).to_string()),
        Outcome::Conflict => (412, envelope("PRECONDITION_FAILED", &json!({})).to_string()),
        outcome @ (Outcome::ReadOnly | Outcome::TooMany | Outcome::Disabled) => {
            panic!("{request}: {outcome:?}")
        }
        Outcome::NotFound => (404, NOT_FOUND.to_owned()),
        Outcome::Forbidden => (403, FORBIDDEN.to_owned()),
        Outcome::Unauthenticated if actor.token.is_none() => (401, NO_TOKEN.to_owned()),
        Outcome::Unauthenticated => (401, BAD_TOKEN.to_owned()),
    };
    Response::translated(status, text, request)
}

/// The fields that GraphQL has, with ids and whole numbers as numbers; `None` if the body is not an object.
fn graphql_fields(kind: Kind, body: &Value) -> Option<Value> {
    let number = |value: &Value| match value {
        Value::String(digits) if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => {
            digits.parse::<i64>().ok()
        }
        _ => None,
    };
    let is_graphql_field = |field: &str| match field {
        "description" => true,
        "name" => matches!(kind, Kind::Brand | Kind::Category | Kind::Supplier),
        "title" | "category" | "brand" | "serie_number" | "cost_price" | "selling_price" => {
            kind == Kind::Product
        }
        "quantity" => matches!(kind, Kind::Product | Kind::Inflow | Kind::Outflow),
        "product" => matches!(kind, Kind::Inflow | Kind::Outflow),
        "supplier" => kind == Kind::Inflow,
        _ => false,
    };
    let mut fields = Map::new();
    for (field, value) in body
        .as_object()?
        .iter()
        .filter(|(field, _)| is_graphql_field(field))
    {
        let value = match &**field {
            "category" | "brand" | "product" | "supplier" => {
                let value = value.get("id").unwrap_or(value);
                number(value).map_or_else(|| value.clone(), Value::from)
            }
            "quantity" => number(value).map_or_else(|| value.clone(), Value::from),
            _ => value.clone(),
        };
        fields.insert(field.clone(), value);
    }
    Some(Value::Object(fields))
}

/// A page of a list.
async fn list(actor: &Actor, kind: Kind, query: &str, request: &str) -> Option<Response> {
    let noun = capital(kind.singular());
    let (mut filter, mut variables) = (Map::new(), Map::new());
    let (mut size, mut page) = (10_i64, 1_i64);
    let mut add_condition = |field: &str, operator: &str, value: Value| {
        let conditions = filter.entry(field.to_owned()).or_insert_with(|| json!({}));
        conditions[operator] = value;
    };
    for (name, value) in
        form_urlencoded::parse(query.as_bytes()).filter(|(_, value)| !value.trim().is_empty())
    {
        let related = || Some(json!({ "eq": value.trim().parse::<i64>().ok()?.to_string() }));
        match (&*name, kind) {
            ("page_size", _) => size = value.parse::<i64>().ok().filter(|size| *size > 0)?.min(100),
            ("page", _) => page = value.parse().ok().filter(|page| *page > 0)?,
            ("search", Kind::Brand | Kind::Category | Kind::Supplier | Kind::Product) => {
                variables.insert("search".to_owned(), json!(value));
            }
            ("ordering", _) => {
                let columns: Option<Vec<Value>> = value
                    .split(',')
                    .map(|column| column_order(kind, column))
                    .collect();
                variables.insert("order".to_owned(), json!(columns?));
            }
            ("brand" | "category", Kind::Product)
            | ("product", Kind::Inflow | Kind::Outflow)
            | ("supplier", Kind::Inflow) => add_condition(&name, "id", related()?),
            ("min_price", Kind::Product) => add_condition("sellingPrice", "gte", json!(value)),
            ("max_price", Kind::Product) => add_condition("sellingPrice", "lte", json!(value)),
            ("date_from", Kind::Inflow | Kind::Outflow) => add_condition("createdAt", "from", json!(value)),
            ("date_to", Kind::Inflow | Kind::Outflow) => add_condition("createdAt", "to", json!(value)),
            _ => return None,
        }
    }
    variables.insert("filter".to_owned(), Value::Object(filter));
    variables.insert("first".to_owned(), json!(size));
    variables.insert("offset".to_owned(), json!((page - 1) * size));
    let (declaration, argument) = if matches!(kind, Kind::Inflow | Kind::Outflow) {
        ("", "")
    } else {
        ("$search: String, ", "search: $search, ")
    };
    let (field, selected) = (kind.plural(), selection(kind));
    let document = format!(
        "query({declaration}$filter: {noun}Filter, $order: [{noun}Order!], $first: Int, $offset: Int) {{
           {field}({argument}filter: $filter, orderBy: $order, first: $first, offset: $offset) {{
             totalCount nodes {{ {selected} }} }} }}"
    );
    let body = actor.gql(&document, Value::Object(variables)).await.json();
    if let Some(code) = body["errors"][0]["extensions"]["code"].as_str() {
        return match code {
            "UNAUTHENTICATED" => Some(rest_response(
                actor,
                200,
                Outcome::Unauthenticated,
                &Value::Null,
                request.to_owned(),
            )),
            // Each API has its own wording for invalid parameters.
            _ => None,
        };
    }
    let found = &body["data"][field];
    let nodes = found["nodes"]
        .as_array()
        .unwrap_or_else(|| panic!("{request}: {body}"));
    if nodes.is_empty() && page > 1 {
        return Some(Response::translated(
            404,
            INVALID_PAGE.to_owned(),
            request.to_owned(),
        ));
    }
    let results: Vec<Value> = nodes.iter().map(output).collect();
    let page = json!({ "count": found["totalCount"], "next": null, "previous": null, "results": results });
    Some(Response::translated(200, page.to_string(), request.to_owned()))
}

/// A column of an order; `None` for a column that GraphQL cannot order by.
fn column_order(kind: Kind, column: &str) -> Option<Value> {
    let (direction, column) = match column.trim().strip_prefix('-') {
        Some(column) => ("DESC", column),
        None => ("ASC", column.trim()),
    };
    let columns: &[&str] = match kind {
        Kind::Brand | Kind::Category | Kind::Supplier => &["id", "name", "created_at", "updated_at"],
        Kind::Product => &[
            "id",
            "title",
            "serie_number",
            "cost_price",
            "selling_price",
            "quantity",
            "created_at",
            "updated_at",
        ],
        Kind::Inflow | Kind::Outflow => &["id", "quantity", "created_at", "updated_at"],
        Kind::Webhook => &[],
    };
    columns
        .contains(&column)
        .then(|| json!({ "field": column.to_uppercase(), "direction": direction }))
}
