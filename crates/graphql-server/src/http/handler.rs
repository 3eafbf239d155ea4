//! The HTTP handler: `POST` with JSON, `GET` for queries, and content negotiation. A request that a page of another origin
//! can send without a preflight changes nothing.

use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{self, HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;

use super::accept::{AcceptedTypes, MediaType};
use super::{idempotency, request, sse};
use crate::engine::{Engine, GraphQlRequest, Prepared};
use crate::error::{ErrorCode, RequestError};
use crate::host::{Host, KeyedAction, KeyedMutation};
use crate::limits::Limits;
use crate::response::GraphQlResponse;
use crate::service::{Service, authorization};
use crate::ws::socket;

const METHODS: &str = "GET, HEAD, POST, OPTIONS";

/// Serves a schema at a path: HTTP, server-sent events and WebSocket.
pub fn router<H: Host, S: Clone + Send + Sync + 'static>(path: &str, engine: Engine<H>) -> Router<S> {
    let methods = get(handle_get::<H>)
        .post(handle_post::<H>)
        .options(async || (StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]))
        .fallback(async |headers: HeaderMap| {
            let message = "This method is not allowed here.";
            let error = RequestError::new(ErrorCode::MethodNotAllowed, message);
            with_header(Reply::from_headers(&headers).error(error), header::ALLOW, METHODS)
        });
    Router::new()
        .route(path, methods)
        .with_state(Arc::new(Service::new(engine)))
}

/// Handles `GET`: queries, WebSockets, and the page for browsers.
async fn handle_get<H: Host>(State(service): State<Arc<Service<H>>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if is_upgrade(&parts.headers) {
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
        return match upgrade {
            Ok(upgrade) => socket::open(service, &parts, upgrade),
            Err(rejection) => rejection.into_response(),
        };
    }
    let reply = Reply::from_headers(&parts.headers);
    let prefers_page = reply
        .accepted
        .is_some_and(|accepted| accepted.best == MediaType::Html);
    if prefers_page && let Some(page) = service.host().page(&parts) {
        return page;
    }
    let request = request::from_query(parts.uri.query().unwrap_or_default());
    let exchange = Exchange {
        service,
        parts,
        body: Bytes::new(),
        reply,
        is_get: true,
    };
    with_header(exchange.respond(request).await, header::VARY, "Accept")
}

async fn handle_post<H: Host>(State(service): State<Arc<Service<H>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let reply = Reply::from_headers(&parts.headers);
    let limits = &service.engine.settings().limits;
    let body = match read_body(&parts.headers, body, limits).await {
        Ok(body) => body,
        Err(error) => return reply.error(error),
    };
    let request = request::from_json(&body);
    let exchange = Exchange {
        service,
        parts,
        body,
        reply,
        is_get: false,
    };
    exchange.respond(request).await
}

/// A request and what is needed to respond to it.
struct Exchange<H: Host> {
    service: Arc<Service<H>>,
    parts: Parts,
    body: Bytes,
    reply: Reply,
    is_get: bool,
}

impl<H: Host> Exchange<H> {
    async fn respond(self, request: Result<GraphQlRequest, RequestError>) -> Response {
        // `text/html` does not count: the page for browsers is served earlier, and only for `GET`.
        let accepted = self
            .reply
            .accepted
            .filter(|accepted| accepted.json.is_some() || accepted.events);
        let Some(accepted) = accepted else {
            let message =
                "Responses are application/graphql-response+json, application/json or text/event-stream.";
            return self
                .reply
                .error(RequestError::new(ErrorCode::NotAcceptable, message));
        };
        let request = match request {
            Ok(request) => request,
            // Not a well-formed GraphQL-over-HTTP request: the status is 400 for every media type.
            Err(error) => return self.reply.error(error),
        };
        let host = self.service.host();
        let caller = async {
            let session = host.session(host.client(&self.parts), authorization(&self.parts.headers))?;
            let context = host.begin(&session).await?;
            Ok((session, context))
        };
        let (session, context) = match caller.await {
            Ok(caller) => caller,
            Err(error) => return self.reply.error(error),
        };
        match self.execute(request, &session, context, accepted).await {
            Ok(response) => response,
            Err(error) if accepted.json.is_none() => self.events(&session, error.into()),
            Err(error) => self.reply.response(&error.into()).map(Body::from),
        }
    }

