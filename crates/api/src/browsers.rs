//! Headers that tell browsers what they may not do with an answer.

use actix_web::{
    dev::ServiceResponse,
    http::header::{self, HeaderName, HeaderValue},
};
use darkroom_core::config;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// For answers and images: they load nothing, and no page shows them in a frame.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// For Swagger UI: its own files, and the API itself to try it out. It writes styles into elements.
const SWAGGER: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// For Redoc: the same, and a web worker, which it makes itself for its search.
const REDOC: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'none'";

/// A year, the least that browsers' lists of HTTPS-only hosts ask for (source: hstspreload.org).
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Pages, by the beginnings of their paths.
const PAGES: [(&str, &str); 2] = [("/docs", SWAGGER), ("/redoc", REDOC)];

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
        let readers = if path.starts_with("/api/images/") { "cross-origin" } else { "same-origin" };
        let headers = response.headers_mut();
        for (name, value) in [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::CONTENT_SECURITY_POLICY, policy),
            (RESOURCE_POLICY, readers),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.is_https {
            let value = HeaderValue::from_static(STRICT_TRANSPORT);
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
    }
}

fn policy(path: &str) -> &'static str {
    let is_of = |(beginning, _): &&(&str, &str)| {
        let rest = path.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    PAGES.iter().find(is_of).map_or(NOTHING, |(_, policy)| policy)
}
