//! Archive: keep every output in our own store, before anybody hears that the job is done.

use darkroom_core::{
    fal::{Download, Output},
    queue::{self, Lease, Submission},
    store::NewImage,
};

use super::fetch::persistently;
use crate::{life::Life, metrics::Call, outcome::Stop};

/// Downloads and stores all outputs, in order. Returns the width and height of each.
pub(super) async fn outputs(
    life: &Life,
    lease: &Lease,
    submission: &Submission,
    output: &Output,
) -> Result<Vec<(u32, u32)>, Stop> {
    let mut sides = Vec::new();
    for (position, image) in (0..).zip(&output.images) {
        // The permit is for one try: a job that waits before the next holds no picture, and keeps no other job waiting.
        let download = || async {
            let carrying = life.worker.carrying.acquire().await;
            Ok((life.worker.fal.download(&image.url).await?, carrying))
        };
        let (Download { data, picture }, _carrying) =
            persistently(life, submission, Call::Download, download).await?;
        let kept = NewImage {
            data,
            media_type: picture.media_type,
            width: picture.width,
            height: picture.height,
        };
        sides.push((kept.width, kept.height));
        queue::archive(&life.worker.pool, lease, position, &kept, image.blanked).await?;
    }
    Ok(sides)
}
