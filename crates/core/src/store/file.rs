//! Image files as they are served: whole, in part, or not read at all where the client has them.

use std::ops::Range;

use bytes::Bytes;

use super::ImageId;
use crate::{
    api_key::ApiKeyId,
    db::{Error, Pool},
};

/// The most bytes of a file that are read together with its row: a larger one is read in parts, as it is sent.
pub(super) const READ_AT_ONCE: i32 = 512 * 1024;

/// An image, or a thumbnail of it, as it is served.
#[derive(Clone, Debug)]
pub struct ImageFile {
    /// Which image.
    pub image: ImageId,
    /// The width that it was scaled down to; `None` where it is the image itself.
    pub scaled_to: Option<u16>,
    /// An input, or a result.
    pub is_result: bool,
    /// Order among its job's images of the same role, from 0.
    pub position: u16,
    /// How the prompt of its job begins.
    pub prompt: String,
    /// As HTTP writes it.
    pub media_type: String,
    /// SHA-256 of the bytes, in hexadecimal.
    pub digest: String,
    /// How many bytes it has.
    pub length: u64,
    /// All its bytes, where they were to be read and are not many.
    pub data: Option<Bytes>,
}

/// Reads an image; `None` where there is none of that id.
///
/// Its bytes are read unless they are many or their digest is one of `known`; where `known` is `None`, they are not.
pub async fn image_file(
    pool: &Pool,
    id: ImageId,
    known: Option<&[String]>,
) -> Result<Option<ImageFile>, Error> {
    let row = sqlx::query!(
        r#"select images.role = 'result' as "is_result!", images.position,
               left(jobs.prompt, 300) as "prompt!", images.media_type,
               encode(images.sha256, 'hex') as "digest!", octet_length(images.data) as "length!",
               case when encode(images.sha256, 'hex') <> all ($2)
                   and octet_length(images.data) <= $3 then images.data end as data
           from images join jobs on jobs.id = images.job_id
           where images.id = $1 and jobs.deleted_at is null"#,
        id.0,
        known,
        READ_AT_ONCE,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("reading an image"))?;
    Ok(row.map(|row| ImageFile {
        image: id,
        scaled_to: None,
        is_result: row.is_result,
        position: row.position.unsigned_abs(),
        prompt: row.prompt,
        media_type: row.media_type,
        digest: row.digest,
        length: u64::from(row.length.unsigned_abs()),
        data: row.data.map(Into::into),
    }))
}

/// The API key whose image it is: `None` where there is no such image, `Some(None)` where it is nobody's.
pub async fn image_owner(pool: &Pool, id: ImageId) -> Result<Option<Option<ApiKeyId>>, Error> {
    let owner = sqlx::query_scalar!(
        "select jobs.api_key_id from images join jobs on jobs.id = images.job_id
         where images.id = $1 and jobs.deleted_at is null",
        id.0,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("looking for an image's owner"))?;
    Ok(owner.map(|owner| owner.map(ApiKeyId)))
}

/// Reads some of a file's bytes; `None` where the image is gone. Its other bytes are not read, because the
/// columns are stored uncompressed.
pub async fn file_part(
    pool: &Pool,
    file: &ImageFile,
    part: Range<u64>,
) -> Result<Option<Bytes>, Error> {
    let doing = Error::doing("reading a part of an image");
    let bytes = part.end.saturating_sub(part.start);
    let pool = &pool.carrying(usize::try_from(bytes).unwrap_or(usize::MAX));
    let first = i32::try_from(part.start.saturating_add(1)).unwrap_or(i32::MAX);
    let length = i32::try_from(bytes).unwrap_or(i32::MAX);
    let data = match file.scaled_to {
        None => {
            let part = sqlx::query_scalar!(
                r#"select substring(data from $2 for $3) as "data!" from images where id = $1"#,
                file.image.0,
                first,
                length,
            );
            part.fetch_optional(pool).await.map_err(doing)?
        }
        Some(width) => {
            let part = sqlx::query_scalar!(
                r#"select substring(data from $3 for $4) as "data!"
                   from thumbnails where image_id = $1 and width = $2"#,
                file.image.0,
                column(width),
                first,
                length,
            );
            part.fetch_optional(pool).await.map_err(doing)?
        }
    };
    Ok(data.map(Into::into))
}

/// A thumbnail's width as its column holds it.
pub(super) fn column(width: u16) -> i16 {
    i16::try_from(width).unwrap_or(i16::MAX)
}
