//! The names to which an API that needs no keys answers.
//!
//! A web page can have its own name lead to this server's address (DNS rebinding). For its browser, the server is then
//! the page's own origin, so the page may send anything and read every answer. Where keys are needed, the page has none.
//! Elsewhere only names count that no stranger can have led here. Who sends a key is no such page: one that a page made
//! up opens nothing.

use std::{net::Ipv4Addr, sync::Arc};

use actix_web::{
    dev::ServiceRequest,
    http::header::{self, HeaderValue},
};
use darkroom_core::config::Config;

use crate::{access, rate};

/// Ends of names that nobody can register: this machine's, and those of private networks (RFC 6761, RFC 6762, RFC 8375,
/// and ICANN's resolution 2024.07.29.06).
const PRIVATE: [&str; 4] = [".localhost", ".local", ".internal", ".home.arpa"];

/// The names to which the API answers.
#[derive(Clone, Debug)]
pub(crate) enum Hosts {
    /// All, because keys are needed.
    All,
    /// Addresses, names of this machine and of private networks, and the host of `PUBLIC_URL`.
    Own(Option<Arc<str>>),
}

impl Hosts {
    pub(crate) fn new(config: &Config) -> Self {
        if config.access.require_api_key {
            return Self::All;
        }
        let public_url = config.server.public_url.as_ref();
        Self::Own(public_url.and_then(|url| url.host_str()).map(Into::into))
    }

    /// Whether the request was sent to one of them, or asks for nothing that matters. Browsers always say what they call
    /// the server.
    pub(crate) fn admit(&self, request: &ServiceRequest) -> bool {
        let Self::Own(public) = self else { return true };
        // The path as it is routed, decoded.
        let path = request.match_info().as_str();
        if !rate::counts(request.method(), path) && path != "/metrics" {
            return true;
        }
        let Some(host) = request.headers().get(header::HOST) else { return true };
        host.to_str().is_ok_and(|host| is_own(host, public.as_deref()))
            || access::has_key(request.request())
    }

    /// Whether the page of this origin came from the very name to which the request was sent, whatever name that is.
    /// Where no keys are needed, that says nothing: the page may have led the name here.
    pub(crate) fn have_shown(&self, origin: &HeaderValue, request: &ServiceRequest) -> bool {
        let page = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
        let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
        matches!(self, Self::All) && page.is_some() && page == host
    }
}

/// Whether no stranger can have led this host here. Names without a dot belong to nobody either.
fn is_own(host: &str, public: Option<&str>) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    host.starts_with('[')
        || !name.contains('.')
        || PRIVATE.iter().any(|end| name.ends_with(end))
        || name.parse::<Ipv4Addr>().is_ok()
        || public.is_some_and(|public| public.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn addresses_and_names_of_this_machine_and_network_are_no_strangers() {
        let own = [
            "localhost:8000",
            "localhost",
            "darkroom.localhost",
            "127.0.0.1:8000",
            "192.0.2.1",
            "[::1]:8000",
            "[2001:db8::1]",
            "api:8000",
            "host.docker.internal:8000",
            "darkroom.prod.svc.cluster.local",
            "Edit.Example:443",
        ];
        for host in own {
            assert!(is_own(host, Some("edit.example")), "{host}");
        }
    }

    #[test]
    fn all_other_names_may_be_strangers() {
        for host in [
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.",
            "evil.local.",
        ] {
            assert!(!is_own(host, None) && !is_own(host, Some("edit.example")), "{host}");
        }
    }
}
