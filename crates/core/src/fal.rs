//! fal.ai, as a client: upload, submit, check, watch, cancel, result, download, and its webhooks.
//!
//! The only place that knows fal's addresses and fal's words. It never submits twice by itself:
//! [`SubmitError`] distinguishes submissions that surely did not arrive from those that may have.

mod address;
mod answer;
mod cancel;
mod client;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod history;
mod malformed;
mod media;
mod request_id;
mod result;
mod status;
mod stream;
mod submit;
#[cfg(test)]
mod tests;
mod upload;
mod webhook;

pub use cancel::Cancellation;
pub(crate) use client::CALL_TIMEOUT;
pub use client::{BuildError, Client};
pub use error::{Class, Error, Origin, Refusal, SubmitError};
pub use malformed::Malformed;
pub use media::Download;
pub use result::{Output, OutputImage};
pub use status::{LogLine, Progress, Report};
pub use stream::Watch;
pub use webhook::{Notice, WebhookError, WebhookHeaders, Webhooks};
