//! The start deadline of a request (fal docs: `X-Fal-Request-Timeout`).
//!
//! It limits only the wait: a request that has started may run for any time. One that has to go back to the queue may
//! not start again after it.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::requests::{Phase, Request};
use crate::server::Sim;
use crate::webhook;

/// Ends a request that is in the queue when its time is up, or comes back there later.
pub(crate) fn watch(sim: &Arc<Sim>, id: Uuid, start_within: Duration) {
    let watching = Arc::clone(sim);
    sim.spawn(async move {
        tokio::time::sleep(start_within).await;
        let changes = watching.requests.with(id, |request: &mut Request| request.changes());
        let Some(mut changes) = changes else { return };
        loop {
            match watching.requests.give_up(id) {
                Some(Phase::InQueue) => return webhook::announce(&watching, id),
                Some(Phase::InProgress) => {}
                Some(Phase::Completed) | None => return,
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    });
}
