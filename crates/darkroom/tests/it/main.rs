//! Tests of the repository and of the binary from outside.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod access_log;
mod api_killed;
mod arrows;
mod deployment;
mod documents;
mod edit;
mod edit_ended;
mod edit_refused;
mod editing;
mod env_example;
mod keys;
mod killed;
mod metrics;
mod newer_schema;
mod operations;
mod program;
mod queue;
mod reliability;
mod roles;
mod secrets;
mod stage;
mod up;
mod webhook;
mod webhook_secret;
