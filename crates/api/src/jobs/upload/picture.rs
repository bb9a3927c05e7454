//! A picture to edit: as it was sent, and once it is checked.

use bytes::Bytes;
use darkroom_core::{
    images::{ImageProblem, inspect},
    store::NewImage,
};
use url::Url;

use super::{address, check::text};
use crate::{
    State,
    error::{ApiError, Code},
};

/// A picture as it was sent.
#[derive(Debug)]
pub(super) enum SentPicture {
    /// Its bytes.
    File(Bytes),
    /// Its address.
    Address(Bytes),
}

/// A picture that is checked as far as it is here.
#[derive(Debug)]
pub(in crate::jobs) enum Picture {
    /// Its bytes are here, and checked.
    Here(NewImage),
    /// It is still to be fetched.
    At {
        /// The field with the address.
        field: String,
        /// An address that may be called.
        url: Url,
    },
}

impl SentPicture {
    pub(super) fn check(self, field: String, state: &State) -> Result<Picture, ApiError> {
        match self {
            Self::File(data) => Ok(Picture::Here(check(&field, data, state)?)),
            Self::Address(url) => {
                let url = text(&field, &url)?.trim();
                let url = address::check(&field, url, &state.outbound_allowed)?;
                Ok(Picture::At { field, url })
            }
        }
    }
}

/// Checks a picture's bytes, sent or fetched.
pub(super) fn check(field: &str, data: Bytes, state: &State) -> Result<NewImage, ApiError> {
    let picture = inspect(&data, state.limits.image_pixels).map_err(|problem| {
        let code = match problem {
            ImageProblem::Empty => Code::EmptyField,
            ImageProblem::UnsupportedType => Code::UnsupportedImageType,
            ImageProblem::Damaged(_) => Code::DamagedImage,
            ImageProblem::TooManyPixels { .. } => Code::TooManyPixels,
        };
        ApiError::invalid(code, field, problem.to_string())
    })?;
    Ok(NewImage {
        data,
        media_type: picture.media_type,
        width: picture.width,
        height: picture.height,
    })
}
