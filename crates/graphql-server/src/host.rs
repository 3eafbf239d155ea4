//! What the service needs from the program that embeds it: the [`Host`] trait and the [`Settings`].

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use async_graphql::Value;
use async_graphql::parser::types::OperationType;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Response, header};

use crate::error::{ErrorCode, RequestError};
use crate::limits::Limits;
use crate::validate::arguments::SelectedField;

/// The program around the schema: authentication, rate limits, observation and shutdown.
///
/// A *session* holds the credentials of a caller for as long as a stream or a WebSocket lasts. A *context* is one request
/// of a session; resolvers find it with `ctx.data::<H::Context>()`.
pub trait Host: Send + Sync + 'static {
    /// The credentials of a caller.
    type Session: Clone + Send + Sync + 'static;
    /// One request of a session.
    type Context: Clone + Send + Sync + 'static;
    /// Observes one operation; `()` if operations are not observed.
    type Observation: Observation;

    /// Reads credentials, without verifying them. `authorization` is the value of the `Authorization` header, or of the
    /// field with that name in the payload of `connection_init`.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the credentials can't be read.
    fn session(&self, client: IpAddr, authorization: Option<&[u8]>) -> Result<Self::Session, RequestError>;

    /// Verifies the credentials and begins a request. Called for each request, and again before each event of a
    /// subscription is sent, so that a revoked login ends the subscription.
    ///
    /// # Errors
    /// [`ErrorCode::Unauthenticated`] when the credentials are not valid, or no longer valid.
    fn begin(
        &self,
        session: &Self::Session,
    ) -> impl Future<Output = Result<Self::Context, RequestError>> + Send;

    /// Completes when the session is no longer valid. Its streams and WebSockets are then closed.
    fn wait_for_expiry(&self, _session: &Self::Session) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Decides whether the caller may execute an operation that selects more than [`Settings::public_fields`].
    ///
    /// # Errors
    /// Usually [`ErrorCode::Unauthenticated`].
    fn authorize(&self, context: &Self::Context) -> Result<(), RequestError>;

    /// Checks constraints on the arguments of a field that the schema can't express and that its resolver would enforce.
    /// Called for each field with arguments that an operation selects, before anything is executed. If the operation has no
    /// variables, it is called only once for each document text, so the result must depend only on the field, and on data of
    /// `context` that is the same in all requests.
    ///
    /// # Errors
    /// [`ErrorCode::BadUserInput`] or [`ErrorCode::LimitExceeded`].
    fn check_arguments(
        &self,
        _context: &Self::Context,
        _field: SelectedField<'_>,
    ) -> Result<(), RequestError> {
        Ok(())
    }

    /// Counts an operation against the rate limits. Called once all other checks have passed.
    ///
    /// # Errors
    /// [`ErrorCode::TooManyRequests`].
    fn admit(
        &self,
        _context: &Self::Context,
        _usage: Usage,
    ) -> impl Future<Output = Result<(), RequestError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Begins a mutation with an `Idempotency-Key`. Called after all checks, for a mutation that selects exactly one field
    /// and none of [`Settings::public_fields`]. By default, the key is ignored and the mutation executed.
    ///
    /// # Errors
    /// A key that is not valid, was used for another request, or belongs to a request that is being executed.
    fn begin_keyed(
        &self,
        context: Self::Context,
        _mutation: KeyedMutation<'_>,
    ) -> impl Future<Output = Result<KeyedAction<Self::Context>, RequestError>> + Send {
        std::future::ready(Ok(KeyedAction::Execute(context)))
    }

    /// Ends a mutation that [`begin_keyed`](Self::begin_keyed) has begun, with the context that it returned. Returns the
    /// response to send. `is_complete` is false if the response has errors; such a response should not be stored, but rendered
    /// again when the request is repeated.
    ///
    /// # Errors
    /// As for [`begin_keyed`](Self::begin_keyed), when another request with the key has finished first.
    fn finish_keyed(
        &self,
        _context: &Self::Context,
        response: Response<String>,
        _is_complete: bool,
    ) -> impl Future<Output = Result<Response<String>, RequestError>> + Send {
        std::future::ready(Ok(response))
    }

    /// Begins to observe an operation that is about to be executed.
    fn observe(&self, context: &Self::Context, ty: OperationType, name: Option<&str>) -> Self::Observation;

    /// Called for each request that is not executed.
    fn request_rejected(&self, _code: ErrorCode) {}

    /// The address of the client. By default, the peer address of the connection, from axum's `ConnectInfo`; a program
    /// behind proxies reads `X-Forwarded-For` instead.
    fn client(&self, head: &Parts) -> IpAddr {
        let peer = head.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip())
    }

    /// Whether a page from this origin may open a WebSocket, for which browsers send no preflight request. By default, the
    /// origin must have the host of the request's `Host` header.
    fn allows_origin(&self, head: &Parts, origin: &str) -> bool {
        let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let page = origin.split_once("://").map(|(_, host)| host);
        host.zip(page)
            .is_some_and(|(host, page)| host.eq_ignore_ascii_case(page))
    }

    /// Whether the program is shutting down.
    fn is_stopping(&self) -> bool {
        false
    }

    /// Completes when the program begins to shut down. All streams and WebSockets are then closed.
    fn wait_for_shutdown(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

    /// Starts the task of a stream or a WebSocket. A program that waits for these tasks before it exits can track them
    /// here.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    /// The response to a `GET` request that prefers `text/html`, as browsers do: usually a GraphiQL page.
    fn page(&self, _head: &Parts) -> Option<axum::response::Response> {
        None
    }
}

