//! What the API and the workers of Darkroom share: jobs, the queue, the image store, the fal
//! client and the settings.
//!
//! Nothing here knows an HTTP server framework. All SQL is in [`queue`], [`store`] and [`db`];
//! nothing outside [`fal`] knows an address of fal.ai.

pub mod api_key;
pub mod callback;
pub mod chain;
pub mod config;
pub mod db;
pub mod fal;
pub mod images;
pub mod job;
pub mod links;
pub mod metrics;
pub mod models;
pub mod outbound;
pub mod queue;
pub mod store;
pub mod tls;
pub mod webhook;

#[cfg(feature = "fuzzing")]
pub use fal::fuzzing;
