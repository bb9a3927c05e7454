//! A file's bytes as a body. A large file is read only as fast as the client takes it: otherwise, many slow clients
//! would hold as many files in memory.

use std::{future::ready, ops::Range};

use actix_web::body::{BoxBody, SizedStream};
use bytes::Bytes;
use darkroom_core::{
    chain::chain,
    db::Pool,
    store::{self, ImageFile},
};
use futures_util::{StreamExt, stream};

use super::not_found;
use crate::error::ApiError;

/// Bytes that are read and sent at a time.
const PART: u64 = 512 * 1024;

/// These bytes of a file. The first of them are read now, while the answer can still be an error.
pub(super) async fn of(
    pool: &Pool,
    mut file: ImageFile,
    range: Range<u64>,
) -> Result<BoxBody, ApiError> {
    let is_whole = range == (0..file.length);
    if let Some(data) = file.data.take().filter(|_| is_whole) {
        return Ok(BoxBody::new(data));
    }
    let length = range.end.saturating_sub(range.start);
    let mut reading = Reading { pool: pool.clone(), file, left: range };
    let first = reading.part().await?;
    if reading.left.is_empty() {
        return Ok(BoxBody::new(first));
    }
    let rest = stream::try_unfold(reading, Reading::next);
    Ok(BoxBody::new(SizedStream::new(length, stream::once(ready(Ok(first))).chain(rest))))
}

/// A file that is being read.
struct Reading {
    pool: Pool,
    file: ImageFile,
    left: Range<u64>,
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, ApiError> {
        if self.left.is_empty() {
            return Ok(None);
        }
        let part = self.part().await.inspect_err(|error| {
            tracing::warn!(image.id = %self.file.image, error = %chain(error), "an image broke off while it was sent");
        })?;
        Ok(Some((part, self)))
    }

    async fn part(&mut self) -> Result<Bytes, ApiError> {
        let end = self.left.start.saturating_add(PART).min(self.left.end);
        let part = store::file_part(&self.pool, &self.file, self.left.start..end).await?;
        self.left.start = end;
        part.ok_or_else(not_found)
    }
}
