//! What the addresses that a client is told begin with.

use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use url::{Origin, Url};

/// By these, proxies tell what the client asked for.
const OF_PROXIES: [HeaderName; 3] =
    [header::FORWARDED, header::X_FORWARDED_HOST, header::X_FORWARDED_PROTO];

/// Tells how clients reach this server: as `PUBLIC_URL` says, or else as they or their proxies say themselves.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    public_url: Option<Arc<str>>,
    /// What was said last. One is enough: nearly all clients come through the same address.
    last: Arc<Mutex<Option<Said>>>,
}

/// An address as it was said, and what is made of it.
#[derive(Debug)]
struct Said {
    scheme: String,
    host: String,
    base: Arc<str>,
}

impl Base {
    pub(crate) fn new(public_url: Option<&Url>) -> Self {
        let public_url = public_url.map(|url| url.as_str().trim_end_matches('/').into());
        Self { public_url, last: Arc::default() }
    }

    /// For the client of this request, without a slash at its end; empty where the client named no valid host.
    pub(crate) fn of(&self, request: &HttpRequest) -> Arc<str> {
        if let Some(public_url) = &self.public_url {
            return Arc::clone(public_url);
        }
        if let Some(host) = host_alone(request) {
            return self.said("http", host);
        }
        let connection = request.connection_info();
        // A client that sends no `Host` gets addresses without one: only their paths are sure.
        let is_said = request.headers().contains_key(header::HOST);
        if !is_said && connection.host() == request.app_config().host() {
            return "".into();
        }
        self.said(connection.scheme(), connection.host())
    }

    fn said(&self, scheme: &str, host: &str) -> Arc<str> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let same = last.as_ref().filter(|said| said.host == host && said.scheme == scheme);
        if let Some(said) = same {
            return Arc::clone(&said.base);
        }
        let base: Arc<str> = origin(scheme, host).into();
        *last = Some(Said { scheme: scheme.into(), host: host.into(), base: Arc::clone(&base) });
        base
    }
}

/// The `Host` of a request that says nothing else of where it was sent; most are such.
fn host_alone(request: &HttpRequest) -> Option<&str> {
    let headers = request.headers();
    let is_alone = request.uri().authority().is_none()
        && !OF_PROXIES.iter().any(|name| headers.contains_key(name));
    headers.get(header::HOST).filter(|_| is_alone)?.to_str().ok()
}

/// What a client says goes back to it, so only a well-formed origin is taken from it.
fn origin(scheme: &str, host: &str) -> String {
    let origin = Url::parse(&format!("{scheme}://{host}")).map(|url| url.origin()).ok();
    origin.filter(Origin::is_tuple).map_or_else(String::new, |origin| origin.ascii_serialization())
}
