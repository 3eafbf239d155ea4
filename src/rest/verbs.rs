//! The handlers of the standard operations, generic over collections.
//!
//! Each checks the permission first, then the object, then the body. This is the documented order of checks.

use std::sync::Arc;

use ::entity::Record as _;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use form_fields::{Form, Page, QueryString};
use http_server::json::json_response;
use http_server::precondition::{if_match_holds, if_none_match_holds};
use http_server::version_tag;

use super::caller::{BaseUrl, Caller};
use super::error::{ErrorResponse, RestError};
use super::list_query::{DEFAULT_PAGE_SIZE, filter, order};
use super::representation::{Represent, RestResource};
use crate::auth::{Add, Change, Delete, Permit, Read};
use crate::ctx::Ctx;
use crate::error::{Error, Result};
use crate::http::body::read_json_body;
use crate::http::idempotent_request::IdempotentRequest;
use crate::query::paging::MAX_PAGE_SIZE;
use crate::query::{Filter, Listing, Row};
use crate::resolvers;
use crate::resource::Editable;
use crate::services::Services;

pub(crate) type HandlerResult = Result<Response, RestError>;

/// `GET /brands/`
pub(crate) async fn list<R: RestResource>(
    Caller(ctx): Caller,
    base_url: BaseUrl,
    RawQuery(query): RawQuery,
) -> HandlerResult {
    let permit = ctx.permit::<Read, R>()?;
    let query = QueryString::parse(query.as_deref());
    list_page(permit, &base_url.collection(R::KIND), &query, Filter::default()).await
}

/// Responds with a page of the list at `url`, which has only the rows that match `scope`.
pub(crate) async fn list_page<R: Represent>(
    permit: Permit<'_, Read, R>,
    url: &str,
    query: &QueryString,
    scope: Filter,
) -> HandlerResult {
    let ctx = permit.ctx();
    let (number, size) = (
        query.page_number()?,
        query.page_size(DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE.into())?,
    );
    let listing = Listing::<R> {
        filter: scope.and(filter::<R>(query, R::FILTERS)?),
        search: query.get("search").map(str::to_owned),
        order: order::<R>(query)?,
        ..Listing::default()
    };
    let page = listing.by_number(permit, number, size).await?;
    let mut results = Vec::with_capacity(page.rows.len());
    for row in &page.rows {
        results.extend(R::view(ctx, row).await?.map(|(view, _)| view));
    }
    let number = u64::try_from(number).unwrap_or(1);
    let page = Page::new(url, query, number, size, page.count, results);
    Ok(json_response(StatusCode::OK, &page))
}

/// `POST /brands/`
pub(crate) async fn add<R: RestResource>(
    Caller(ctx): Caller,
    base_url: BaseUrl,
    request: IdempotentRequest,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let body = read_creation::<R>(&ctx, &headers, body).await?;
    request
        .run(ctx, body, |ctx, body| async move {
            let row = create_from_body::<R>(&ctx, &body).await?;
            Ok(with_location(
                respond_with(&ctx, &row, StatusCode::CREATED).await?,
                &base_url,
                &row,
            ))
        })
        .await
}

/// Checks the permission and the preconditions of a request that creates an object, then reads its body.
pub(crate) async fn read_creation<R: RestResource>(
    ctx: &Ctx,
    headers: &HeaderMap,
    body: Body,
) -> Result<Bytes> {
    ctx.permit::<Add, R>()?;
    // The target of the request is the collection.
    check_without_tag(headers)?;
    read_json_body(headers, body).await
}

/// Checks the preconditions of a request whose target exists and has no tag.
pub(crate) fn check_without_tag(headers: &HeaderMap) -> Result<()> {
    if if_match_holds(headers, None) && if_none_match_holds(headers, None) {
        Ok(())
    } else {
        Err(Error::VersionConflict)
    }
}

/// Creates an object from a request body.
pub(crate) async fn create_from_body<R: RestResource>(ctx: &Ctx, body: &[u8]) -> Result<Row<R>> {
    let permit = ctx.permit::<Add, R>()?;
    resolvers::create(permit, R::draft(Form::parse(body)?)).await
}

