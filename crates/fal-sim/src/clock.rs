//! The stand-in's clock.

use time::OffsetDateTime;

/// The current time, for logs, ledger and signatures.
#[expect(clippy::disallowed_methods, reason = "the stand-in has no database; its clock is its own")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
