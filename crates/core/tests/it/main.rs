//! The queue, the store and the pictures, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod attempt;
mod claim;
mod factory;
mod inspect;
mod lease;
mod prepare;
mod rescue;
mod settle;
mod store;
mod wake;
