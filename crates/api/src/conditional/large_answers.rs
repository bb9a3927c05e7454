//! Bounds what large answers take of memory: clients that read slowly would keep as many there as they like.

use std::sync::Arc;

use actix_web::body::BoxBody;
use bytes::Bytes;
use tokio::sync::Semaphore;

use crate::{connection::Holding, error::ApiError};

/// Bytes of the largest answer that is not counted.
const SMALL: usize = 1024 * 1024;

/// Bytes are counted in these units.
const UNIT: usize = 1024;

/// Units that all large answers of this process may have together: 64 MiB.
const MOST: usize = 64 * 1024;

/// The room in memory for large answers, each of which takes as much as it has bytes until it is sent or given up.
#[derive(Clone, Debug)]
pub(crate) struct LargeAnswers(Arc<Semaphore>);

impl LargeAnswers {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(MOST)))
    }

    /// These bytes as a body; refused if they are many and others have taken the room.
    pub(crate) fn body(&self, bytes: Bytes) -> Result<BoxBody, ApiError> {
        if bytes.len() <= SMALL {
            return Ok(BoxBody::new(bytes));
        }
        // One that is larger than all of the room takes all of it.
        let units = bytes.len().div_ceil(UNIT).min(MOST);
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0).try_acquire_many_owned(units);
        let room = room.map_err(|_taken| ApiError::Busy)?;
        Ok(Holding::with(room, bytes))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::{BodySize, MessageBody};

    use super::*;

    const MIB: usize = 1024 * 1024;

    fn bytes(length: usize) -> Bytes {
        vec![b'x'; length].into()
    }

    #[test]
    fn large_answers_take_room_until_they_are_gone() {
        let answers = LargeAnswers::new();
        let first = answers.body(bytes(40 * MIB)).unwrap();
        let second = answers.body(bytes(24 * MIB)).unwrap();
        assert_eq!(first.size(), BodySize::Sized(40 * 1024 * 1024));

        assert!(matches!(answers.body(bytes(SMALL + 1)), Err(ApiError::Busy)));
        drop(second);

        assert!(matches!(answers.body(bytes(25 * MIB)), Err(ApiError::Busy)));
        assert!(answers.body(bytes(24 * MIB)).is_ok());
    }

    #[test]
    fn small_answers_take_none_of_the_room() {
        let answers = LargeAnswers::new();
        let _small: Vec<_> = (0..100).map(|_| answers.body(bytes(SMALL)).unwrap()).collect();
        let _all = answers.body(bytes(64 * MIB)).unwrap();

        assert!(answers.body(bytes(SMALL)).is_ok());
    }

    #[test]
    fn an_answer_that_is_larger_than_the_room_is_sent_alone() {
        let answers = LargeAnswers::new();
        let larger = answers.body(bytes(65 * MIB)).unwrap();

        assert!(matches!(answers.body(bytes(2 * MIB)), Err(ApiError::Busy)));
        drop(larger);
        assert!(answers.body(bytes(2 * MIB)).is_ok());
    }
}
