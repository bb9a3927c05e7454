//! Prepare the caller's picture and upload it.

use std::{sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    fal::Class,
    images::{Fit, PrepareError, Prepared, prepare},
    job::Failure,
    queue::{self, Lease},
};
use url::Url;

use crate::{
    backoff::jittered,
    life::Life,
    outcome::{Outcome, Stop},
};

/// How long a job waits when the provider is away.
pub(super) const AWAY: Duration = Duration::from_secs(5);

/// How long a job waits when the provider does not accept the account.
pub(super) const HALTED: Duration = Duration::from_mins(1);

/// A picture that the provider can read.
#[derive(Debug)]
pub(super) struct Uploaded {
    pub(super) url: Url,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Makes the job's picture right for the model and uploads it. Nothing is paid for yet.
pub(super) async fn input(life: &Life, lease: &Lease) -> Result<Uploaded, Stop> {
    let prepared = prepared(life, lease).await?;
    let (width, height) = (prepared.width, prepared.height);
    match life.worker.fal.upload(prepared.data, prepared.media_type).await {
        Ok(url) => Ok(Uploaded { url, width, height }),
        Err(error) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "an upload failed");
            Err(match error.class() {
                Class::Never => Outcome::Fail(error.failure()),
                Class::Halt => Outcome::Snooze(jittered(HALTED)),
                Class::Retry | Class::Later => Outcome::Snooze(jittered(AWAY)),
            }
            .into())
        }
    }
}

async fn prepared(life: &Life, lease: &Lease) -> Result<Prepared, Stop> {
    let max_pixels = life.worker.max_pixels;
    // The permit first: pictures that wait for a core are not held in memory.
    let permit = Arc::clone(&life.worker.decoding).acquire_owned().await;
    let original = queue::input(&life.worker.pool, lease).await?;
    let preparing = tokio::task::spawn_blocking(move || {
        let prepared = prepare(&original, max_pixels, Fit::default());
        drop(permit);
        prepared
    });
    match preparing.await {
        Ok(Ok(prepared)) => Ok(prepared),
        Ok(Err(PrepareError::NotTaken(problem))) => {
            Err(Outcome::Fail(Failure::new("damaged_image", problem.to_string())).into())
        }
        Ok(Err(error)) => {
            tracing::info!(job.id = %lease.job, error = %chain(&error), "a picture cannot be prepared");
            Err(unreadable())
        }
        // A decoder that panics on a picture would do so each time.
        Err(panicked) => {
            tracing::error!(job.id = %lease.job, %panicked, "preparing a picture broke");
            Err(unreadable())
        }
    }
}

fn unreadable() -> Stop {
    let message = "The picture is damaged: it cannot be decoded.";
    Outcome::Fail(Failure::new("damaged_image", message)).into()
}
