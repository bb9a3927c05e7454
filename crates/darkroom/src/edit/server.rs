//! The API, as its client sees it.

use std::time::Duration;

use darkroom_core::{config::Config, tls};
use reqwest::{
    Client, Method, RequestBuilder, Response, StatusCode,
    header::{AUTHORIZATION, HeaderValue},
};
use secrecy::ExposeSecret;
use url::{Host, Url};
use uuid::Uuid;

use super::{
    failure::Failure,
    job::Problem,
    retry::{Patience, Trouble, patiently},
    show::Screen,
};
use crate::{cli::EditOptions, health::own_url};

/// An API that does not connect within this time counts as absent.
const CONNECTING: Duration = Duration::from_secs(10);

/// The longest answer that is not a picture, in bytes.
const LONGEST_ANSWER: usize = 4 << 20;

/// The API, and the key to it.
pub(super) struct Server {
    client: Client,
    /// Its path ends with a slash.
    base: Url,
    /// The `Authorization` header, marked as sensitive.
    key: Option<HeaderValue>,
}

/// An answer that needs no retry.
pub(super) struct Answer {
    /// A success, or a 404 or 409 that is left to the caller.
    pub(super) status: StatusCode,
    /// At most [`LONGEST_ANSWER`] bytes.
    pub(super) body: Vec<u8>,
}

impl Server {
    /// The API that the options or settings name, or else the one on this machine.
    pub(super) fn of(config: &Config, options: &EditOptions) -> Result<Self, Failure> {
        let base = options.url.clone().or_else(|| config.client.url.clone());
        let base = base.map_or_else(|| Url::parse(&own_url(&config.server)), Ok);
        let mut base = base.map_err(|error| Failure::Usage(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(Failure::Usage("the API's URL starts with http:// or https://".into()));
        }
        // Else joining a path would replace the last segment.
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        base.set_query(None);
        base.set_fragment(None);
        let key = config.client.api_key.as_ref().map(|key| {
            let key = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
            // The key itself is not shown.
            let mut key = key.map_err(|_unshown| {
                Failure::Usage("DARKROOM_API_KEY has characters that no header takes".into())
            })?;
            key.set_sensitive(true);
            Ok(key)
        });
        tls::install_provider();
        let mut client = Client::builder().connect_timeout(CONNECTING);
        if is_local(&base) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self { client, base, key: key.transpose()? })
    }

    /// The address for messages, without user and password.
    pub(super) fn shown(&self) -> String {
        let mut shown = self.base.clone();
        // These fail only for a URL without a host, which has neither.
        shown.set_username("").ok();
        shown.set_password(None).ok();
        shown.as_str().trim_end_matches('/').to_owned()
    }

    /// A request for a path of the API.
    pub(super) fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Failure> {
        let url = self.base.join(path).map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(self.with_key(self.client.request(method, url)))
    }

    /// A request for a picture. The key is sent only to the API's own origin.
    pub(super) fn picture(&self, url: &Url) -> RequestBuilder {
        let request = self.client.get(url.clone());
        if url.origin() == self.base.origin() { self.with_key(request) } else { request }
    }

    fn with_key(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.key {
            Some(key) => request.header(AUTHORIZATION, key.clone()),
            None => request,
        }
    }

    /// Sends a request until there is an answer or patience runs out. A refusal is a failure, except for a 404 or
    /// 409, which the caller gets.
    pub(super) async fn ask(
        &self,
        screen: &Screen,
        patience: Patience,
        job: Option<Uuid>,
        mut request: impl AsyncFnMut() -> Result<RequestBuilder, Failure>,
    ) -> Result<Answer, Failure> {
        let answer = patiently(screen, patience, async || {
            let answer = request().await?.send().await.map_err(Trouble::of)?;
            let mut answer = Trouble::unless_settled(answer)?;
            let status = answer.status();
            let body = bounded(&mut answer).await?;
            Ok(Answer { status, body })
        })
        .await
        .map_err(|trouble| trouble.into_failure(self, job))?;
        let is_callers = matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::CONFLICT);
        if answer.status.is_success() || (job.is_some() && is_callers) {
            return Ok(answer);
        }
        Err(self.refusal(&answer))
    }

    /// The failure that an unsuccessful answer reports.
    fn refusal(&self, answer: &Answer) -> Failure {
        match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if answer.status.is_server_error() => {
                Failure::Broken { server: self.shown(), problem }
            }
            Ok(problem) => Failure::Refused(problem),
            Err(_) => self.stranger(),
        }
    }

    /// The failure when an answer cannot be read.
    pub(super) fn stranger(&self) -> Failure {
        Failure::Stranger { server: self.shown() }
    }
}

/// The body of an answer.
async fn bounded(answer: &mut Response) -> Result<Vec<u8>, Trouble> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(Trouble::of)? {
        // A longer body is cut, and then cannot be read: no API sends so much.
        let room = LONGEST_ANSWER - body.len();
        body.extend(chunk.iter().take(room));
        if chunk.len() > room {
            break;
        }
    }
    Ok(body)
}

/// Whether the address is local, so that no proxy is used, whatever the environment says.
fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
