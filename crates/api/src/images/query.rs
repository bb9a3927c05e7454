//! Reads what the query of an image's address asks for.

use darkroom_core::links::LinkSignature;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use crate::{
    error::{ApiError, Code},
    link,
    query::{self, Offered},
};

/// Widths of thumbnails: few, because each thumbnail is stored.
const WIDTHS: [u16; 4] = [160, 320, 640, 1280];

/// How a request wants an image.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Wish {
    /// Scaled down to this width.
    pub(crate) width: Option<u16>,
    /// To be saved to a file instead of shown.
    pub(crate) is_download: bool,
    /// The signature of a link that needs no key.
    pub(crate) signature: Option<LinkSignature>,
}

/// A width of thumbnails, for the contract.
pub(crate) struct ThumbnailWidth;

impl Wish {
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let mut wish = Self::default();
        let mut link = link::Parameters::default();
        query::read(text, &["w", "download", link::EXPIRES, link::SIGNATURE], |name, value| {
            match name {
                "w" => wish.width = Some(parse_width(value)?),
                "download" => wish.is_download = parse_download(value)?,
                _ => return link.take(name, value),
            }
            Ok(Offered::Taken)
        })?;
        wish.signature = link.signature()?;
        Ok(wish)
    }
}

fn parse_width(text: &str) -> Result<u16, ApiError> {
    WIDTHS.into_iter().find(|width| width.to_string() == text).ok_or_else(|| {
        let detail = format!(
            "The parameter 'w' must be one of {}.",
            WIDTHS.map(|w| w.to_string()).join(", ")
        );
        ApiError::invalid(Code::InvalidWidth, "w", detail)
    })
}

fn parse_download(text: &str) -> Result<bool, ApiError> {
    match text {
        "0" => Ok(false),
        "1" => Ok(true),
        _ => {
            let detail = "The parameter 'download' must be 1 to save the image, or 0 to show it.";
            Err(ApiError::invalid(Code::InvalidDownload, "download", detail))
        }
    }
}

impl PartialSchema for ThumbnailWidth {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some(WIDTHS)).into()
    }
}

impl ToSchema for ThumbnailWidth {}
