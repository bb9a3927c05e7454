//! Settings of calls to addresses that callers name.

use super::reader::Reader;
use crate::outbound::Allowed;

/// How addresses are called that callers name.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// `OUTBOUND_ALLOWED`: hosts and networks that may be reached although they are private; commas
    /// between.
    pub allowed: Allowed,
}

impl Outbound {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self { allowed: reader.value("OUTBOUND_ALLOWED", Allowed::default()) }
    }
}
