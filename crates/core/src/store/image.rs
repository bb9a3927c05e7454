//! Images: what callers gave and what fal made.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use ring::digest::{Context, SHA256};
use uuid::Uuid;

use crate::{
    db::{Error, Pool},
    images::MediaType,
    queue::{Lease, under_lease},
};

/// Names a stored image. Random, so that one id tells nothing of another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ImageId(pub Uuid);

impl ImageId {
    /// A new id.
    pub(super) fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

/// An image about to be stored.
#[derive(Clone, Debug)]
pub struct NewImage {
    /// The file, whole.
    pub data: Bytes,
    /// Of `data`.
    pub media_type: MediaType,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
}

/// The SHA-256 of a file, or of a request.
pub type Sha256 = [u8; 32];

/// The SHA-256 of these bytes.
pub fn sha256(bytes: &[u8]) -> Sha256 {
    sha256_of([bytes])
}

/// The SHA-256 of these parts, one after the other.
pub(super) fn sha256_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Sha256 {
    let mut context = Context::new(&SHA256);
    parts.into_iter().for_each(|part| context.update(part));
    let mut hash = Sha256::default();
    // Both have 32 bytes.
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// A stored image, without its bytes.
#[derive(Clone, Debug)]
pub struct StoredImage {
    /// Made when it was stored.
    pub id: ImageId,
    /// An input, or a result.
    pub is_result: bool,
    /// Whether the model's safety checker blanked it; `None` where the model does not say.
    pub blanked: Option<bool>,
    /// As HTTP writes it.
    pub media_type: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Length of the file.
    pub bytes: u64,
}

/// A stored image with its bytes.
#[derive(Clone, Debug)]
pub struct ImageData {
    /// As HTTP writes it.
    pub media_type: String,
    /// The file, whole.
    pub data: Bytes,
    /// Of `data`.
    pub sha256: Vec<u8>,
}

/// Reads an image; `None` where there is none of that id.
pub async fn image(pool: &Pool, id: ImageId) -> Result<Option<ImageData>, Error> {
    let row = sqlx::query!("select media_type, sha256, data from images where id = $1", id.0)
        .fetch_optional(pool)
        .await
        .map_err(Error::doing("reading an image"))?;
    Ok(row.map(|row| ImageData {
        media_type: row.media_type,
        data: row.data.into(),
        sha256: row.sha256,
    }))
}

/// Stores an output under the job's lease; true when it is stored, false when the lease is lost.
/// Storing the same output again, after a crash half-way, replaces it.
pub(crate) async fn insert_result(
    pool: &Pool,
    lease: &Lease,
    position: i16,
    image: &NewImage,
    blanked: Option<bool>,
) -> Result<bool, sqlx::Error> {
    let (width, height) = sides(image);
    let stored = under_lease!(
        query,
        lease,
        "
         insert into images
             (id, job_id, role, position, media_type, width, height, sha256, data, blanked)
         select $4, job_id, 'result', $5, $6, $7, $8, sha256($9), $9, $10 from lease
         on conflict on constraint images_job_id_role_position_key do update set
             id = excluded.id, media_type = excluded.media_type, width = excluded.width,
             height = excluded.height, sha256 = excluded.sha256, data = excluded.data,
             blanked = excluded.blanked",
        Uuid::new_v4(),
        position,
        image.media_type.as_str(),
        width,
        height,
        &image.data[..],
        blanked,
    )
    .execute(&pool.carrying(image.data.len()))
    .await?;
    Ok(stored.rows_affected() == 1)
}

/// Width and height as the columns hold them. Pixel limits keep real sides far below the cap.
pub(super) fn sides(image: &NewImage) -> (i32, i32) {
    let column = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    (column(image.width), column(image.height))
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ImageId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}
