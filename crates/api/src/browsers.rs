//! What browsers are told not to do with an answer.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
};
use darkroom_core::config;

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Of answers and images: they load nothing, and no page shows them in a frame.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Of Swagger UI: its own files, and the API itself to try it out. It writes styles into elements.
const SWAGGER: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Of Redoc: the same, and a worker of its own making for its search.
const REDOC: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; worker-src blob:; frame-ancestors 'none'; \
     base-uri 'none'; form-action 'none'";

/// A year: what lists of such hosts ask for at least (source: hstspreload.org).
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Pages, by the beginnings of their paths.
const PAGES: [(&str, &str); 2] = [("/docs", SWAGGER), ("/redoc", REDOC)];

/// What depends on the settings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Whether clients reach the server by TLS alone.
    is_https: bool,
}

impl Rules {
    pub(crate) fn new(settings: &config::Server) -> Self {
        let is_https = settings.public_url.as_ref().is_some_and(|url| url.scheme() == "https");
        Self { is_https }
    }
}

fn policy(path: &str) -> &'static str {
    let is_of = |(beginning, _): &&(&str, &str)| {
        let rest = path.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    PAGES.iter().find(is_of).map_or(NOTHING, |(_, policy)| policy)
}

/// Adds the rules to an answer.
pub(crate) async fn tell<B: MessageBody + 'static>(
    rules: Rules,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    // As it is routed: a client may write letters of a path as `%61`.
    let path = request.match_info().as_str();
    let policy = policy(path);
    // Pages of anybody may show an image: whoever has its address may see it.
    let readers = if path.starts_with("/api/images/") { "cross-origin" } else { "same-origin" };
    let mut response = next.call(request).await?;
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
    if rules.is_https {
        let value = HeaderValue::from_static(STRICT_TRANSPORT);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    Ok(response)
}
