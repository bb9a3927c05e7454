//! Settings of who may call what.

use std::time::Duration;

use super::{Environment, reader::Reader};
use crate::links::LinkSecrets;

/// Who may call what.
#[derive(Clone, Debug)]
pub struct Access {
    /// `REQUIRE_API_KEY`: whether API keys are required. Unless set, they are in production.
    pub require_api_key: bool,
    /// `IMAGE_LINK_SECRET`: what links to images and events are signed with where keys are required; two while one
    /// replaces the other. Without it, the one that all replicas share.
    pub link_secrets: Option<LinkSecrets>,
    /// `IMAGE_LINK_SECONDS`: how long such a link holds at least; at most it is twice as long.
    pub link_lifetime: Duration,
}

impl Access {
    pub(super) fn read(reader: &mut Reader, environment: Environment) -> Self {
        let required = reader.optional::<bool>("REQUIRE_API_KEY");
        let secret = reader.secret("IMAGE_LINK_SECRET");
        let secrets = reader.parse_secret::<LinkSecrets>("IMAGE_LINK_SECRET", secret);
        Self {
            require_api_key: required.unwrap_or(environment == Environment::Production),
            link_secrets: secrets,
            link_lifetime: reader.seconds("IMAGE_LINK_SECONDS", 3_600, 60..=31_536_000),
        }
    }
}
