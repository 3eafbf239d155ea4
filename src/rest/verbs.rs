//! Five handlers for all collections. Each takes its permit before it looks at the object, and the object before the
//! body, which is the order in which the contract has requests checked.

use std::sync::Arc;

use ::entity::Record as _;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::caller::{Caller, Origin};
use super::etag;
use super::face::{Rest, Shown};
use super::form::{Form, receive};
use super::page::{Page, object};
use super::problem::{Problem, not_found};
use super::query::Query;
use crate::auth::{Add, Change, Delete, Permit, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::query::{Filter, Listing, Row};
use crate::resolvers;
use crate::resource::Editable;
use crate::services::Services;

/// What a handler gives.
pub type Answer = Result<Response, Problem>;

/// `GET /brands/`
pub async fn list<R: Rest>(Caller(ctx): Caller, origin: Origin, RawQuery(query): RawQuery) -> Answer {
    let permit = ctx.permit::<Read, R>()?;
    let query = Query::parse(query.as_deref());
    page(permit, &origin.collection(R::KIND), &query, Filter::default()).await
}

/// A page of the list at this address, of what is left of it `among` these.
pub async fn page<R: Shown>(
    permit: Permit<'_, Read, R>,
    address: &str,
    query: &Query,
    among: Filter,
) -> Answer {
    let ctx = permit.ctx();
    let (number, size) = (query.page()?, query.page_size()?);
    let listing = Listing::<R> {
        filter: among.and(query.filter::<R>()?),
        search: query.get("search").map(str::to_owned),
        order: query.order::<R>()?,
    };
    let page = listing.by_number(permit, number, size).await?;
    let mut results = Vec::with_capacity(page.rows.len());
    for row in &page.rows {
        results.extend(R::view(ctx, row).await?.map(|(view, _)| view));
    }
    let number = u64::try_from(number).unwrap_or(1);
    let page = Page::new(address, query, number, size, page.count, results);
    Ok(object(StatusCode::OK, &page))
}

/// `POST /brands/`
pub async fn add<R: Rest>(Caller(ctx): Caller, origin: Origin, headers: HeaderMap, body: Body) -> Answer {
    let row = made::<R>(&ctx, &headers, body).await?;
    Ok(located(
        shown(&ctx, &row, StatusCode::CREATED).await?,
        &origin,
        &row,
    ))
}

/// Makes one of a body.
pub async fn made<R: Rest>(ctx: &Ctx, headers: &HeaderMap, body: Body) -> Result<Row<R>> {
    let permit = ctx.permit::<Add, R>()?;
    let body = receive(headers, body).await?;
    resolvers::create(permit, R::draft(Form::parse(&body)?)).await
}

/// Says where the new object is.
pub fn located<R: Rest>(mut response: Response, origin: &Origin, row: &Row<R>) -> Response {
    if let Ok(location) = HeaderValue::from_str(&origin.object(R::KIND, row.id())) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `GET /brands/<id>/`
pub async fn show<R: Rest>(target: Target, headers: HeaderMap) -> Answer {
    let row = resolvers::find(target.ctx.permit::<Read, R>()?, target.id).await?;
    let Some((view, versions)) = R::view(&target.ctx, &row).await? else {
        return Ok(not_found());
    };
    let mut response = if etag::is_known(&headers, versions) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        object(StatusCode::OK, &view)
    };
    etag::put(&mut response, versions);
    Ok(response)
}

/// `PUT` and `PATCH /brands/<id>/`: both change what is sent and keep what is not, since the document sends a partial
/// `PUT`.
pub async fn edit<R: Rest + Editable>(target: Target, headers: HeaderMap, body: Body) -> Answer {
    let permit = target.ctx.permit::<Change, R>()?;
    let current = resolvers::current(&permit, target.id).await?;
    let body = receive(&headers, body).await?;
    let expected = etag::expected(&headers, current.version());
    let row = resolvers::update(permit, target.id, expected, R::draft(Form::parse(&body)?)).await?;
    shown(&target.ctx, &row, StatusCode::OK).await
}

/// `DELETE /brands/<id>/`
pub async fn remove<R: Rest>(target: Target, headers: HeaderMap) -> Answer {
    let permit = target.ctx.permit::<Delete, R>()?;
    let expected = if headers.contains_key(header::IF_MATCH) {
        etag::expected(&headers, resolvers::current(&permit, target.id).await?.version())
    } else {
        None
    };
    resolvers::delete(permit, target.id, expected).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn shown<R: Rest>(ctx: &Ctx, row: &Row<R>, status: StatusCode) -> Answer {
    let Some((view, versions)) = R::view(ctx, row).await? else {
        return Ok(not_found());
    };
    let mut response = object(status, &view);
    etag::put(&mut response, versions);
    Ok(response)
}

/// The object that a path names, and who asks for it. The route has seen that it is a number; one that no object can have
/// is an object that isn't there.
pub struct Target {
    /// Who asks.
    pub ctx: Ctx,
    /// What for.
    pub id: i64,
}

impl FromRequestParts<Arc<Services>> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, Problem> {
        let Path(id) = Path::<String>::from_request_parts(parts, services)
            .await
            .map_err(|_| Error::NotFound)?;
        let Caller(ctx) = Caller::from_request_parts(parts, services).await?;
        Ok(Self { ctx, id: number(&id) })
    }
}

/// The id that a path names, by its digits.
pub fn number(digits: &str) -> i64 {
    digits.parse().unwrap_or(i64::MAX)
}
