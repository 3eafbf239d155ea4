//! GraphQL over HTTP, as the specification of that name has it: `POST` with JSON, `GET` for queries, an answer in the form
//! that the client takes best. Nothing that a page of another origin can send without being asked about changes anything.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequestParts as _, Request, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use axum::{Extension, Router};
use tokio::sync::Semaphore;

use super::accept::{Accepted, Form};
use super::answer::Answer;
use super::caller::caller;
use super::engine::{Engine, GraphQlRequest};
use super::problem::BAD_USER_INPUT;
use super::refusal::Refusal;
use super::{request, sse, websocket};
use crate::auth::session::Session;
use crate::config::Config;
use crate::ctx::Ctx;
use crate::error::{Error, Malformed, Result};
use crate::http::pages;
use crate::origin;
use crate::services::Services;

/// The largest body, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;
/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);
/// Asks for what an operation costs: `extensions.cost` of the answer.
const COST: HeaderName = HeaderName::from_static("x-stockroom-cost");

/// What is served at `/graphql`.
pub struct GraphQlState {
    /// Executes.
    pub engine: Engine,
    /// How many WebSockets there may be.
    pub sockets: Arc<Semaphore>,
}

/// `/graphql`, for every method and every form.
///
/// # Errors
/// When the documents that the settings name can't be read or are not valid.
pub fn routes(config: &Config) -> Result<Router<Arc<Services>>> {
    let face = Arc::new(GraphQlState {
        engine: super::engine(config)?,
        sockets: Arc::new(Semaphore::new(websocket::SOCKETS)),
    });
    let methods: MethodRouter<Arc<Services>> = get(by_get)
        .post(by_post)
        .options(async || {
            (
                StatusCode::NO_CONTENT,
                [(header::ALLOW, "GET, HEAD, POST, OPTIONS")],
            )
        })
        .fallback(async |headers: HeaderMap| {
            let reply = Reply::to(&headers);
            let message = "This method is not allowed here.";
            let response = reply.refuse(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message);
            with(response, header::ALLOW, "GET, HEAD, POST, OPTIONS")
        });
    Ok(Router::new().route("/graphql", methods).layer(Extension(face)))
}

/// Queries, the page for browsers, and WebSockets.
async fn by_get(
    State(services): State<Arc<Services>>,
    Extension(face): Extension<Arc<GraphQlState>>,
    request: Request,
) -> Response {
    let (mut parts, _) = request.into_parts();
    if is_upgrade(&parts.headers) {
        let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await;
        return match upgrade {
            Ok(upgrade) => websocket::open(face, services, &parts, upgrade),
            Err(refused) => refused.into_response(),
        };
    }
    let reply = Reply::to(&parts.headers);
    if reply.accepted.is_some_and(|accepted| accepted.best == Form::Page) {
        return pages::graphiql();
    }
    let ask = request::of_query(parts.uri.query().unwrap_or_default());
    let answer = Exchange {
        face,
        services,
        parts,
        reply,
        is_get: true,
    }
    .answer(ask)
    .await;
    with(answer, header::VARY, "Accept")
}

async fn by_post(
    State(services): State<Arc<Services>>,
    Extension(face): Extension<Arc<GraphQlState>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let reply = Reply::to(&parts.headers);
    let body = match receive(&parts.headers, body).await {
        Ok(body) => body,
        Err(malformed) => return reply.malformed(malformed),
    };
    Exchange {
        face,
        services,
        parts,
        reply,
        is_get: false,
    }
    .answer(request::of_json(&body))
    .await
}

/// One request and what is needed to answer it.
struct Exchange {
    face: Arc<GraphQlState>,
    services: Arc<Services>,
    parts: Parts,
    reply: Reply,
    is_get: bool,
}

impl Exchange {
    async fn answer(self, ask: Result<GraphQlRequest, Refusal>) -> Response {
        // A page is for a browser that comes by itself.
        let accepted = self
            .reply
            .accepted
            .filter(|accepted| accepted.json.is_some() || accepted.events);
        let Some(accepted) = accepted else {
            let message =
                "Answers are application/graphql-response+json, application/json or text/event-stream.";
            return self
                .reply
                .refuse(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message);
        };
        let ask = match ask {
            Ok(ask) => ask,
            // A request that can't be read is no GraphQL request yet, so its status says so in every form.
            Err(refusal) => return self.reply.json(StatusCode::BAD_REQUEST, &refusal.into()),
        };
        let client: IpAddr = origin::client(&self.parts, &self.services.config);
        let (session, ctx) = match caller(&self.services, client, &self.parts.headers).await {
            Ok(caller) => caller,
            Err(error) => {
                let answer = Answer::from(Refusal::from(error));
                return self.reply.json(status(&answer), &answer);
            }
        };
        match self.execute(ask, &session, ctx, accepted).await {
            Ok(response) => response,
            Err(refusal) if accepted.json.is_none() => sse::respond(
                &self.services,
                session,
                futures_util::stream::iter([refusal.into()]),
            ),
            Err(refusal) => self.reply.answer(&refusal.into()),
        }
    }

