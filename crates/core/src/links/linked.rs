//! What a link leads to.

use crate::{job::JobId, store::ImageId};

/// What a link leads to, and opens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Linked {
    /// An image, at any width.
    Image(ImageId),
    /// The events of a job.
    Events(JobId),
}

impl Linked {
    /// Where it is at the API.
    pub(super) fn path(self) -> String {
        match self {
            Self::Image(image) => format!("/api/images/{image}"),
            Self::Events(job) => format!("/api/jobs/{job}/events"),
        }
    }

    /// The text that is signed; never the same for an image and for events, whatever their ids are.
    pub(super) fn message(self, expires: u64) -> String {
        match self {
            Self::Image(image) => format!("{image}\n{expires}"),
            Self::Events(job) => format!("events of {job}\n{expires}"),
        }
    }
}
