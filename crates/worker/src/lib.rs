//! The worker: claims jobs and drives each through the provider to its end.
//!
//! A worker keeps no state that must survive it. If it is killed, its jobs are rescued; if it is told to stop, it
//! hands them over. Either way the next worker resumes the requests that are running at the provider.

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
mod probing;
mod pruning;
mod serving;
mod slots;
mod unclaimed;
mod waking;
mod worker;

#[cfg(feature = "measuring")]
pub use measuring::IdleEdits;
pub use serving::{bind_metrics, serve_metrics};
pub use worker::{Worker, run};
