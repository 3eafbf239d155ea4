//! A schema with its root types erased, and the extension that makes a schema validate requests without executing them.

use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{ObjectType, Request, Response, Schema, ServerError, SubscriptionType, ValidationResult};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// A schema with its root types erased.
pub(crate) trait AnySchema: Send + Sync {
    /// Executes a query or a mutation.
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
    /// Executes a subscription.
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
    /// The schema in the schema definition language.
    fn sdl(&self) -> String;
}

impl<Q, M, S> AnySchema for Schema<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Self::execute(self, request).boxed()
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request)
    }

    fn sdl(&self) -> String {
        Self::sdl(self)
    }
}

/// Makes a schema validate requests without executing them. The response has no errors if the document is valid.
pub(crate) struct ValidateOnly;

impl ExtensionFactory for ValidateOnly {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for ValidateOnly {
    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await?;
        Err(Vec::new())
    }
}
