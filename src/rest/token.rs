//! The token routes, which need no token: log in, refresh, verify, log out.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::caller::Anonymous;
use super::form::{Form, receive};
use super::page::object;
use super::problem::Problem;
use crate::auth::login;
use crate::error::Result;
use crate::query::{Check, Field};

type Answer = Result<Response, Problem>;

/// The answer to a login or a refresh.
#[derive(Serialize, JsonSchema)]
pub struct Tokens {
    /// Goes with each request.
    access: String,
    /// Is traded for access tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    refresh: Option<String>,
}

/// What Simple JWT answers where there is nothing to say.
#[derive(Serialize)]
struct Nothing {}

/// `POST /authentication/token/`
pub async fn log_in(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> Answer {
    let body = receive(&headers, body).await?;
    let [username, password] = texts(Form::parse(&body)?, ["username", "password"])?;
    let (pair, _) = login::log_in(&ctx, username.trim(), password).await?;
    Ok(object(
        StatusCode::OK,
        &Tokens {
            access: pair.access,
            refresh: pair.refresh,
        },
    ))
}

/// `POST /authentication/token/refresh/`
pub async fn refresh(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> Answer {
    let body = receive(&headers, body).await?;
    let [refresh] = texts(Form::parse(&body)?, ["refresh"])?;
    let pair = login::refresh(&ctx, &refresh).await?;
    Ok(object(
        StatusCode::OK,
        &Tokens {
            access: pair.access,
            refresh: pair.refresh,
        },
    ))
}

/// `POST /authentication/token/verify/`
pub async fn verify(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> Answer {
    let body = receive(&headers, body).await?;
    let [token] = texts(Form::parse(&body)?, ["token"])?;
    login::verify(&ctx, &token).await?;
    Ok(object(StatusCode::OK, &Nothing {}))
}

/// `POST /authentication/logout/`
pub async fn log_out(Anonymous(ctx): Anonymous, headers: HeaderMap, body: Body) -> Answer {
    let body = receive(&headers, body).await?;
    let [refresh] = texts(Form::parse(&body)?, ["refresh"])?;
    login::log_out(&ctx, &refresh).await?;
    Ok(object(StatusCode::OK, &Nothing {}))
}

/// Texts that must be there, as they were sent: a password's spaces belong to it.
fn texts<const N: usize>(mut form: Form<'_>, names: [&'static str; N]) -> Result<[String; N]> {
    let fields = names.map(|name| (name, form.text(name)));
    let mut check = Check::new_row(form.faults());
    let texts = fields.map(|(name, field)| {
        let written = match &field {
            Field::Set(text) => text.clone(),
            _ => String::new(),
        };
        check.required_text(name, field, usize::MAX);
        written
    });
    check.finish()?;
    Ok(texts)
}
