//! The record: jobs as clients read them, and the image store.

mod api_key;
mod asked;
mod attempt;
mod changed;
mod copy;
mod create;
mod delete;
mod delivery;
mod draft;
mod file;
mod idempotency;
mod image;
mod insert;
mod intake;
mod job;
mod limits;
mod list;
mod parent;
mod prune;
mod rate_limit;
mod reuse;
mod secret;
mod thumbnail;
mod usage;

pub use api_key::{
    api_key, api_keys, api_keys_changed_since, create_api_key, limit_api_key, revoke_api_key,
};
pub use asked::{Asked, Refusal};
pub use attempt::{Attempt, attempts};
pub use changed::{all_changed_since, changed_since};
pub use create::create;
pub use delete::{Deletion, delete};
pub use delivery::{Delivery, DeliveryAttempt, deliveries};
pub use file::{ImageFile, file_part, image_file, image_owner};
pub use idempotency::{IdempotencyKey, asked_before};
pub use image::{ImageData, ImageId, NewImage, Sha256, StoredImage, image, sha256};
pub use intake::Intake;
pub use job::{find, find_all};
pub use list::{Filter, Page, list, list_filtered};
pub use parent::{Parent, versions};
pub use prune::{Pruned, prune, prune_idempotency_keys};
pub use rate_limit::{Allowance, prune_rate_limits, take};
pub use reuse::Cache;
pub use secret::secret;
pub use thumbnail::{Thumbnail, ThumbnailSource, keep_thumbnail, thumbnail, thumbnail_source};

pub use usage::{Usage, fold_usage, usage};

pub(crate) use image::insert_result;
pub(crate) use limits::check as check_limits;
