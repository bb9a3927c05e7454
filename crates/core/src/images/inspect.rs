//! What a picture's file declares, read without decoding it.

use std::{fmt, str::FromStr};

use super::{gif, jpeg, png, webp};

/// A kind of picture that is accepted and stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum MediaType {
    /// `image/jpeg`
    Jpeg,
    /// `image/png`
    Png,
    /// `image/webp`
    WebP,
    /// `image/gif`; its first frame is edited.
    Gif,
}

/// A picture whose file looks whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Inspected {
    /// Read from its bytes; file names and declared types are not trusted.
    pub media_type: MediaType,
    /// In pixels, as stored: an orientation may still turn it.
    pub width: u32,
    /// In pixels, as stored.
    pub height: u32,
}

/// Why a picture is not accepted. The sentences are for the caller.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ImageProblem {
    /// No bytes at all.
    #[error("The file is empty.")]
    Empty,
    /// Some other kind of file.
    #[error("The file is not a picture that can be edited; JPEG, PNG, WebP and GIF are.")]
    UnsupportedType,
    /// A kind that is accepted, but cut off or damaged.
    #[error("The {0} file is damaged or incomplete.")]
    Damaged(MediaType),
    /// More pixels than allowed, however few its bytes are.
    #[error("The picture has {width} × {height} pixels; at most {limit} in all are allowed.")]
    TooManyPixels {
        /// As the file declares it.
        width: u32,
        /// As the file declares it.
        height: u32,
        /// The most that width times height may be.
        limit: u64,
    },
}

/// The sides that a file declares; `None` where its structure is not whole.
pub(super) type Sides = Option<(u32, u32)>;

/// Looks at a picture: its kind, its size, and whether all of it is there.
pub fn inspect(bytes: &[u8], max_pixels: u64) -> Result<Inspected, ImageProblem> {
    if bytes.is_empty() {
        return Err(ImageProblem::Empty);
    }
    let media_type = MediaType::of(bytes).ok_or(ImageProblem::UnsupportedType)?;
    let sides = match media_type {
        MediaType::Jpeg => jpeg::sides(bytes),
        MediaType::Png => png::sides(bytes),
        MediaType::WebP => webp::sides(bytes),
        MediaType::Gif => gif::sides(bytes),
    };
    let (width, height) =
        sides.filter(|(w, h)| *w > 0 && *h > 0).ok_or(ImageProblem::Damaged(media_type))?;
    if u64::from(width) * u64::from(height) > max_pixels {
        return Err(ImageProblem::TooManyPixels { width, height, limit: max_pixels });
    }
    Ok(Inspected { media_type, width, height })
}

impl MediaType {
    /// Reads it from the first bytes.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match image::guess_format(bytes).ok()? {
            image::ImageFormat::Jpeg => Some(Self::Jpeg),
            image::ImageFormat::Png => Some(Self::Png),
            image::ImageFormat::WebP => Some(Self::WebP),
            image::ImageFormat::Gif => Some(Self::Gif),
            _ => None,
        }
    }

    /// Its name in HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    /// The usual ending of a file name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Gif => "gif",
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Gif => "GIF",
        })
    }
}

/// Not one of the media types that are kept.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a media type that is kept")]
pub struct UnknownMediaType(String);

impl FromStr for MediaType {
    type Err = UnknownMediaType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Jpeg, Self::Png, Self::WebP, Self::Gif]
            .into_iter()
            .find(|media_type| media_type.as_str() == text)
            .ok_or_else(|| UnknownMediaType(text.into()))
    }
}
