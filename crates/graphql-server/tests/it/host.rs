//! A host with one valid token and no limits, which counts mutations and rejected requests.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::parser::types::OperationType;
use axum::http::Response;
use graphql_server::{ErrorCode, Host, KeyedAction, KeyedMutation, RequestError, SelectedField, Usage};

/// The token of the only user.
pub const TOKEN: &[u8] = b"Bearer good";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Anonymous,
    User,
}

#[derive(Default)]
pub struct TestHost {
    /// Mutations that have been admitted.
    pub mutations: AtomicUsize,
    /// Fields whose arguments were checked.
    pub checked_fields: AtomicUsize,
    /// Requests that were not executed.
    pub rejected_requests: AtomicUsize,
    /// Mutations with an idempotency key that were started.
    pub keyed_started: AtomicUsize,
    /// Mutations with an idempotency key that ended without errors.
    pub keyed_finished: AtomicUsize,
}

impl Host for TestHost {
    type Session = Option<Vec<u8>>;
    type Context = Caller;
    type Observation = ();

    fn session(&self, _: IpAddr, authorization: Option<&[u8]>) -> Result<Self::Session, RequestError> {
        Ok(authorization.map(<[u8]>::to_vec))
    }

    async fn begin(&self, session: &Self::Session) -> Result<Caller, RequestError> {
        match session.as_deref() {
            None => Ok(Caller::Anonymous),
            Some(TOKEN) => Ok(Caller::User),
            Some(_) => Err(RequestError::new(
                ErrorCode::Unauthenticated,
                "The token is not valid.",
            )),
        }
    }

    fn authorize(&self, caller: &Caller) -> Result<(), RequestError> {
        match caller {
            Caller::User => Ok(()),
            Caller::Anonymous => Err(RequestError::new(ErrorCode::Unauthenticated, "Log in first.")),
        }
    }

    /// Refuses 51 to 99 things. Tests of costs request more.
    fn check_arguments(&self, _: &Caller, field: SelectedField<'_>) -> Result<(), RequestError> {
        self.checked_fields.fetch_add(1, Ordering::Relaxed);
        if !matches!((field.parent(), field.name()), ("Query" | "Thing", "things")) {
            return Ok(());
        }
        let first: Option<i32> = field.argument("first")?;
        if first.is_some_and(|first| (51..100).contains(&first)) {
            return Err(RequestError::new(ErrorCode::LimitExceeded, "At most 50 things."));
        }
        Ok(())
    }

    async fn admit(&self, _: &Caller, usage: Usage) -> Result<(), RequestError> {
        let mutations = usize::try_from(usage.mutations).unwrap_or(usize::MAX);
        self.mutations.fetch_add(mutations, Ordering::Relaxed);
        Ok(())
    }

    async fn begin_keyed(
        &self,
        caller: Caller,
        mutation: KeyedMutation<'_>,
    ) -> Result<KeyedAction<Caller>, RequestError> {
        self.keyed_started.fetch_add(1, Ordering::Relaxed);
        Ok(match mutation.keys {
            [key] if key == "used" => KeyedAction::Replay(Response::new("stored".to_owned())),
            _ => KeyedAction::Execute(caller),
        })
    }

    async fn finish_keyed(
        &self,
        _: &Caller,
        response: Response<String>,
        is_complete: bool,
    ) -> Result<Response<String>, RequestError> {
        self.keyed_finished
            .fetch_add(usize::from(is_complete), Ordering::Relaxed);
        Ok(response)
    }

    fn observe(&self, _: &Caller, _: OperationType, _: Option<&str>) {}

    fn request_rejected(&self, _: ErrorCode) {
        self.rejected_requests.fetch_add(1, Ordering::Relaxed);
    }
}
