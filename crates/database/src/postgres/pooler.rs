//! Finds out whether a pooler lends server processes for a transaction each, as pgbouncer does in transaction mode.
//!
//! A prepared statement belongs to a server process, so with such a pooler it may be missing later, or, before pgbouncer
//! 1.21, be another one of the same name. Two connections take turns: without a pooler each stays with its process.

use std::pin::pin;
use std::time::Duration;

use super::connection::Connection;
use super::error::Error;

/// How long a connection waits for a server process before the other connection gives up its own.
const PATIENCE: Duration = Duration::from_millis(500);
/// The rounds; the connections give up their processes in another order in each. A pooler lends either the process that
/// was returned last, or the one that was returned first.
const ORDERS: [bool; 3] = [false, true, false];

/// Begins a transaction and returns the number of the server's process.
const BEGIN: &str = "BEGIN; SELECT pg_backend_pid()";

/// Whether the two connections share processes.
pub(super) async fn shares_processes(one: &mut Connection, two: &mut Connection) -> Result<bool, Error> {
    let mut before = None;
    for one_ends_first in ORDERS {
        let first = one.text(BEGIN).await?;
        let second = {
            let mut second = pin!(two.text(BEGIN));
            match tokio::time::timeout(PATIENCE, &mut second).await {
                Ok(second) => second?,
                Err(_) => {
                    one.run_simple("COMMIT").await?;
                    // Does it get the process of the other?
                    return match tokio::time::timeout(PATIENCE, second).await {
                        Ok(second) => Ok(second? == first),
                        Err(_) => Ok(false),
                    };
                }
            }
        };
        if one_ends_first {
            one.run_simple("COMMIT").await?;
            two.run_simple("COMMIT").await?;
        } else {
            two.run_simple("COMMIT").await?;
            one.run_simple("COMMIT").await?;
        }
        let processes = (first, second);
        if before.is_some_and(|before| before != processes) {
            return Ok(true);
        }
        before = Some(processes);
    }
    Ok(false)
}