/// A mutation with the header `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub struct KeyedMutation<'r> {
    /// The values of the header, unchecked; one or more.
    pub keys: &'r [HeaderValue],
    /// The path of the request.
    pub path: &'r str,
    /// The body as it arrived.
    pub body: &'r [u8],
}

/// What to do with a mutation that has a key.
#[derive(Debug)]
pub enum KeyedAction<Context> {
    /// Execute the mutation with this context.
    Execute(Context),
    /// Send this response of an earlier execution.
    Replay(Response<String>),
}

/// Observes one operation. Dropped without [`operation_ended`](Self::operation_ended) when a client disconnects.
pub trait Observation: Send + Sync + 'static {
    /// Runs the execution of a query or a mutation.
    fn run<F: Future + Send>(&self, execution: F) -> impl Future<Output = F::Output> + Send {
        execution
    }

    /// A resolver panicked.
    fn resolver_panicked(&self) {}

    /// The operation has ended, or a subscription has begun. `error` is the code of the first error. A code outside
    /// [`ErrorCode`] is reported as `_OTHER`, as OpenTelemetry specifies for `error.type`.
    fn operation_ended(&self, _error: Option<&'static str>) {}
}

impl Observation for () {}

/// The number of fields that an operation selects from its root, for rate limits. Fields with the same response key count
/// once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Mutations of [`Settings::public_fields`].
    pub public_mutations: u32,
    /// All other mutations.
    pub mutations: u32,
    /// 1 for a query or a subscription, 0 if it selects only introspection fields.
    pub reads: u32,
}

/// Whether a value is valid for the custom scalar with this name; true for an unknown name.
pub type ScalarCheck = fn(&str, &Value) -> bool;

/// How a schema is served.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether clients may select `__schema` and `__type`.
    pub introspection: bool,
    /// The value of `__schema { description }`: what the service is, and how to get started.
    pub description: &'static str,
    /// A file with trusted documents: a JSON object that maps hashes or names to documents.
    pub trusted_documents: Option<PathBuf>,
    /// Whether only trusted documents are executed.
    pub trusted_documents_only: bool,
    /// Root fields of queries and mutations that need no login. An operation that selects nothing else is executed
    /// without [`Host::authorize`].
    pub public_fields: &'static [&'static str],
    /// Checks values of custom scalars before execution.
    pub scalar_check: ScalarCheck,
    /// A request header that asks for the cost of an operation in `extensions.cost` of the response.
    pub cost_header: Option<HeaderName>,
    /// Limits on documents, bodies and connections.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            introspection: true,
            description: "",
            trusted_documents: None,
            trusted_documents_only: false,
            public_fields: &[],
            scalar_check: |_, _| true,
            cost_header: None,
            limits: Limits::DEFAULT,
        }
    }
}
