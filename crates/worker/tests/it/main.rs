//! Workers at work: a real PostgreSQL, and the stand-in for fal over HTTP.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod away;
mod edit;
mod hand_over;
mod house;
