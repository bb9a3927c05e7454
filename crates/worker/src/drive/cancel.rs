//! Cancel: stop a request at the provider, as far as it has not ended.

use std::time::Instant;

use darkroom_core::{
    fal::{Cancellation, Error},
    queue::{Claimed, Submission},
};

use crate::{life::Life, metrics::Call};

/// Cancels a request at the provider, and notes what the answer says about its cost.
pub(super) async fn request(
    life: &Life,
    job: &Claimed,
    submission: &Submission,
) -> Result<Cancellation, Error> {
    let asked = Instant::now();
    let answer = life.worker.fal.cancel(submission).await;
    life.worker.metrics.called(Call::Cancel, asked, &answer);
    match &answer {
        Ok(Cancellation::Removed) => job.timeline.note_free(),
        // How the request ends, or has ended, is not seen here: it may be paid for.
        Ok(_) | Err(_) => job.timeline.note_maybe_paid(),
    }
    answer
}
