//! Headers that tell browsers what they may not do with an answer.

use actix_web::{
    dev::ServiceResponse,
    http::header::{self, HeaderName, HeaderValue},
};
use darkroom_core::config;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

// Constants, as a value that is made at run time is looked through for characters that a header may not have.

/// For answers and images: they load nothing, and no page shows them in a frame.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// For Swagger UI: its own files, and the API itself to try it out. It writes styles into elements.
const SWAGGER: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// For Redoc: the same, and a web worker, which it makes itself for its search.
const REDOC: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'none'",
);

const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NO_FRAME: HeaderValue = HeaderValue::from_static("DENY");
const OWN_PAGES: HeaderValue = HeaderValue::from_static("same-origin");
const ANY_PAGE: HeaderValue = HeaderValue::from_static("cross-origin");

/// A year, the least that browsers' lists of HTTPS-only hosts ask for (source: hstspreload.org).
const STRICT_TRANSPORT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// What depends on the settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Whether clients reach the server only over TLS.
    is_https: bool,
}

impl Rules {
    pub(crate) fn new(settings: &config::Server) -> Self {
        let is_https = settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        Self { is_https }
    }

    /// Adds the rules to an answer.
    pub(crate) fn tell<B>(self, response: &mut ServiceResponse<B>) {
        // The path as it is routed, decoded: a client may write its letters as `%61`.
        let path = response.request().match_info().as_str();
        let policy = policy(path);
        // Any site's pages may show an image: knowing its address is all that one needs to see it.
        let readers = if path.starts_with("/api/images/") { ANY_PAGE } else { OWN_PAGES };
        let headers = response.headers_mut();
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
        headers.insert(header::REFERRER_POLICY, NO_REFERRER);
        headers.insert(header::X_FRAME_OPTIONS, NO_FRAME);
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(RESOURCE_POLICY, readers);
        if self.is_https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
        }
    }
}

/// What a page at this path may load.
fn policy(path: &str) -> HeaderValue {
    let is_in = |folder| {
        let rest = path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if is_in("/docs") {
        SWAGGER
    } else if is_in("/redoc") {
        REDOC
    } else {
        NOTHING
    }
}
