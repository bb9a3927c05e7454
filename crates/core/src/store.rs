//! The record: jobs as clients read them, and the image store.

mod attempt;
mod delivery;
mod image;
mod job;
mod prune;
mod secret;

pub use attempt::{Attempt, attempts};
pub use delivery::{Delivery, DeliveryAttempt, deliveries};
pub use image::{ImageData, ImageId, NewImage, StoredImage, image};
pub use job::{Page, changed_since, create, delete, find, find_all, list};
pub use prune::prune;
pub use secret::secret;

pub(crate) use image::insert_result;
