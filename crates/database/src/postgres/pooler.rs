//! Detects poolers that assign a server process to each transaction, as pgbouncer does in transaction mode.
//!
//! A prepared statement belongs to a server process, so with such a pooler it may be missing in a later transaction, or, before
//! pgbouncer 1.21, be a different one of the same name. The test runs transactions on two connections in varying order:
//! without such a pooler, each connection keeps its process.

use std::pin::pin;
use std::time::Duration;

use super::connection::Connection;
use super::error::Error;

/// How long one connection waits for a server process before the other connection releases its own.
const PROCESS_TIMEOUT: Duration = Duration::from_millis(500);
/// For each round, whether the first connection ends its transaction first. The order changes because a pooler assigns
/// either the process that was returned last or the one that was returned first.
const ORDERS: [bool; 3] = [false, true, false];

/// Begins a transaction and returns the id of the server process.
const BEGIN: &str = "BEGIN; SELECT pg_backend_pid()";

/// Whether the two connections share processes.
pub(super) async fn shares_processes(one: &mut Connection, two: &mut Connection) -> Result<bool, Error> {
    let mut previous = None;
    for one_ends_first in ORDERS {
        let first = one.text(BEGIN).await?;
        let second = {
            let mut second = pin!(two.text(BEGIN));
            match tokio::time::timeout(PROCESS_TIMEOUT, &mut second).await {
                Ok(second) => second?,
                Err(_) => {
                    one.run_simple("COMMIT").await?;
                    // With a single shared process, the second connection now gets that of the first.
                    return match tokio::time::timeout(PROCESS_TIMEOUT, second).await {
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
        if previous.is_some_and(|previous| previous != processes) {
            return Ok(true);
        }
        previous = Some(processes);
    }
    Ok(false)
}
