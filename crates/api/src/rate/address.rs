//! Which requests are counted together: those of one key, or else of one address.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use darkroom_core::{api_key::ApiKey, config::Networks};

const FORWARDED_FOR: &str = "X-Forwarded-For";

/// A name for the key or address that a request is counted by.
pub(super) fn subject(key: Option<&ApiKey>, request: &HttpRequest, proxies: &Networks) -> String {
    if let Some(key) = key {
        return format!("key:{}", key.id.0);
    }
    let forwarded =
        request.headers().get_all(FORWARDED_FOR).map(|value| value.to_str().unwrap_or(""));
    let forwarded: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    let peer = request.peer_addr().map(|peer| peer.ip());
    match peer.map(|peer| client(peer, &forwarded, proxies)) {
        Some(IpAddr::V4(address)) => format!("ip:{address}"),
        // A customer that has one address has the rest of its network, too.
        Some(IpAddr::V6(address)) => format!("ip:{}", network(address)),
        // The request did not come over a network.
        None => "ip:local".into(),
    }
}

/// The nearest address that is not one of our proxies'. What stands before it in the header can be made up by anybody.
fn client(peer: IpAddr, forwarded: &[&str], proxies: &Networks) -> IpAddr {
    let mut nearest = peer.to_canonical();
    for said in forwarded.iter().rev() {
        if !proxies.contains(nearest) {
            break;
        }
        let Some(address) = parse(said.trim()) else { break };
        nearest = address.to_canonical();
    }
    nearest
}

/// Reads an address with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse().ok().map(|address: SocketAddr| address.ip()))
}

/// The 64 bits that a provider gives to one customer.
fn network(address: Ipv6Addr) -> Ipv6Addr {
    let [a, b, c, d, ..] = address.segments();
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, forwarded: &[&str], proxies: &str) -> String {
        client(peer.parse().unwrap(), forwarded, &proxies.parse().unwrap()).to_string()
    }

    #[test]
    fn without_trusted_proxies_what_is_said_counts_for_nothing() {
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"], ""), "203.0.113.7");
        assert_eq!(seen("203.0.113.7", &["198.51.100.1"], "10.0.0.0/8"), "203.0.113.7");
    }

    #[test]
    fn behind_trusted_proxies_it_is_the_nearest_that_is_none_of_them() {
        let proxies = "10.0.0.0/8,fd00::/8";
        for (forwarded, client) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            // Made up by the client, before what the proxy wrote.
            (&["1.1.1.1", "198.51.100.1"], "198.51.100.1"),
            (&["1.1.1.1", "198.51.100.1", "10.0.0.9"], "198.51.100.1"),
            (&["198.51.100.1:4711"], "198.51.100.1"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["::ffff:198.51.100.1"], "198.51.100.1"),
            // Nothing that could be believed.
            (&["198.51.100.1", "nonsense"], "10.0.0.1"),
            (&[], "10.0.0.1"),
            (&["10.0.0.2"], "10.0.0.2"),
        ] {
            assert_eq!(seen("10.0.0.1", forwarded, proxies), client, "{forwarded:?}");
        }
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.1"], proxies), "198.51.100.1");
    }

    #[test]
    fn a_customers_addresses_are_counted_together() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }
}
