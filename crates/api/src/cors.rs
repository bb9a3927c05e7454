//! Whose pages may call.

use actix_cors::Cors;
use actix_web::http::header::{self, HeaderValue};
use darkroom_core::config::{CorsOrigins, Environment};
use url::{Host, Url};

/// The configured origins; in development also any page that this machine serves itself.
pub(crate) fn policy(origins: &CorsOrigins, environment: Environment) -> Cors {
    let origins = origins.0.clone();
    Cors::default()
        .allowed_origin_fn(move |origin, _request| {
            is_listed(origin, &origins)
                || (environment == Environment::Development && is_local(origin))
        })
        .allow_any_method()
        .allow_any_header()
        .expose_headers([header::LOCATION, header::LINK, header::RETRY_AFTER, header::ETAG])
        .max_age(3600)
        // The browser refuses; a request without a browser is none of CORS's business.
        .block_on_origin_mismatch(false)
}

fn is_listed(origin: &HeaderValue, origins: &[String]) -> bool {
    origins.iter().any(|listed| listed == "*" || listed.as_bytes() == origin.as_bytes())
}

fn is_local(origin: &HeaderValue) -> bool {
    let url = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok());
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
