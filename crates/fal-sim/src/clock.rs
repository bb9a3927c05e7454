//! The stand-in's own clock.

use time::OffsetDateTime;

/// The time now, for the entries of logs and ledger.
#[expect(clippy::disallowed_methods, reason = "the stand-in has no database; its clock is its own")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
