//! Outbound: the HTTP client for addresses that callers name, such as a webhook's receiver.
//!
//! Guarantees:
//! - Nothing private is reached: not this machine, not its network, not a cloud's metadata. What is
//!   looked at is the address that is connected to, after the name was resolved; so a name that
//!   pointed elsewhere when it was checked first is of no use.
//! - A redirect is not followed, or each of its steps is looked at like the first.
//! - No proxy of the environment comes in between: it would connect where this client must not.
//! - Time and bytes are bounded, whatever the other side does.
//!
//! Calls to the provider are not made here: its hosts are configured, not named by callers.

mod address;
mod allowed;
mod client;
mod error;
mod resolver;
mod target;

pub use allowed::{Allowed, AllowedProblem};
pub use client::{Answer, Bounds, BuildError, Client, Cut, Redirects};
pub use error::Error;
pub use resolver::NothingReachable;
pub use target::{TargetProblem, check, parse};
