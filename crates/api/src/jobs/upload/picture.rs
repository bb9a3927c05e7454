//! A picture to edit: as it was sent, and as it is kept.

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

/// As it was sent.
#[derive(Debug)]
pub(super) enum Sent {
    /// Its bytes.
    File(Bytes),
    /// Where it is.
    Address(Bytes),
}

/// As far as it is known.
#[derive(Debug)]
pub(in crate::jobs) enum Picture {
    /// It is here.
    Here(NewImage),
    /// It is still to be fetched.
    At {
        /// What names the address.
        field: String,
        /// One that may be called.
        url: Url,
    },
}

impl Sent {
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

/// Looks at a picture, wherever it came from.
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
