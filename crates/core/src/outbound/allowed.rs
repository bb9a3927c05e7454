//! Which private hosts and networks may be reached, because the operator says so.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;
use url::Host;

use super::address::{is_public, unwrapped};

/// Hosts and networks that may be reached although they are private; usually none.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Allowed {
    /// In lower case, without a dot at the end.
    names: Vec<String>,
    networks: Vec<IpNet>,
}

/// Neither a host nor a network.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is neither a host nor a network such as 10.1.0.0/16")]
pub struct AllowedProblem(String);

impl Allowed {
    /// Whether this address may be connected to.
    pub(super) fn permits(&self, address: IpAddr) -> bool {
        let reached = unwrapped(address);
        is_public(reached) || self.networks.iter().any(|network| network.contains(&reached))
    }

    /// Whether this name may be connected to, wherever it leads.
    pub(super) fn permits_name(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.names.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    fn add(&mut self, entry: &str) -> Result<(), AllowedProblem> {
        if let Ok(network) = entry.parse::<IpNet>() {
            self.networks.push(network);
        } else if let Ok(address) = entry.parse::<IpAddr>() {
            self.networks.push(address.into());
        } else {
            match Host::parse(entry) {
                Ok(Host::Domain(name)) => self.names.push(name.trim_end_matches('.').to_owned()),
                Ok(Host::Ipv4(address)) => self.networks.push(IpAddr::from(address).into()),
                Ok(Host::Ipv6(address)) => self.networks.push(IpAddr::from(address).into()),
                Err(_) => return Err(AllowedProblem(entry.into())),
            }
        }
        Ok(())
    }
}

/// Entries are separated by commas.
impl FromStr for Allowed {
    type Err = AllowedProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut allowed = Self::default();
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        for entry in entries {
            allowed.add(entry)?;
        }
        Ok(allowed)
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks = self.networks.iter().map(ToString::to_string);
        let entries: Vec<String> = self.names.iter().cloned().chain(networks).collect();
        f.write_str(&entries.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_listed_is_let_through() {
        let allowed: Allowed =
            "127.0.0.1/32, Receiver.Internal,10.1.0.0/16, fd00::1".parse().unwrap();

        let permits = |address: &str| allowed.permits(address.parse().unwrap());
        for address in ["127.0.0.1", "::ffff:127.0.0.1", "10.1.255.255", "fd00::1", "8.8.8.8"] {
            assert!(permits(address), "{address}");
        }
        for address in ["127.0.0.2", "10.2.0.0", "fd00::2", "::1"] {
            assert!(!permits(address), "{address}");
        }
        assert!(allowed.permits_name("receiver.internal"));
        assert!(allowed.permits_name("RECEIVER.internal."));
        assert!(!allowed.permits_name("not.receiver.internal"));
    }

    #[test]
    fn what_is_written_is_read_again_and_nonsense_is_refused() {
        let allowed: Allowed = "receiver.internal,10.1.0.0/16".parse().unwrap();
        assert_eq!(allowed.to_string().parse::<Allowed>().unwrap(), allowed);
        assert_eq!("".parse::<Allowed>().unwrap(), Allowed::default());
        for nonsense in ["10.1.0.0/33", "http://receiver.internal", "a b"] {
            assert!(nonsense.parse::<Allowed>().is_err(), "{nonsense}");
        }
    }
}
