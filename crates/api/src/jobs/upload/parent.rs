//! Reads which result of another job to edit in place of pictures.

use darkroom_core::store::Parent;

use super::{Fields, check::text};
use crate::error::{ApiError, Code};

impl Fields {
    /// The job and the result to edit, if the request names them.
    pub(super) fn parent(&self) -> Result<Option<Parent>, ApiError> {
        let position = self.said_of("parent_image")?;
        let id = self.said_of("parent_id")?;
        if id.is_none() && position.is_some() {
            let detail = "The field 'parent_image' needs a 'parent_id' beside it.";
            return Err(ApiError::invalid(Code::MissingField, "parent_id", detail));
        }
        let Some(id) = id else { return Ok(None) };
        if !self.images.is_empty() {
            let detail = "Send either 'parent_id' or pictures: a parent's result is edited in place of pictures.";
            return Err(ApiError::invalid(Code::TooManyImages, "parent_id", detail));
        }
        let job = id.parse().map_err(|_malformed| {
            ApiError::invalid(
                Code::InvalidId,
                "parent_id",
                "The parent_id must be the id of a job.",
            )
        })?;
        let position = position.unwrap_or("0").parse().ok().filter(|position: &i16| *position >= 0);
        let position = position.ok_or_else(|| {
            let detail = "The parent_image must be a whole number. The first result is 0.";
            ApiError::invalid(Code::InvalidParentImage, "parent_image", detail)
        })?;
        Ok(Some(Parent { job, position }))
    }

    /// The text of one of the [`TREATMENT`](super::TREATMENT) fields, unless it is empty.
    fn said_of(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let Some((_, value)) = self.treatment.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        Ok(Some(text(name, value)?.trim()).filter(|text| !text.is_empty()))
    }
}
