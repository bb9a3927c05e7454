//! Workers at work: a real PostgreSQL, and the stand-in for fal over HTTP.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod away;
mod bill;
mod breaking;
mod cancel;
mod deadline;
mod delivering;
mod disk_full;
mod edit;
mod faults;
mod gathering;
mod halt;
mod hand_over;
mod house;
mod isolation;
mod limits;
mod metrics;
mod models;
mod rescuing;
mod resting;
mod statements;
mod unknown;
