//! Thumbnails that there will never be: those of damaged pictures, and those that turned out not to be needed.
//!
//! The width that is stored of a picture which lies on its side is not the width that it is shown with.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use darkroom_core::store::ImageId;

use super::maker::Made;

/// How many are remembered. After that, all are forgotten, and found out again.
const MOST: usize = 10_000;

/// Why there is no thumbnail, by image and width. This never becomes untrue, because images do not change.
#[derive(Debug, Default)]
pub(super) struct Fruitless(Mutex<HashMap<(ImageId, u16), Made>>);

impl Fruitless {
    pub(super) fn remember(&self, id: ImageId, width: u16, made: Made) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert((id, width), made);
    }

    pub(super) fn get(&self, id: ImageId, width: u16) -> Option<Made> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&(id, width)).copied()
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
        let fruitless = Fruitless::default();
        for number in 0..=2 * MOST {
            fruitless.remember(id(number), 320, Made::Needless);
            assert_eq!(fruitless.get(id(number), 320), Some(Made::Needless));
            assert_eq!(fruitless.get(id(number), 640), None);
        }

        assert_eq!(fruitless.0.lock().unwrap().len(), 1);
        assert_eq!(fruitless.get(id(0), 320), None);
    }
}
