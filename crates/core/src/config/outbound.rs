//! Settings of calls to addresses that callers name.

use super::reader::Reader;
use crate::{outbound::Allowed, webhook::Secrets};

/// How addresses that callers name are called.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// `OUTBOUND_ALLOWED`: hosts and networks that may be reached although they are private, separated
    /// by commas.
    pub allowed: Allowed,
    /// `WEBHOOK_SECRET`: what deliveries are signed with; two while one replaces the other. Without it, the
    /// one that all replicas share.
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
