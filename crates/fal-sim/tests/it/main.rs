//! Tests of the stand-in from outside: over HTTP, as a client of fal uses it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod cdn;
mod direct;
mod edit;
mod fault;
mod fault_line;
mod fault_run;
mod history;
mod model;
mod protocol;
mod queue;
mod receiver;
mod refusal;
mod retention;
mod state;
mod stream;
mod submission;
mod support;
mod tls;
mod upload;
mod webhook;
