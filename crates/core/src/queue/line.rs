//! The line: jobs that wait for their claim, and those that rest before they come into line.

mod claim;
mod enqueue;
mod front;
mod reopen;
mod ripen;
mod whereabouts;

pub use claim::{Claimed, Claims, MOST_CLAIMED, OpenAttempt, claim, claim_under_rules};
pub(crate) use enqueue::{Place, Places, enqueue_query};
pub use front::{Search, gather_stragglers};
pub use reopen::{FailedJobs, failed_jobs, reopen, reopen_one};
pub use ripen::ripen;
pub use whereabouts::{Whereabouts, whereabouts};
