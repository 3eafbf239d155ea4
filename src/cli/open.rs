//! Opens the database for a command.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Result;
use crate::schema;
use crate::services::Services;

/// Opens the database and applies missing migrations.
pub(super) async fn open_migrated(config: Config) -> Result<Arc<Services>> {
    let services = Services::open(config, Clock::system()).await?;
    schema::migrate_up(&services.db).await?;
    Ok(services)
}
