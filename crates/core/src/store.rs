//! The record: jobs as clients read them, and the image store.

mod image;
mod job;

pub use image::{ImageData, ImageId, NewImage, StoredImage, image};
pub use job::{Page, create, delete, find, list};

pub(crate) use image::insert_result;
