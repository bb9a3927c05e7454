//! The repository and the binary, seen from outside.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod arrows;
mod deployment;
mod env_example;
mod program;
mod queue;
mod roles;
mod up;
mod webhook;
mod webhook_secret;
