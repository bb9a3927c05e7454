//! Archive: keep every output in our own store, before anybody hears that the job is done.

use std::time::Duration;

use darkroom_core::{
    fal::{Download, Output},
    queue::{self, Lease},
    store::NewImage,
};
use tokio::time::sleep;
use url::Url;

use super::{Running, follow::given_up, upload::AWAY};
use crate::{
    backoff::{exponential, jittered},
    life::Life,
    outcome::{Outcome, Stop},
};

/// Tries at one download before the job waits for a better moment.
const DOWNLOAD_TRIES: u32 = 4;

/// Fetches and keeps all outputs, in order.
pub(super) async fn outputs(
    life: &Life,
    lease: &Lease,
    running: &Running,
    output: &Output,
) -> Result<(), Stop> {
    for (position, url) in (0..).zip(&output.images) {
        let Download { data, picture } = download(life, running, url).await?;
        let image = NewImage {
            data,
            media_type: picture.media_type,
            width: picture.width,
            height: picture.height,
        };
        queue::archive(&life.worker.pool, lease, position, &image).await?;
    }
    Ok(())
}

async fn download(life: &Life, running: &Running, url: &Url) -> Result<Download, Stop> {
    for failures in 0..DOWNLOAD_TRIES {
        let error = match life.worker.fal.download(url).await {
            Ok(download) => return Ok(download),
            Err(error) => error,
        };
        tracing::warn!(provider.request_id = running.submission.provider_request_id, %error,
            "an output was not to be had");
        if !error.is_passing() {
            return Err(given_up(&error, running));
        }
        sleep(exponential(Duration::from_millis(500), Duration::from_secs(10), failures)).await;
    }
    Err(Outcome::Snooze(jittered(AWAY)).into())
}
