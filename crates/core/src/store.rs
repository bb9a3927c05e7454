//! The record: jobs as clients read them, and the image store.

mod image;
mod job;
mod secret;

pub use image::{ImageData, ImageId, NewImage, StoredImage, image};
pub use job::{Page, create, delete, find, list};
pub use secret::secret;

pub(crate) use image::insert_result;
