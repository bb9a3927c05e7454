//! Makes thumbnails: each once, and few at a time.

use std::{sync::Arc, time::Duration};

use darkroom_core::{
    chain::chain,
    db::{self, Pool},
    images,
    store::{self, ImageId},
};
use tokio::{task::spawn_blocking, time::timeout};

use super::{fruitless::Fruitless, single_flight::SingleFlight, turns::Turns};
use crate::error::ApiError;

/// How long a request waits for its thumbnail. Most are made in less than a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes thumbnails.
#[derive(Clone, Debug)]
pub(crate) struct ThumbnailMaker {
    /// Limits what is decoded at a time: each image takes a core, and memory for all its pixels.
    turns: Turns,
    /// Lets requests wait for a thumbnail that is being made already.
    flights: Arc<SingleFlight<(ImageId, u16), Made>>,
    /// What is not tried again: the image would be read again to find out the same.
    fruitless: Arc<Fruitless>,
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

impl ThumbnailMaker {
    /// Decodes images of this many pixels at a time.
    pub(crate) fn new(most_pixels: u64) -> Self {
        Self { turns: Turns::new(most_pixels), flights: Arc::default(), fruitless: Arc::default() }
    }

    /// Whether it has turned out that an image is no wider than its thumbnail would be.
    pub(super) fn knows_as_needless(&self, id: ImageId, width: u16) -> bool {
        self.fruitless.get(id, width) == Some(Made::Needless)
    }

    /// Makes the thumbnail of this width of an image of so many pixels, and stores it.
    pub(super) async fn make(
        &self,
        pool: &Pool,
        id: ImageId,
        width: u16,
        pixels: u64,
    ) -> Result<Made, ApiError> {
        if let Some(made) = self.fruitless.get(id, width) {
            return Ok(made);
        }
        let making = self.flights.run((id, width), || self.take_turn(pool, id, width, pixels));
        timeout(PATIENCE, making).await.unwrap_or(Err(ApiError::Busy))
    }

    /// Waits for its turn before it reads the image, so that images that wait are not in memory.
    ///
    /// A request that gives up leaves the line; a thumbnail that was begun is finished, and kept for the next request.
    async fn take_turn(
        &self,
        pool: &Pool,
        id: ImageId,
        width: u16,
        pixels: u64,
    ) -> Result<Made, ApiError> {
        let turn = self.turns.take(pixels).await;
        let (pool, fruitless) = (pool.clone(), Arc::clone(&self.fruitless));
        let making = tokio::spawn(async move {
            let made = make(&pool, id, width).await;
            if let Ok(made @ (Made::Needless | Made::Damaged)) = made {
                fruitless.remember(id, width, made);
            }
            drop(turn);
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
        let maker = ThumbnailMaker { turns: Turns::on(0, 1_000), ..ThumbnailMaker::new(1) };
        let nowhere = db::connect(&"postgres://localhost/none".to_owned().into(), 1).unwrap();
        let id = ImageId("0f3a9c2e-0000-4000-8000-000000000000".parse().unwrap());

        let answer = maker.make(&nowhere, id, 320, 1_000_000).await;

        assert!(matches!(answer, Err(ApiError::Busy)), "{answer:?}");
    }
}
