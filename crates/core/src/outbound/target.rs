//! What can be checked of an address before its name is resolved.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use super::Allowed;

/// Why an address is not called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TargetProblem {
    /// It is not an absolute URL, or has no host.
    #[error("it is not an absolute URL")]
    Malformed,
    /// It is not for HTTP.
    #[error("it must start with http:// or https://")]
    Scheme,
    /// It holds a user name or a password.
    #[error("it must not hold a user name or a password")]
    Credentials,
    /// Nothing listens at port 0.
    #[error("it names a port that cannot be")]
    Port,
    /// Its host is private.
    #[error("its host is private and may not be reached")]
    Private,
}

/// Reads an address and checks it.
pub fn parse(text: &str, allowed: &Allowed) -> Result<Url, TargetProblem> {
    let url = Url::parse(text).map_err(|_malformed| TargetProblem::Malformed)?;
    check(&url, allowed)?;
    Ok(url)
}

/// Checks an address as far as that is possible without resolving its name. Where the name leads is
/// checked when it is connected to.
pub fn check(url: &Url, allowed: &Allowed) -> Result<(), TargetProblem> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(TargetProblem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetProblem::Credentials);
    }
    if url.port() == Some(0) {
        return Err(TargetProblem::Port);
    }
    let permits = |address: IpAddr| allowed.permits(address);
    let permitted = match url.host() {
        None => return Err(TargetProblem::Malformed),
        // `Url` has turned all spellings of an IP address into this one value.
        Some(Host::Ipv4(address)) => permits(address.into()),
        Some(Host::Ipv6(address)) => permits(address.into()),
        Some(Host::Domain(name)) if is_local(name) => {
            let local = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            allowed.permits_name(name) || local.into_iter().any(permits)
        }
        Some(Host::Domain(_)) => true,
    };
    if permitted { Ok(()) } else { Err(TargetProblem::Private) }
}

/// Names that always lead to this machine (RFC 6761).
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<TargetProblem> {
        parse(text, &Allowed::default()).err()
    }

    #[test]
    fn this_machine_is_recognised_in_all_spellings() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "017700000001",
            "0177.0.0.1",
            "0",
            "１２７.0.0.1",
            "127。0。0。1",
            "[::1]",
            "[::]",
            "[::127.0.0.1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "localhost",
            "LocalHost.",
            "a.localhost",
        ] {
            assert_eq!(problem(&format!("http://{host}/")), Some(TargetProblem::Private), "{host}");
        }
    }

    #[test]
    fn what_is_no_plain_web_address_is_refused() {
        for (text, expected) in [
            ("", TargetProblem::Malformed),
            ("/hook", TargetProblem::Malformed),
            ("hooks.example.com", TargetProblem::Malformed),
            ("https://", TargetProblem::Malformed),
            ("https://999.1.1.1/", TargetProblem::Malformed),
            ("ftp://example.com/", TargetProblem::Scheme),
            ("file:///etc/passwd", TargetProblem::Scheme),
            ("gopher://example.com/", TargetProblem::Scheme),
            ("https://me@example.com/", TargetProblem::Credentials),
            ("https://:word@example.com/", TargetProblem::Credentials),
            ("https://example.com:0/", TargetProblem::Port),
        ] {
            assert_eq!(problem(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn public_hosts_are_fit_and_so_are_private_ones_that_are_allowed() {
        for text in ["https://example.com/a?b=c", "http://example.com:8080", "https://8.8.8.8/"] {
            assert_eq!(problem(text), None, "{text}");
        }
        let allowed = "127.0.0.1/32".parse().unwrap();
        for text in ["http://127.1:9/", "http://localhost:9/", "http://[::ffff:127.0.0.1]/"] {
            assert!(parse(text, &allowed).is_ok(), "{text}");
        }
        assert_eq!(parse("http://[::1]/", &allowed), Err(TargetProblem::Private));
        let allowed = "localhost".parse().unwrap();
        assert!(parse("http://localhost/", &allowed).is_ok());
        assert!(parse("http://127.0.0.1/", &allowed).is_err());
    }
}
