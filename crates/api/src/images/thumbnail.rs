//! The thumbnail of an image: read if it is stored, else made.

mod fruitless;
mod maker;
mod single_flight;
mod turns;

use darkroom_core::store::{self, ImageFile, ImageId, Thumbnail};

use super::{conditions::Conditions, not_found};
use crate::{State, error::ApiError};
use maker::Made;
pub(crate) use maker::ThumbnailMaker;

/// Finds or makes an image's thumbnail of this width; `None` if the image is no wider.
pub(super) async fn find(
    state: &State,
    id: ImageId,
    width: u16,
    conditions: &Conditions,
) -> Result<Option<ImageFile>, ApiError> {
    let maker = &state.thumbnails;
    if maker.knows_as_needless(id, width) {
        return Ok(None);
    }
    let known = conditions.whole_unless();
    let look = async || store::thumbnail(&state.pool, id, width, known).await;
    let pixels = match look().await?.ok_or_else(not_found)? {
        Thumbnail::Kept(file) => return Ok(Some(file)),
        Thumbnail::Missing { is_needless: true, .. } => return Ok(None),
        Thumbnail::Missing { is_needless: false, pixels } => pixels,
    };
    match maker.make(&state.pool, id, width, pixels).await? {
        Made::Needless => Ok(None),
        Made::Damaged => Err(ApiError::DamagedImage),
        Made::Kept => match look().await? {
            Some(Thumbnail::Kept(file)) => Ok(Some(file)),
            // Its job was deleted meanwhile.
            _ => Err(not_found()),
        },
    }
}
