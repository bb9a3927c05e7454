//! Prepare the caller's pictures and upload them.

use std::{sync::Arc, time::Instant};

use darkroom_core::{
    chain::chain,
    images::{Fit, PrepareError, Prepared, prepare},
    job::{Failure, FailureCode},
    queue::{self, Input, Lease},
};
use url::Url;

use super::turned_away::turned_away;
use crate::{
    backoff::while_away,
    life::Life,
    metrics::Call,
    outcome::{Outcome, Stop},
};

/// Pictures that the provider can read.
#[derive(Debug)]
pub(super) struct Uploaded {
    /// The address of the first, which no other upload has.
    pub(super) first: Url,
    /// All addresses in order, the first included.
    pub(super) urls: Vec<Url>,
    /// Width and height of the first.
    pub(super) sides: (u32, u32),
}

/// Prepares the job's pictures for the model and uploads them, one after the other, so that only one
/// is in memory at a time. Nothing is paid for yet.
pub(super) async fn inputs(life: &Life, lease: &Lease, fit: Fit) -> Result<Uploaded, Stop> {
    let (mut urls, mut sides) = (Vec::new(), None);
    for position in 0.. {
        let _carrying = life.worker.carrying.acquire().await;
        // Boxed, so that thousands of jobs that wait for their turn hold no memory for it.
        let Some(one) = Box::pin(input(life, lease, position, fit)).await? else {
            break;
        };
        urls.push(one.url);
        sides.get_or_insert(one.sides);
        if one.is_last {
            break;
        }
    }
    let (first, sides) = urls.first().cloned().zip(sides).ok_or_else(unreadable)?;
    Ok(Uploaded { first, urls, sides })
}

/// One picture that the provider can read.
#[derive(Debug)]
struct One {
    url: Url,
    sides: (u32, u32),
    is_last: bool,
}

/// Uploads the picture at this position; `None` if there is none.
async fn input(life: &Life, lease: &Lease, position: i16, fit: Fit) -> Result<Option<One>, Stop> {
    let Some((prepared, is_last)) = prepared(life, lease, position, fit).await? else {
        return Ok(None);
    };
    let sides = (prepared.width, prepared.height);
    let sent = Instant::now();
    let uploaded = life.worker.fal.upload(prepared.data, prepared.media_type).await;
    life.worker.metrics.called(Call::Upload, sent, &uploaded);
    match uploaded {
        Ok(url) => Ok(Some(One { url, sides, is_last })),
        Err(error) => {
            tracing::warn!(job.id = %lease.job, error = %chain(&error), "an upload failed");
            Err(turned_away(life, &error).await.into())
        }
    }
}

/// The picture at this position, prepared for the model, and whether it is the last; `None` if there is none.
async fn prepared(
    life: &Life,
    lease: &Lease,
    position: i16,
    fit: Fit,
) -> Result<Option<(Prepared, bool)>, Stop> {
    let max_pixels = life.worker.max_pixels;
    // The permit first: pictures that wait for a core are not held in memory.
    let permit = Arc::clone(&life.worker.decoding).acquire_owned().await;
    let Some(Input { data, is_last }) = queue::input(&life.worker.pool, lease, position).await?
    else {
        return Ok(None);
    };
    let preparing = tokio::task::spawn_blocking(move || {
        let prepared = prepare(&data, max_pixels, fit);
        drop(permit);
        prepared
    });
    match preparing.await {
        Ok(Ok(prepared)) => Ok(Some((prepared, is_last))),
        Ok(Err(PrepareError::NotTaken(problem))) => {
            Err(Outcome::Fail(Failure::new(FailureCode::DamagedImage, problem.to_string())).into())
        }
        Ok(Err(error)) => {
            tracing::info!(job.id = %lease.job, error = %chain(&error), "a picture cannot be prepared");
            Err(unreadable())
        }
        // A decoder that panics on a picture would do so each time.
        Err(broke) if broke.is_panic() => {
            tracing::error!(job.id = %lease.job, %broke, "preparing a picture broke");
            Err(unreadable())
        }
        // The runtime ends, and this worker with it.
        Err(_cancelled) => Err(Outcome::Snooze(while_away()).into()),
    }
}

fn unreadable() -> Stop {
    let message = "The picture is damaged: it cannot be decoded.";
    Outcome::Fail(Failure::new(FailureCode::DamagedImage, message)).into()
}