    async fn execute(
        &self,
        request: GraphQlRequest,
        session: &H::Session,
        context: H::Context,
        accepted: AcceptedTypes,
    ) -> Result<Response, RequestError> {
        let engine = &self.service.engine;
        let prepared = engine.prepare(context, request).await?;
        if self.is_get && prepared.ty == OperationType::Mutation {
            let message = "Mutations are sent by POST.";
            let error = RequestError::new(ErrorCode::MethodNotAllowed, message);
            return Ok(with_header(self.reply.error(error), header::ALLOW, "POST"));
        }
        if prepared.ty == OperationType::Subscription {
            if !accepted.events {
                let message = "Subscriptions are served over WebSocket and as text/event-stream.";
                return Err(RequestError::new(ErrorCode::BadUserInput, message));
            }
            let events = engine.subscribe(prepared);
            return Ok(sse::respond(&self.service, session.clone(), events));
        }
        // Errors about the key keep their status for every media type.
        let keys = match idempotency::keys(&self.parts.headers, &prepared) {
            Ok(keys) => keys,
            Err(error) => return Ok(self.reply.error(error)),
        };
        if !keys.is_empty() {
            // Boxed, so that the futures of other requests stay small.
            let result = Box::pin(self.execute_once(prepared, &keys, accepted)).await;
            return Ok(result.unwrap_or_else(|error| self.reply.error(error)));
        }
        let response = self.execute_prepared(prepared).await;
        if accepted.json.is_none() {
            return Ok(self.events(session, response));
        }
        Ok(self.reply.response(&response).map(Body::from))
    }

    /// Executes a mutation with an idempotency key, unless it was executed before.
    async fn execute_once(
        &self,
        mut prepared: Prepared<H>,
        keys: &[HeaderValue],
        accepted: AcceptedTypes,
    ) -> Result<Response, RequestError> {
        if accepted.json.is_none() {
            let message = "Responses to a request with an Idempotency-Key are JSON.";
            return Err(RequestError::new(ErrorCode::NotAcceptable, message));
        }
        let host = self.service.host();
        let mutation = KeyedMutation {
            keys,
            path: self.parts.uri.path(),
            body: &self.body,
        };
        let context = match host.begin_keyed(prepared.context, mutation).await? {
            KeyedAction::Execute(context) => context,
            KeyedAction::Replay(response) => return Ok(response.map(Body::from)),
        };
        prepared.context = context.clone();
        let response = self.execute_prepared(prepared).await;
        let is_complete = response.errors().is_empty();
        let response = self.reply.response(&response);
        let response = host.finish_keyed(&context, response, is_complete).await?;
        Ok(response.map(Body::from))
    }

    /// Executes a query or a mutation, and adds its cost if the client asks for it.
    async fn execute_prepared(&self, prepared: Prepared<H>) -> GraphQlResponse {
        let engine = &self.service.engine;
        let cost = prepared.cost;
        let response = engine.execute(prepared).await;
        let settings = engine.settings();
        match &settings.cost_header {
            Some(header) if self.parts.headers.contains_key(header) => {
                response.with_cost(cost, &settings.limits)
            }
            _ => response,
        }
    }

    /// A single response as a stream of events.
    fn events(&self, session: &H::Session, response: GraphQlResponse) -> Response {
        sse::respond(&self.service, session.clone(), stream::iter([response]))
    }
}

/// Renders responses in the JSON media type that a client prefers.
#[derive(Clone, Copy)]
struct Reply {
    accepted: Option<AcceptedTypes>,
    json: MediaType,
}