    async fn execute(
        &self,
        ask: GraphQlRequest,
        session: &Session,
        ctx: Ctx,
        accepted: Accepted,
    ) -> Result<Response, Refusal> {
        let prepared = self.face.engine.prepare(ctx, ask).await?;
        if self.is_get && prepared.ty == OperationType::Mutation {
            let message = "Mutations are sent by POST.";
            let response = self
                .reply
                .refuse(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message);
            return Ok(with(response, header::ALLOW, "POST"));
        }
        if prepared.ty == OperationType::Subscription {
            if !accepted.events {
                let message = "Subscriptions are served over WebSocket and as text/event-stream.";
                return Err(Refusal::new(BAD_USER_INPUT, message));
            }
            let events = self.face.engine.subscribe(prepared);
            return Ok(sse::respond(&self.services, session.clone(), events));
        }
        let weight = prepared.weight;
        let mut answer = self.face.engine.execute(prepared).await;
        if self.parts.headers.contains_key(COST) {
            answer = answer.with_cost(weight);
        }
        if accepted.json.is_none() {
            return Ok(sse::respond(
                &self.services,
                session.clone(),
                futures_util::stream::iter([answer]),
            ));
        }
        Ok(self.reply.answer(&answer))
    }
}

/// The form in which a client is answered.
#[derive(Clone, Copy)]
struct Reply {
    accepted: Option<Accepted>,
    form: Form,
}

impl Reply {
    fn to(headers: &HeaderMap) -> Self {
        let accepted = Accepted::of(headers);
        Self {
            accepted,
            form: accepted.and_then(|accepted| accepted.json).unwrap_or(Form::Json),
        }
    }

    /// An answer of GraphQL. Plain JSON has always come with 200, whatever was wrong with the document; the form that is
    /// GraphQL's own says by its status whether anything was executed.
    fn answer(self, answer: &Answer) -> Response {
        let status = match status(answer) {
            status @ (StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => status,
            status if self.form == Form::GraphQlJson => status,
            _ => StatusCode::OK,
        };
        self.json(status, answer)
    }

    fn json(self, status: StatusCode, answer: &Answer) -> Response {
        let form = match self.form {
            Form::GraphQlJson => "application/graphql-response+json; charset=utf-8",
            _ => "application/json; charset=utf-8",
        };
        let mut response = (status, [(header::CONTENT_TYPE, form)], answer.to_json()).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response = with(response, header::WWW_AUTHENTICATE, "Bearer");
        }
        if let Some(seconds) = answer.retry_after() {
            response = with(response, header::RETRY_AFTER, &seconds.to_string());
        }
        response
    }

    /// What is wrong with the HTTP around GraphQL.
    fn refuse(self, status: StatusCode, code: &'static str, message: &str) -> Response {
        self.json(status, &Refusal::new(code, message).into())
    }

    fn malformed(self, malformed: Malformed) -> Response {
        let status = match malformed {
            Malformed::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Malformed::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Malformed::TooSlow => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        };
        self.json(status, &Refusal::from(Error::Malformed(malformed)).into())
    }
}

fn status(answer: &Answer) -> StatusCode {
    match answer.refused() {
        None => StatusCode::OK,
        Some("UNAUTHENTICATED") => StatusCode::UNAUTHORIZED,
        Some("FORBIDDEN") => StatusCode::FORBIDDEN,
        Some("TOO_MANY_REQUESTS") => StatusCode::TOO_MANY_REQUESTS,
        Some("UNAVAILABLE" | "TIMEOUT") => StatusCode::SERVICE_UNAVAILABLE,
        Some("SERVER_ERROR") => StatusCode::INTERNAL_SERVER_ERROR,
        Some(_) => StatusCode::BAD_REQUEST,
    }
}

fn with(mut response: Response, name: HeaderName, value: &str) -> Response {
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

/// Reads a whole body that is declared to be JSON; one that is not declared may come from any page of the web.
async fn receive(headers: &HeaderMap, body: Body) -> Result<Bytes, Malformed> {
    if !is_json(headers) {
        return Err(Malformed::MediaType);
    }
    match tokio::time::timeout(ARRIVAL, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let too_large = std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>);
            Err(if too_large {
                Malformed::TooLarge
            } else {
                Malformed::Incomplete
            })
        }
        Err(_) => Err(Malformed::TooSlow),
    }
}

/// `application/json`, in UTF-8 if it says so.
fn is_json(headers: &HeaderMap) -> bool {
    let mut declared = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(Ok(declared)), None) = (declared.next().map(HeaderValue::to_str), declared.next()) else {
        return false;
    };
    let mut parts = declared.split(';').map(str::trim);
    let json = parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    json && parts.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            matches!(
                value.trim_matches('"').to_ascii_lowercase().as_str(),
                "utf-8" | "utf8"
            )
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_must_be_declared_as_json() {
        for (declared, taken) in [
            ("application/json", true),
            ("Application/JSON; charset=UTF-8", true),
            ("application/json;charset=\"utf-8\"", true),
            ("application/json; charset=latin1", false),
            ("text/plain", false),
            ("text/plain; application/json", false),
            ("application/jsonp", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(declared))]);
            assert_eq!(is_json(&headers), taken, "{declared}");
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
