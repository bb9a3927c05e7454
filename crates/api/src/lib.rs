//! The HTTP face of Darkroom: jobs are made, read, listed, cancelled and deleted here, and their
//! images shown.
//!
//! Nothing here writes SQL, or asks the provider for anything but the keys of its webhooks: a request
//! becomes a call to `darkroom_core::store` or `queue`, and the result becomes a view.

mod access;
mod admin;
mod base;
mod browsers;
mod conditional;
mod connection;
mod cors;
mod docs;
mod error;
mod exchange;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod health;
mod host;
mod images;
mod jobs;
mod json;
mod link;
mod metrics;
mod models;
mod money;
mod notices;
mod openai;
mod pace;
mod query;
mod rate;
mod request_log;
mod root;
mod server;
mod state;
mod usage;
mod watch;

pub use docs::openapi;
pub use error::error_codes;
pub use openai::openai_error_codes;
pub use server::{bind, start};
pub use state::State;
