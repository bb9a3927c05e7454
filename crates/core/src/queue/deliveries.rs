//! Deliveries: events of jobs that are to be told to a receiver, leased to workers as jobs are.
//!
//! A trigger writes them, in the transaction of the change of status that they tell of (see
//! `migrations/0010_deliveries.sql`). From there: [`claim()`] → [`settle()`]; [`snooze()`], where its receiver is busy;
//! or, when a worker stops or dies, `release` and `rescue` of the queue. [`replay()`] starts one anew.
//!
//! A delivery is made at least once: a worker that dies between the call and its record leaves it to another
//! one. Its id is the same each time.

mod claim;
mod replay;
mod settle;
mod snooze;
mod unknown;

use uuid::Uuid;

use super::WorkerId;
pub use claim::{Claimed, claim};
pub use replay::replay;
pub use settle::{Settled, Tried, Verdict, settle};
pub use snooze::snooze;
pub use unknown::release_unknown;

/// Names a delivery. A `UUIDv7`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct DeliveryId(pub Uuid);

/// A worker's right to settle a delivery.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lease {
    /// The delivery it is about.
    pub delivery: DeliveryId,
    /// The worker that holds it.
    pub worker: WorkerId,
    /// The fence: no other claim of a delivery has this number.
    pub number: i64,
}
