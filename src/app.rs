//! `App`: the server with its background workers.

use std::future::Future;
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::services::Services;
use crate::webhooks::WebhookWorker;
use crate::{background, server};

/// A server that is ready to accept connections.
pub struct App {
    pub services: Arc<Services>,
    /// `None` if webhooks are switched off.
    pub webhooks: Option<Arc<WebhookWorker>>,
}

impl App {
    /// Opens the database and prepares the workers without starting them.
    ///
    /// # Errors
    /// Fails if the settings contradict each other, or the database can't be opened.
    pub async fn open(config: Config, clock: Clock) -> Result<Self> {
        Self::new(Services::open(config, clock).await?)
    }

    /// Creates a server with services that are open already.
    ///
    /// # Errors
    /// Fails if the webhook settings contradict each other.
    pub fn new(services: Arc<Services>) -> Result<Self> {
        let webhooks = WebhookWorker::new(&services)?.map(Arc::new);
        Ok(Self { services, webhooks })
    }

    /// Starts the background workers, which end when [`Services::stop`] is called.
    ///
    /// # Errors
    /// Fails if the database can't be written, or `WEBHOOK_URL` resolves to a forbidden address.
    pub async fn start_workers(&self) -> Result<()> {
        if let Some(webhooks) = &self.webhooks {
            webhooks.start().await?;
        }
        background::start(&self.services);
        Ok(())
    }

    /// Serves until `stop` completes, then lets running requests and workers finish.
    ///
    /// # Errors
    /// Fails if the router can't be built from the settings.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<()> {
        server::serve(Arc::clone(&self.services), listener, stop).await
    }
}
