//! fal's keys, fetched when they are needed and kept for a day.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{sync, time::Instant};
use url::Url;

use super::Keys;
use crate::fal::{
    BuildError, Error,
    answer::{Answer, send},
    client::builder,
};

/// How long keys may be kept; fal allows no more.
const MAX_AGE: Duration = Duration::from_hours(24);

/// The least time between two fetches that a webhook with an unknown key causes: anybody can send such webhooks.
const PAUSE: Duration = Duration::from_mins(1);

/// The same while there are no keys: no webhook is accepted then, so fal is asked more often.
const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(3);

/// Less than the 15 seconds that fal waits for a webhook to be acknowledged.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

const MAX_KEY_SET_BYTES: usize = 64 * 1024;

/// Where the keys are (source: fal's page on webhooks).
const PATH: &str = ".well-known/jwks.json";

/// The keys as last fetched, and how to fetch them.
#[derive(Debug)]
pub(super) struct KeyRing {
    http: reqwest::Client,
    url: Url,
    fetched: Mutex<Option<Fetched>>,
    /// When fal was last asked. Locked during a fetch, so that there is only one at a time.
    asked: sync::Mutex<Option<Instant>>,
}

#[derive(Clone, Debug)]
struct Fetched {
    keys: Arc<Keys>,
    at: Instant,
}

impl KeyRing {
    pub(super) fn new(rest_url: &Url) -> Result<Self, BuildError> {
        let mut url = rest_url.clone();
        url.set_path(PATH);
        let http = builder().timeout(FETCH_TIMEOUT).build().map_err(BuildError::Http)?;
        Ok(Self { http, url, fetched: Mutex::default(), asked: sync::Mutex::default() })
    }

    /// The keys, not older than a day.
    pub(super) async fn current(&self) -> Result<Arc<Keys>, Error> {
        if let Some(keys) = self.fresh() {
            return Ok(keys);
        }
        let mut asked = self.asked.lock().await;
        // The lock may have been held by another fetch.
        if let Some(keys) = self.fresh() {
            return Ok(keys);
        }
        if asked.is_some_and(|at| at.elapsed() < PAUSE_WITHOUT_KEYS) {
            return Err(Error::AskedTooSoon);
        }
        self.fetch(&mut asked).await
    }

    /// Newer keys than these, which did not fit; `None` where it is too early to ask fal again.
    pub(super) async fn after(&self, old: &Arc<Keys>) -> Result<Option<Arc<Keys>>, Error> {
        let mut asked = self.asked.lock().await;
        if let Some(keys) = self.fresh().filter(|keys| !Arc::ptr_eq(keys, old)) {
            return Ok(Some(keys));
        }
        if asked.is_some_and(|at| at.elapsed() < PAUSE) {
            return Ok(None);
        }
        self.fetch(&mut asked).await.map(Some)
    }

    fn fresh(&self) -> Option<Arc<Keys>> {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let fetched = fetched.as_ref().filter(|fetched| fetched.at.elapsed() < MAX_AGE)?;
        Some(Arc::clone(&fetched.keys))
    }

    async fn fetch(&self, asked: &mut Option<Instant>) -> Result<Arc<Keys>, Error> {
        let fetching = async {
            let response = send(self.http.get(self.url.clone())).await?;
            Answer::read(response, MAX_KEY_SET_BYTES).await
        };
        let answer = fetching.await;
        // Counted from the end of a fetch: those that waited for one that hung do not start another one.
        *asked = Some(Instant::now());
        let answer = answer?;
        if !answer.status.is_success() {
            return Err(answer.refusal());
        }
        let keys = Arc::new(Keys::read(&answer.body).map_err(Error::Malformed)?);
        let fetched = Fetched { keys: Arc::clone(&keys), at: Instant::now() };
        *self.fetched.lock().unwrap_or_else(PoisonError::into_inner) = Some(fetched);
        Ok(keys)
    }
}
