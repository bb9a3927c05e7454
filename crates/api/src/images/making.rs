//! Makes thumbnails: each once, and no more at a time than there are cores.

use std::{sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    db::{self, Pool},
    images,
    store::{self, ImageId},
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::single_flight::SingleFlight;
use crate::error::ApiError;

/// How long a request waits for its thumbnail. Most are made in less than a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes thumbnails.
#[derive(Clone, Debug)]
pub(crate) struct Making {
    /// Limits how many images are decoded at a time: each takes a core, and memory for all its pixels.
    decoding: Arc<Semaphore>,
    /// Lets requests wait for a thumbnail that is being made already.
    flights: Arc<SingleFlight<(ImageId, u16), Made>>,
}

/// What came of making a thumbnail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Made {
    /// The thumbnail is kept, unless the image is gone.
    Kept,
    /// The image is no wider than the thumbnail would be.
    Needless,
    /// The image does not decode.
    Damaged,
}

impl Making {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { decoding: Arc::new(Semaphore::new(cores)), flights: Arc::default() }
    }

    /// Makes an image's thumbnail of this width, and stores it.
    pub(super) async fn make(
        &self,
        pool: &Pool,
        id: ImageId,
        width: u16,
    ) -> Result<Made, ApiError> {
        let making = self.flights.run((id, width), || self.take_turn(pool, id, width));
        timeout(PATIENCE, making).await.unwrap_or(Err(ApiError::Busy))
    }

    /// Takes the permit before it reads the image, so that images that wait for a core are not in memory.
    ///
    /// A request that gives up leaves the line; a thumbnail that was begun is finished, and kept for the next request.
    async fn take_turn(&self, pool: &Pool, id: ImageId, width: u16) -> Result<Made, ApiError> {
        let permit = Arc::clone(&self.decoding).acquire_owned().await;
        let pool = pool.clone();
        let making = tokio::spawn(async move {
            let made = make(&pool, id, width).await;
            drop(permit);
            made
        });
        match making.await {
            Ok(made) => Ok(made?),
            // The server is stopping.
            Err(_cancelled) => Err(ApiError::Busy),
        }
    }
}

async fn make(pool: &Pool, id: ImageId, width: u16) -> Result<Made, db::Error> {
    let Some(source) = store::thumbnail_source(pool, id, width).await? else {
        return Ok(Made::Kept);
    };
    let scaling = spawn_blocking(move || images::thumbnail(&source.data, source.pixels, width));
    match scaling.await {
        Ok(Ok(Some(thumbnail))) => {
            store::keep_thumbnail(pool, id, width, &thumbnail).await?;
            Ok(Made::Kept)
        }
        Ok(Ok(None)) => Ok(Made::Needless),
        Ok(Err(error)) => {
            tracing::info!(image.id = %id, error = %chain(&error), "an image cannot be scaled down");
            Ok(Made::Damaged)
        }
        // A decoder that panics on an image would do so each time.
        Err(panicked) => {
            tracing::error!(image.id = %id, %panicked, "scaling an image down broke");
            Ok(Made::Damaged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_for_a_core_is_told_to_come_back() {
        let making = Making { decoding: Arc::new(Semaphore::new(0)), flights: Arc::default() };
        let nowhere = db::connect(&"postgres://localhost/none".to_owned().into(), 1).unwrap();
        let id = ImageId("0f3a9c2e-0000-4000-8000-000000000000".parse().unwrap());

        let answer = making.make(&nowhere, id, 320).await;

        assert!(matches!(answer, Err(ApiError::Busy)), "{answer:?}");
    }
}