/// Adds the header `Location` with the URL of a new object.
pub(crate) fn with_location<R: RestResource>(
    mut response: Response,
    base_url: &BaseUrl,
    row: &Row<R>,
) -> Response {
    if let Ok(location) = HeaderValue::from_str(&base_url.object(R::KIND, row.id())) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `GET /brands/<id>/`
pub(crate) async fn show<R: RestResource>(target: Target) -> HandlerResult {
    let row = resolvers::find(target.ctx.permit::<Read, R>()?, target.id).await?;
    respond_with(&target.ctx, &row, StatusCode::OK).await
}

/// `PUT` and `PATCH /brands/<id>/`: both change the fields that are sent and keep the others, because the documented
/// example of `PUT` is partial.
pub(crate) async fn edit<R: RestResource + Editable>(
    target: Target,
    headers: HeaderMap,
    body: Body,
) -> HandlerResult {
    let permit = target.ctx.permit::<Change, R>()?;
    let current = resolvers::find_model(&permit, target.id).await?;
    let expected = version_tag::expected_version(&headers, current.version());
    check_preconditions::<R>(&target.ctx, &headers, expected, current).await?;
    let body = read_json_body(&headers, body).await?;
    let row = resolvers::update(permit, target.id, expected, R::draft(Form::parse(&body)?)).await?;
    respond_with(&target.ctx, &row, StatusCode::OK).await
}

/// `DELETE /brands/<id>/`
pub(crate) async fn remove<R: RestResource>(target: Target, headers: HeaderMap) -> HandlerResult {
    let permit = target.ctx.permit::<Delete, R>()?;
    let mut expected = None;
    if headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH) {
        let current = resolvers::find_model(&permit, target.id).await?;
        expected = version_tag::expected_version(&headers, current.version());
        check_preconditions::<R>(&target.ctx, &headers, expected, current).await?;
    }
    resolvers::delete(permit, target.id, expected).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Checks the preconditions of a change before its body is read (RFC 9110, section 13.2.1). `If-Match` is checked again in
/// the transaction, by its expected version.
pub(crate) async fn check_preconditions<R: Represent>(
    ctx: &Ctx,
    headers: &HeaderMap,
    expected: Option<i64>,
    current: R::Model,
) -> Result<()> {
    if expected.is_some_and(|expected| expected != current.version()) {
        return Err(Error::VersionConflict);
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        let view = R::view(ctx, &Row::single(current)).await?;
        let tag = view.map(|(_, versions)| version_tag::tag(&versions));
        if !if_none_match_holds(headers, tag.as_deref()) {
            return Err(Error::VersionConflict);
        }
    }
    Ok(())
}

async fn respond_with<R: RestResource>(ctx: &Ctx, row: &Row<R>, status: StatusCode) -> HandlerResult {
    let Some((view, versions)) = R::view(ctx, row).await? else {
        return Ok(ErrorResponse::not_found().into_response());
    };
    let mut response = json_response(status, &view);
    version_tag::add_etag(&mut response, &versions);
    Ok(response)
}

/// Extracts the caller, and the id in the path.
pub(crate) struct Target {
    pub(crate) ctx: Ctx,
    pub(crate) id: i64,
}

impl FromRequestParts<Arc<Services>> for Target {
    type Rejection = RestError;

    async fn from_request_parts(parts: &mut Parts, services: &Arc<Services>) -> Result<Self, RestError> {
        let Path(id) = Path::<String>::from_request_parts(parts, services)
            .await
            .map_err(|_| Error::NotFound)?;
        let Caller(ctx) = Caller::from_request_parts(parts, services).await?;
        Ok(Self {
            ctx,
            id: parse_id(&id),
        })
    }
}

/// Parses an id that [`super::route`] has checked to be digits. A number beyond 64 bits becomes an id that no object has.
pub(crate) fn parse_id(digits: &str) -> i64 {
    digits.parse().unwrap_or(i64::MAX)
}
