//! Isolation: a job that was rescued often may be what takes its workers down. The process works on one such job at a time.

use darkroom_core::queue::{self, Claimed, SUSPECT};

use crate::{life::Life, outcome::Stop};

/// Does a step that may take the process down: at once for most jobs, and for a suspect when no other one is in isolation.
///
/// A request is not followed in here: that takes long and does no harm.
pub(super) async fn isolated<T>(
    life: &Life,
    job: &Claimed,
    step: impl Future<Output = Result<T, Stop>>,
) -> Result<T, Stop> {
    if job.rescues < SUSPECT {
        return step.await;
    }
    let _turn = life.worker.isolation.acquire().await;
    queue::isolate(&life.worker.pool, &job.lease).await?;
    // Where it stops the job, the next claim ends the isolation.
    let done = step.await?;
    queue::end_isolation(&life.worker.pool, &job.lease).await?;
    Ok(done)
}
