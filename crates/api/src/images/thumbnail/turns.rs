//! Limits how many pictures are decoded at a time, and how many pixels they have together.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pixels are counted in these units.
const UNIT: u64 = 1_000;

/// The turns of pictures to be decoded, which are given in the order in which they are asked for.
///
/// Small pictures are decoded side by side and large ones one after the other, so that all together need no more memory
/// than the largest one alone.
#[derive(Clone, Debug)]
pub(super) struct Turns {
    /// A permit for each core: that many pictures are decoded at a time.
    cores: Arc<Semaphore>,
    /// A permit for each unit of pixels.
    pixels: Arc<Semaphore>,
    /// How many of them a picture takes at most: all.
    most: u32,
}

/// A picture's turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _pixels: Option<OwnedSemaphorePermit>,
    _core: Option<OwnedSemaphorePermit>,
}

impl Turns {
    /// Turns on the cores of this machine, for this many pixels at a time.
    pub(super) fn new(most_pixels: u64) -> Self {
        Self::on(available_parallelism().map_or(1, NonZero::get), most_pixels)
    }

    /// Turns on so many cores, for this many pixels at a time.
    pub(super) fn on(cores: usize, most_pixels: u64) -> Self {
        let units = usize::try_from(most_pixels.div_ceil(UNIT)).unwrap_or(usize::MAX);
        let units = units.min(Semaphore::MAX_PERMITS);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            pixels: Arc::new(Semaphore::new(units)),
            most: u32::try_from(units).unwrap_or(u32::MAX),
        }
    }

    /// Waits for the turn of a picture with this many pixels. One that has more than are decoded at a time is alone.
    pub(super) async fn take(&self, pixels: u64) -> Turn {
        let units = u32::try_from(pixels.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.most);
        // The core last, so that none is idle because its picture waits for memory. Neither semaphore is ever closed.
        let pixels = Arc::clone(&self.pixels).acquire_many_owned(units).await.ok();
        let core = Arc::clone(&self.cores).acquire_owned().await.ok();
        Turn { _pixels: pixels, _core: core }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn large_pictures_are_decoded_one_after_the_other() {
        let turns = Turns::on(8, 50_000_000);
        let first = turns.take(30_000_000).now_or_never().unwrap();

        let mut second = Box::pin(turns.take(30_000_000));
        assert!(second.as_mut().now_or_never().is_none());
        // Small ones do not pass by, or the large one could wait for ever.
        let mut small = Box::pin(turns.take(1_000));
        assert!(small.as_mut().now_or_never().is_none());

        drop(first);
        let _second = second.now_or_never().unwrap();
        assert!(small.now_or_never().is_some());
    }

    #[test]
    fn small_pictures_are_decoded_side_by_side_on_all_cores() {
        let turns = Turns::on(2, 50_000_000);
        let _first = turns.take(10_000_000).now_or_never().unwrap();
        let _second = turns.take(10_000_000).now_or_never().unwrap();

        assert!(turns.take(10_000_000).now_or_never().is_none());
    }

    #[test]
    fn a_picture_of_more_pixels_than_are_decoded_at_a_time_is_decoded_alone() {
        let turns = Turns::on(2, 50_000_000);
        let alone = turns.take(100_000_000).now_or_never().unwrap();

        assert!(turns.take(1).now_or_never().is_none());
        drop(alone);
        assert!(turns.take(u64::MAX).now_or_never().is_some());
    }

    #[test]
    fn who_gives_up_waiting_takes_nothing() {
        let turns = Turns::on(1, 2_000);
        let first = turns.take(1_000).now_or_never().unwrap();
        // It has its pixels, and waits for the core.
        assert!(turns.take(1_000).now_or_never().is_none());

        drop(first);
        assert!(turns.take(2_000).now_or_never().is_some());
    }
}
