//! Periodic tasks beside requests: PostgreSQL's row counts are added up.

use std::sync::Arc;
use std::time::Duration;

use database::Backend;

use crate::query::row_count;
use crate::services::Services;
use crate::telemetry::log_failure;

/// Pause between a commit and the sum, which includes the commits of the meantime.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts the tasks, which run until shutdown. SQLite's row counts need no adding up.
pub fn start(services: &Arc<Services>) {
    if services.db.backend() == Backend::Sqlite {
        return;
    }
    let services = Arc::clone(services);
    let mut commits = services.commits.subscribe();
    services.tasks.clone().spawn(async move {
        let running = async {
            while commits.changed().await.is_ok() {
                tokio::time::sleep(PAUSE).await;
                commits.mark_unchanged();
                if let Err(error) = row_count::merge(&services.db).await {
                    // They are added up the next time.
                    log_failure(&error);
                }
            }
        };
        tokio::select! {
            () = running => {}
            () = services.stopped() => {}
        }
    });
}
