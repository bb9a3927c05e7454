//! The HTTP face of Darkroom: jobs are made, read, listed and deleted here, and their images shown.
//!
//! Nothing here talks to the provider or writes SQL: a request becomes a call to
//! `darkroom_core::store`, and its answer a view.

mod cors;
mod docs;
mod error;
mod health;
mod images;
mod jobs;
mod models;
mod notices;
mod root;
mod server;
mod state;

pub use docs::openapi;
pub use server::{bind, start};
pub use state::State;
