//! The record: jobs as clients read them, and the image store.

mod api_key;
mod attempt;
mod changed;
mod delete;
mod delivery;
mod file;
mod image;
mod intake;
mod job;
mod list;
mod prune;
mod rate_limit;
mod secret;
mod thumbnail;
mod usage;
mod versions;

pub use api_key::{
    api_key, api_keys, api_keys_changed_since, create_api_key, limit_api_key, revoke_api_key,
};
pub use attempt::{Attempt, attempts};
pub use changed::changed_since;
pub use delete::{Deletion, delete};
pub use delivery::{Delivery, DeliveryAttempt, deliveries};
pub use file::{ImageFile, file_part, image_file, image_owner};
pub use image::{ImageData, ImageId, NewImage, Sha256, StoredImage, image, sha256};
pub(crate) use intake::check_limits;
pub use intake::{Asked, Cache, IdempotencyKey, Intake, Parent, Refusal, asked_before, create};
pub use job::{find, find_all};
pub use list::{Filter, Listed, Page, list};
pub use prune::{Pruned, prune, prune_idempotency_keys};
pub use rate_limit::{Allowance, prune_rate_limits, take};
pub use secret::secret;
pub use thumbnail::{Thumbnail, ThumbnailSource, keep_thumbnail, thumbnail, thumbnail_source};

pub use usage::{Usage, fold_usage, usage};
pub use versions::versions;

pub(crate) use image::insert_result;
