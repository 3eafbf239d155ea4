//! What the program does by itself beside answering, until it is told to stop: it adds up PostgreSQL's tallies.

use std::sync::Arc;
use std::time::Duration;

use database::Backend;

use crate::app::App;
use crate::query::row_count;

/// How long the tallies of busy times wait to be added up.
const REST: Duration = Duration::from_secs(1);

/// Begins. SQLite's tallies need no adding up.
pub fn start(app: &Arc<App>) {
    if app.db.backend() == Backend::Sqlite {
        return;
    }
    let app = Arc::clone(app);
    let mut commits = app.commits.subscribe();
    app.streams.clone().spawn(async move {
        let working = async {
            while commits.changed().await.is_ok() {
                tokio::time::sleep(REST).await;
                commits.mark_unchanged();
                if let Err(error) = row_count::merge(&app.db).await {
                    // They wait for the next time.
                    error.log();
                }
            }
        };
        tokio::select! {
            () = working => {}
            () = app.stopped() => {}
        }
    });
}
