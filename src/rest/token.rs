//! The token routes: log in, refresh, verify and log out.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use form_fields::Form;
use http_server::json::json_response;
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::Anonymous;
use super::verbs::HandlerResult;
use crate::auth::login;
use crate::error::Result;
use crate::http::body::read_json_body;
use crate::query::{Field, FieldCheck};

/// An access token, and after a login or a rotation also a refresh token.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Tokens {
    /// The access token, to be sent with each request.
    access: String,
    /// The refresh token, to be exchanged for access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    refresh: Option<String>,
}

/// The body of responses without data: an empty object, as in Simple JWT.
#[derive(Serialize)]
struct Empty {}

/// `POST /authentication/token/`
pub(crate) async fn log_in(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> HandlerResult {
    let body = read_json_body(&headers, body).await?;
    let [username, password] = texts(Form::parse(&body)?, ["username", "password"])?;
    let (pair, _) = login::log_in(&ctx, username.trim(), password).await?;
    Ok(json_response(
        StatusCode::OK,
        &Tokens {
            access: pair.access,
            refresh: pair.refresh,
        },
    ))
}

/// `POST /authentication/token/refresh/`
pub(crate) async fn refresh(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> HandlerResult {
    let body = read_json_body(&headers, body).await?;
    let [refresh] = texts(Form::parse(&body)?, ["refresh"])?;
    let pair = login::refresh(&ctx, &refresh).await?;
    Ok(json_response(
        StatusCode::OK,
        &Tokens {
            access: pair.access,
            refresh: pair.refresh,
        },
    ))
}

/// `POST /authentication/token/verify/`
pub(crate) async fn verify(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> HandlerResult {
    let body = read_json_body(&headers, body).await?;
    let [token] = texts(Form::parse(&body)?, ["token"])?;
    login::verify(&ctx, &token).await?;
    Ok(json_response(StatusCode::OK, &Empty {}))
}

/// `POST /authentication/logout/`
pub(crate) async fn log_out(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> HandlerResult {
    let body = read_json_body(&headers, body).await?;
    let [refresh] = texts(Form::parse(&body)?, ["refresh"])?;
    login::log_out(&ctx, &refresh).await?;
    Ok(json_response(StatusCode::OK, &Empty {}))
}

/// Reads required texts without trimming them, because a password may begin or end with spaces.
fn texts<const N: usize>(mut form: Form<'_>, names: [&'static str; N]) -> Result<[String; N]> {
    let fields = names.map(|name| (name, form.text(name)));
    let mut check = FieldCheck::new_object(form.faults());
    let texts = fields.map(|(name, field)| {
        let untrimmed = match &field {
            Field::Set(text) => text.clone(),
            _ => String::new(),
        };
        check.required_text(name, field, usize::MAX);
        untrimmed
    });
    check.finish()?;
    Ok(texts)
}
