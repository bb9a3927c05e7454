//! The record: jobs as clients read them, and the image store.

mod attempt;
mod delivery;
mod file;
mod image;
mod job;
mod prune;
mod secret;
mod thumbnail;

pub use attempt::{Attempt, attempts};
pub use delivery::{Delivery, DeliveryAttempt, deliveries};
pub use file::{ImageFile, file_part, image_file};
pub use image::{ImageData, ImageId, NewImage, StoredImage, image};
pub use job::{Page, changed_since, create, delete, find, find_all, list};
pub use prune::prune;
pub use secret::secret;
pub use thumbnail::{Thumbnail, ThumbnailSource, keep_thumbnail, thumbnail, thumbnail_source};

pub(crate) use image::insert_result;
