//! Settings of the HTTP server and of what may be uploaded to it.

use std::{convert::Infallible, fmt, net::IpAddr, str::FromStr, time::Duration};

use url::Url;

use super::reader::Reader;

/// The HTTP server.
#[derive(Clone, Debug)]
pub struct Server {
    /// `HOST`: the address to listen on.
    pub host: IpAddr,
    /// `PORT`: the port to listen on; 0 takes a free one.
    pub port: u16,
    /// `PUBLIC_URL`: how clients and fal reach this server. Without it, links follow the request's
    /// host, and fal sends no webhook when a request has ended.
    pub public_url: Option<Url>,
    /// `CORS_ALLOWED_ORIGINS`: origins whose pages may call, separated by commas.
    pub cors_allowed_origins: CorsOrigins,
    /// `MAX_CONNECTIONS`: connections that one process has at a time; further ones wait to be accepted.
    pub max_connections: usize,
    /// `CLIENT_TIMEOUT_SECONDS`: how long a client may take to send the head of a request, and each stretch of its
    /// body.
    pub client_timeout: Duration,
    /// `KEEP_ALIVE_SECONDS`: how long a connection without a request stays open.
    pub keep_alive: Duration,
}

/// Origins whose pages may call the API.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CorsOrigins(pub Vec<String>);

/// What an upload may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `MAX_UPLOAD_BYTES`: bytes of one image.
    pub upload_bytes: usize,
    /// `MAX_REQUEST_BYTES`: bytes of all images of one request together.
    pub request_bytes: usize,
    /// `MAX_IMAGE_PIXELS`: width times height of one image.
    pub image_pixels: u64,
}

impl Server {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let public_url = reader.optional::<Url>("PUBLIC_URL");
        if let Some(url) = &public_url {
            let web = matches!(url.scheme(), "http" | "https");
            reader.require("PUBLIC_URL", web, "must start with http:// or https://");
            let ends_with_path = url.query().is_none() && url.fragment().is_none();
            reader.require("PUBLIC_URL", ends_with_path, "must have neither ? nor #");
        }
        let max_connections = reader.value("MAX_CONNECTIONS", 4_096);
        reader.require("MAX_CONNECTIONS", max_connections > 0, "must be more than 0");
        Self {
            host: reader.value("HOST", IpAddr::from([127, 0, 0, 1])),
            port: reader.value("PORT", 8000),
            public_url,
            cors_allowed_origins: reader.value("CORS_ALLOWED_ORIGINS", CorsOrigins::default()),
            max_connections,
            client_timeout: reader.seconds("CLIENT_TIMEOUT_SECONDS", 20, 1..=3_600),
            keep_alive: reader.seconds("KEEP_ALIVE_SECONDS", 75, 1..=3_600),
        }
    }
}

impl Limits {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let limits = Self {
            upload_bytes: reader.value("MAX_UPLOAD_BYTES", 20 * 1024 * 1024),
            request_bytes: reader.value("MAX_REQUEST_BYTES", 60 * 1024 * 1024),
            image_pixels: reader.value("MAX_IMAGE_PIXELS", 50_000_000),
        };
        reader.require("MAX_UPLOAD_BYTES", limits.upload_bytes > 0, "must be more than 0");
        let holds_one = limits.request_bytes >= limits.upload_bytes;
        reader.require("MAX_REQUEST_BYTES", holds_one, "must not be less than MAX_UPLOAD_BYTES");
        reader.require("MAX_IMAGE_PIXELS", limits.image_pixels > 0, "must be more than 0");
        limits
    }
}

impl FromStr for CorsOrigins {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // A browser sends an origin without a trailing slash; people copy it with one.
        let origins = text.split(',').map(|origin| origin.trim().trim_end_matches('/'));
        Ok(Self(origins.filter(|origin| !origin.is_empty()).map(Into::into).collect()))
    }
}

impl fmt::Display for CorsOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{refuses, takes};

    #[test]
    fn the_public_address_may_end_with_a_path_and_with_nothing_after_it() {
        refuses(
            "PUBLIC_URL",
            &["ftp://edit.test", "https://edit.test/?a=b", "https://edit.test/#a"],
        );
        takes("PUBLIC_URL", &["https://edit.test", "https://edit.test/base/"]);
    }
}
