//! Settings of how fast callers may call.

use std::{net::IpAddr, num::NonZeroU32, str::FromStr};

use ipnet::IpNet;

use super::{Environment, reader::Reader};

/// How fast callers may call.
#[derive(Clone, Debug)]
pub struct Rate {
    /// `JOBS_PER_MINUTE`: jobs that a key, or an address without one, may make in a minute, on all replicas together.
    /// Unless set, 60 in production.
    pub jobs_per_minute: Option<u32>,
    /// `READS_PER_MINUTE`: the same for any other requests, on each replica. Unless set, 3,000 in production.
    pub reads_per_minute: Option<NonZeroU32>,
    /// `REQUESTS_AT_ONCE`: requests of a key, or of an address without one, that may be under way at the same time, on
    /// each replica. Unless set, 1,000 in production.
    pub requests_at_once: Option<NonZeroU32>,
    /// `TRUSTED_PROXIES`: networks of proxies that are believed about a client's address, separated by commas.
    pub trusted_proxies: Networks,
}

/// A list of networks.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Networks(Vec<IpNet>);

impl Rate {
    pub(super) fn read(reader: &mut Reader, environment: Environment) -> Self {
        let is_production = environment == Environment::Production;
        let jobs = reader.optional("JOBS_PER_MINUTE").unwrap_or(if is_production { 60 } else { 0 });
        let reads =
            reader.optional("READS_PER_MINUTE").unwrap_or(if is_production { 3_000 } else { 0 });
        let at_once =
            reader.optional("REQUESTS_AT_ONCE").unwrap_or(if is_production { 1_000 } else { 0 });
        Self {
            jobs_per_minute: NonZeroU32::new(jobs).map(NonZeroU32::get),
            reads_per_minute: NonZeroU32::new(reads),
            requests_at_once: NonZeroU32::new(at_once),
            trusted_proxies: reader.optional("TRUSTED_PROXIES").unwrap_or_default(),
        }
    }
}

impl Networks {
    /// Whether an address is in any of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Neither a network nor an address.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct NetworksProblem(String);

impl FromStr for Networks {
    type Err = NetworksProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let network = |entry: &str| {
            let address = || entry.parse::<IpAddr>().map(IpNet::from);
            entry
                .parse()
                .or_else(|_no_network| address())
                .map_err(|_no_address| NetworksProblem(entry.into()))
        };
        Ok(Self(entries.map(network).collect::<Result<_, _>>()?))
    }
}
