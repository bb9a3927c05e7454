//! Settings of calls to addresses that callers name.

use super::reader::Reader;
use crate::{outbound::Allowed, webhook::Secrets};

/// How addresses are called that callers name.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// `OUTBOUND_ALLOWED`: hosts and networks that may be reached although they are private; commas
    /// between.
    pub allowed: Allowed,
    /// `WEBHOOK_SECRET`: what deliveries are signed with; two while one takes the other's place. Without it,
    /// the one that all replicas share.
    pub webhook_secrets: Option<Secrets>,
}

impl Outbound {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let secret = reader.secret("WEBHOOK_SECRET");
        Self {
            allowed: reader.value("OUTBOUND_ALLOWED", Allowed::default()),
            webhook_secrets: reader.parse_secret::<Secrets>("WEBHOOK_SECRET", secret),
        }
    }
}
