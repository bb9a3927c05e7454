//! Thumbnails: images scaled down, made once and kept as long as the image.

use bytes::Bytes;

use super::{
    ImageFile, ImageId,
    file::{READ_AT_ONCE, column},
};
use crate::{
    db::{Error, Pool},
    images::Prepared,
};

/// What there is of an image's thumbnail.
#[derive(Clone, Debug)]
pub enum Thumbnail {
    /// It was made.
    Kept(ImageFile),
    /// It was not made yet.
    Missing {
        /// Whether the image is no wider than the thumbnail would be, whichever way it is turned.
        is_needless: bool,
        /// How many pixels the image has, as found when it was stored.
        pixels: u64,
    },
}

/// What a thumbnail is made from.
#[derive(Clone, Debug)]
pub struct ThumbnailSource {
    /// The image, whole.
    pub data: Bytes,
    /// How many pixels it has, as found when it was stored.
    pub pixels: u64,
}

/// Reads an image's thumbnail of this width; `None` where there is no such image. `known` is as in
/// [`image_file`](super::image_file).
pub async fn thumbnail(
    pool: &Pool,
    id: ImageId,
    width: u16,
    known: Option<&[String]>,
) -> Result<Option<Thumbnail>, Error> {
    let row = sqlx::query!(
        r#"select images.role = 'result' as "is_result!", images.position,
               left(jobs.prompt, 300) as "prompt!",
               greatest(images.width, images.height) <= $2 as "is_needless!",
               images.width as image_width, images.height,
               thumbnails.media_type as "media_type?",
               encode(thumbnails.sha256, 'hex') as digest,
               octet_length(thumbnails.data) as length,
               case when encode(thumbnails.sha256, 'hex') <> all ($3)
                   and octet_length(thumbnails.data) <= $4 then thumbnails.data end as data
           from images join jobs on jobs.id = images.job_id
               left join thumbnails
                   on thumbnails.image_id = images.id and thumbnails.width = $2
           where images.id = $1 and jobs.deleted_at is null"#,
        id.0,
        column(width),
        known,
        READ_AT_ONCE,
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("reading a thumbnail"))?;
    Ok(row.map(|row| match (row.media_type, row.digest, row.length) {
        (Some(media_type), Some(digest), Some(length)) => Thumbnail::Kept(ImageFile {
            image: id,
            scaled_to: Some(width),
            is_result: row.is_result,
            position: row.position.unsigned_abs(),
            prompt: row.prompt,
            media_type,
            digest,
            length: u64::from(length.unsigned_abs()),
            data: row.data.map(Into::into),
        }),
        _ => Thumbnail::Missing {
            is_needless: row.is_needless,
            pixels: pixels(row.image_width, row.height),
        },
    }))
}

/// Reads what a thumbnail is to be made from; `None` where it is kept already, or the image is gone.
pub async fn thumbnail_source(
    pool: &Pool,
    id: ImageId,
    width: u16,
) -> Result<Option<ThumbnailSource>, Error> {
    let row = sqlx::query!(
        "select data, width, height from images
         where id = $1
             and not exists (select from thumbnails where image_id = $1 and thumbnails.width = $2)",
        id.0,
        column(width),
    )
    .fetch_optional(pool)
    .await
    .map_err(Error::doing("reading an image to scale it down"))?;
    Ok(row.map(|row| ThumbnailSource {
        data: row.data.into(),
        pixels: pixels(row.width, row.height),
    }))
}

/// How many pixels an image has, by its columns.
fn pixels(width: i32, height: i32) -> u64 {
    u64::from(width.unsigned_abs()) * u64::from(height.unsigned_abs())
}

/// Keeps a thumbnail; one that is kept already stays. Nothing is kept of an image that is gone.
pub async fn keep_thumbnail(
    pool: &Pool,
    id: ImageId,
    width: u16,
    thumbnail: &Prepared,
) -> Result<(), Error> {
    // The lock keeps the image from being deleted meanwhile.
    sqlx::query!(
        "insert into thumbnails (image_id, width, media_type, sha256, data)
         select id, $2, $3, sha256($4), $4 from images where id = $1 for key share
         on conflict do nothing",
        id.0,
        column(width),
        thumbnail.media_type.as_str(),
        &thumbnail.data[..],
    )
    .execute(pool)
    .await
    .map_err(Error::doing("keeping a thumbnail"))?;
    Ok(())
}