impl Reply {
    fn from_headers(headers: &HeaderMap) -> Self {
        let accepted = AcceptedTypes::from_headers(headers);
        Self {
            accepted,
            json: accepted
                .and_then(|accepted| accepted.json)
                .unwrap_or(MediaType::Json),
        }
    }

    /// A GraphQL response. With `application/json`, the status of a request error is 200, as older clients expect, except
    /// for 429 and 503. With `application/graphql-response+json`, the status shows whether anything was executed.
    fn response(self, response: &GraphQlResponse) -> http::Response<String> {
        let status = match response.request_error().map_or(StatusCode::OK, ErrorCode::status) {
            status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => status,
            status if self.json == MediaType::GraphQlJson => status,
            _ => StatusCode::OK,
        };
        self.with_status(status, response)
    }

    /// An error with its own status for every media type.
    fn error(self, error: RequestError) -> Response {
        self.with_status(error.code.status(), &error.into())
            .map(Body::from)
    }

    fn with_status(self, status: StatusCode, response: &GraphQlResponse) -> http::Response<String> {
        let media_type = match self.json {
            MediaType::GraphQlJson => "application/graphql-response+json; charset=utf-8",
            _ => "application/json; charset=utf-8",
        };
        let (set_by_resolvers, retry_after) = (response.headers.clone(), response.retry_after());
        let mut response = http::Response::new(response.to_json());
        *response.status_mut() = status;
        *response.headers_mut() = set_by_resolvers;
        response = with_header(response, header::CONTENT_TYPE, media_type);
        if status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
            response = with_header(response, header::ACCEPT_ENCODING, "identity");
        }
        if status == StatusCode::UNAUTHORIZED {
            response = with_header(response, header::WWW_AUTHENTICATE, "Bearer");
        }
        if let Some(seconds) = retry_after {
            response = with_header(response, header::RETRY_AFTER, &seconds.to_string());
        }
        response
    }
}

fn with_header<B>(mut response: http::Response<B>, name: HeaderName, value: &str) -> http::Response<B> {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Reads a body that is declared as JSON. Other media types are refused, because a page of another origin can send some of
/// them without a preflight.
async fn read_body(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, RequestError> {
    if !is_json(headers) {
        let message = "Send the body as application/json.";
        return Err(RequestError::new(ErrorCode::UnsupportedMediaType, message));
    }
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut codings = codings.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    if codings.any(|coding| !coding.trim_ascii().eq_ignore_ascii_case(b"identity")) {
        let message = "Send the body without a content coding.";
        return Err(RequestError::new(ErrorCode::UnsupportedMediaType, message));
    }
    match tokio::time::timeout(limits.body_time, to_bytes(body, limits.body_bytes)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let is_too_large = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            Err(if is_too_large {
                RequestError::new(ErrorCode::PayloadTooLarge, "The body is too large.")
            } else {
                RequestError::new(ErrorCode::IncompleteBody, "The body did not arrive completely.")
            })
        }
        Err(_) => Err(RequestError::new(
            ErrorCode::RequestTimeout,
            "The body took too long to arrive.",
        )),
    }
}

/// Whether `Content-Type` is `application/json`, and UTF-8 if it names a charset.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(content_type)), None) = (values.next().map(HeaderValue::to_str), values.next()) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let is_json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                let letters = value.bytes().filter(u8::is_ascii_alphanumeric);
                letters.map(|byte| byte.to_ascii_lowercase()).eq(*b"utf8")
            }
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_must_be_declared_as_json() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=UTF_8", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("text/plain; application/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            assert_eq!(is_json(&headers), expected, "{content_type}");
        }
        assert!(!is_json(&HeaderMap::new()));
        let twice = [
            HeaderValue::from_static("application/json"),
            HeaderValue::from_static("text/plain"),
        ];
        let mut headers = HeaderMap::new();
        for value in twice {
            headers.append(header::CONTENT_TYPE, value);
        }
        assert!(!is_json(&headers));
    }
}
