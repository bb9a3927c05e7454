//! Outbound: the HTTP client for addresses that callers name, such as a webhook's receiver.
//!
//! Guarantees:
//! - Nothing private is reached: not this machine, not its network, not a cloud's metadata. The
//!   address that is really connected to is checked, after the name is resolved; so a name that
//!   pointed elsewhere at an earlier check does not get through.
//! - Redirects are not followed, or each step is checked like the first address.
//! - No proxy from the environment is used: it would connect where this client must not.
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
