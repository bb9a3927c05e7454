//! What the addresses that a client is told begin with.

use std::{cell::RefCell, sync::Arc};

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};
use url::Url;

/// By these, proxies tell what the client asked for.
const OF_PROXIES: [HeaderName; 3] =
    [header::FORWARDED, header::X_FORWARDED_HOST, header::X_FORWARDED_PROTO];

/// A host that is longer is none: names have 253 bytes at most (RFC 1035, section 2.3.4), and ports five.
const LONGEST: usize = 253 + ":65535".len();

/// Tells how clients reach this server: as `PUBLIC_URL` says, or else as they or their proxies say themselves.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    public_url: Option<Arc<str>>,
}

/// An address as it was said, and what is made of it.
struct Said {
    scheme: String,
    host: String,
    base: Arc<str>,
}

thread_local! {
    /// What was said last to this thread. One is enough: nearly all clients come through the same address.
    static LAST: RefCell<Option<Said>> = const { RefCell::new(None) };
}

impl Base {
    pub(crate) fn new(public_url: Option<&Url>) -> Self {
        Self { public_url: public_url.map(|url| url.as_str().trim_end_matches('/').into()) }
    }

    /// For the client of this request, without a slash at its end; empty where the client named no valid host.
    pub(crate) fn of(&self, request: &HttpRequest) -> Arc<str> {
        if let Some(public_url) = &self.public_url {
            return Arc::clone(public_url);
        }
        if let Some(host) = host_alone(request) {
            return said("http", host);
        }
        let connection = request.connection_info();
        // A client that sends no `Host` gets addresses without one: only their paths are sure.
        let is_said = request.headers().contains_key(header::HOST);
        if !is_said && connection.host() == request.app_config().host() {
            return "".into();
        }
        said(connection.scheme(), connection.host())
    }
}

/// The `Host` of a request that says nothing else of where it was sent; most are such.
fn host_alone(request: &HttpRequest) -> Option<&str> {
    let headers = request.headers();
    let is_alone = request.uri().authority().is_none()
        && !OF_PROXIES.iter().any(|name| headers.contains_key(name));
    headers.get(header::HOST).filter(|_| is_alone)?.to_str().ok()
}

fn said(scheme: &str, host: &str) -> Arc<str> {
    LAST.with_borrow_mut(|last| {
        if let Some(said) = last.as_ref().filter(|said| said.host == host && said.scheme == scheme)
        {
            return Arc::clone(&said.base);
        }
        let base: Arc<str> = origin(scheme, host).unwrap_or_default().into();
        *last = Some(Said { scheme: scheme.into(), host: host.into(), base: Arc::clone(&base) });
        base
    })
}

/// What a client says goes back to it, so only a well-formed origin is taken from it.
fn origin(scheme: &str, host: &str) -> Option<String> {
    let address = (host.len() <= LONGEST).then(|| format!("{scheme}://{host}"))?;
    let origin = Url::parse(&address).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}
