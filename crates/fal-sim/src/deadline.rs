//! The start deadline of a request (fal docs: `X-Fal-Request-Timeout`).
//!
//! It limits only the wait: a request that has started may run for any time.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::server::Sim;
use crate::webhook;

/// Ends a request unless it starts in time.
pub(crate) fn watch(sim: &Arc<Sim>, id: Uuid, start_within: Duration) {
    let watching = Arc::clone(sim);
    sim.spawn(async move {
        tokio::time::sleep(start_within).await;
        if watching.requests.give_up(id) {
            webhook::announce(&watching, id);
        }
    });
}
