//! A real PostgreSQL is started, killed and started again.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod foreign;
mod holder;
mod killed;
mod root;
mod running;
mod stale;
mod support;
mod temporary;
