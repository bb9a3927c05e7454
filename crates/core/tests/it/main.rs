//! The queue, the store and the pictures, on a real PostgreSQL.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod attempt;
mod batcher;
mod cancel;
mod claim;
#[cfg(unix)]
mod crash;
mod deletion;
mod deliveries;
mod emptied;
mod factory;
mod fal_edit;
mod fal_history;
mod fal_result;
mod fal_server;
mod fal_stream;
mod fal_webhook;
mod fal_wire;
mod files;
mod front;
mod halt;
mod idempotency;
mod inspect;
mod intake;
mod later_columns;
mod lease;
mod lifecycle_grid;
mod listing;
mod migrations;
mod model;
mod models;
mod notice;
mod order;
mod outbound;
mod pool;
mod prepare;
mod proxy;
mod prune;
mod rate_limit;
mod reopen;
mod rescue;
mod rules;
mod settle;
mod silence;
mod slow_line;
mod store;
mod uncounted;
mod usage;
mod wake;
