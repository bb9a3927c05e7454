//! fal.ai, as a client: upload, submit, check, result, download.
//!
//! The only place that knows fal's addresses and fal's words. It never submits twice by itself:
//! [`SubmitError`] tells apart what surely did not arrive from what may have.

mod client;
mod error;
mod media;
mod request;
mod result;
mod submit;
mod upload;

pub use client::{BuildError, Client};
pub use error::{Class, Error, Origin, Refusal, SubmitError};
pub use media::Download;
pub use request::Progress;
pub use result::Output;
