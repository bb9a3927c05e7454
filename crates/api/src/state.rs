//! What every request handler may use.

use actix_web::HttpRequest;
use darkroom_core::{config, db::Pool, queue::Waker};
use url::Url;

/// What every request handler may use. One for the process; its parts are cheap to clone.
#[derive(Clone, Debug)]
pub struct State {
    /// Connections to the database.
    pub pool: Pool,
    /// Tells workers that there is work.
    pub waker: Waker,
    /// What an upload may be.
    pub limits: config::Limits,
    /// How clients reach this server, where that is set.
    pub public_url: Option<Url>,
    /// Who edits: `fal.ai` or its stand-in.
    pub provider: &'static str,
}

impl State {
    /// What the settings say, on top of `pool`.
    pub fn new(config: &config::Config, pool: Pool) -> Self {
        Self {
            waker: Waker::new(pool.clone()),
            pool,
            limits: config.limits,
            public_url: config.server.public_url.clone(),
            provider: if config.fal.is_live() { "fal.ai" } else { "stand-in" },
        }
    }

    /// The address of `path` (which starts with a slash) as this request's client would write it.
    pub(crate) fn link(&self, request: &HttpRequest, path: &str) -> String {
        if let Some(public_url) = &self.public_url {
            return format!("{}{path}", public_url.as_str().trim_end_matches('/'));
        }
        let connection = request.connection_info();
        // What a client says of its host goes back to it: only as far as it is one.
        let home = Url::parse(&format!("{}://{}", connection.scheme(), connection.host()));
        let home = home.map(|url| url.origin()).ok().filter(url::Origin::is_tuple);
        format!("{}{path}", home.map_or_else(String::new, |home| home.ascii_serialization()))
    }
}
