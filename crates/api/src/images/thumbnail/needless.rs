//! Thumbnails that turned out not to be needed: the width that is stored of a picture which lies on its side is not the
//! width that it is shown with.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use darkroom_core::store::ImageId;

/// How many are remembered. After that, all are forgotten, and found out again.
const MOST: usize = 10_000;

/// Thumbnails that are not needed, by image and width. This never becomes untrue, because images do not change.
#[derive(Debug, Default)]
pub(super) struct Needless(Mutex<HashSet<(ImageId, u16)>>);

impl Needless {
    pub(super) fn remember(&self, id: ImageId, width: u16) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((id, width));
    }

    pub(super) fn has(&self, id: ImageId, width: u16) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&(id, width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> ImageId {
        ImageId(uuid::Uuid::from_u128(number.try_into().unwrap()))
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let needless = Needless::default();
        for number in 0..=2 * MOST {
            needless.remember(id(number), 320);
            assert!(needless.has(id(number), 320));
            assert!(!needless.has(id(number), 640));
        }

        assert_eq!(needless.0.lock().unwrap().len(), 1);
        assert!(!needless.has(id(0), 320));
    }
}
