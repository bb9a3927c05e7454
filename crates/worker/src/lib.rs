//! The worker: claims jobs and drives each through the provider to its end.
//!
//! A worker holds nothing that matters. Killed, its jobs are rescued; told to stop, it hands them
//! over; either way the next worker resumes what is running at the provider.

mod backoff;
mod batching;
mod claiming;
mod delivering;
mod drive;
mod gathering;
mod heartbeat;
mod leaving;
mod life;
#[cfg(feature = "measuring")]
mod measuring;
mod metrics;
mod notices;
mod outcome;
mod overdue;
mod probing;
mod pruning;
mod serving;
mod slots;
mod unwanted;
mod waking;
mod worker;

#[cfg(feature = "measuring")]
pub use measuring::IdleEdits;
pub use serving::{bind, serve};
pub use worker::{Worker, run};
