//! The stand-in from outside: over HTTP, as a client of fal meets it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod edit;
mod protocol;
mod queue;
mod refusal;
mod support;
mod upload;
