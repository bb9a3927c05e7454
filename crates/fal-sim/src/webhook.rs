//! Tells a caller that its request has ended (fal docs: webhooks).
//!
//! The receiver acknowledges with 2xx. Anything else is retried at growing intervals until the
//! stored result would expire; a redirect is not followed and ends the delivery. fal drops
//! receivers on private addresses; this stand-in does not, as its callers are there.

mod body;
mod keys;

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, Responder, web};
use bytes::Bytes;
use reqwest::redirect::Policy;
use tokio::time::{Instant, sleep};
use url::Url;
use uuid::Uuid;

use crate::faults::{Delivery, Place};
use crate::server::Sim;
pub(crate) use body::Ended;
pub(crate) use keys::Keys;

/// How long the receiver may take over the first attempt, and over each retry.
const FIRST_TIMEOUT: Duration = Duration::from_secs(15);
const RETRY_TIMEOUT: Duration = Duration::from_mins(2);

/// How often a webhook is retried at most.
const MOST_RETRIES: u32 = 31;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// How old the timestamp of a stale webhook is, in seconds.
const STALE: i64 = 3600;

/// The client for webhooks; it follows no redirect.
pub(crate) fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().redirect(Policy::none()).build()
}

/// `GET /.well-known/jwks.json`: the key that webhooks are signed with.
pub(crate) async fn jwks(sim: web::Data<Sim>) -> impl Responder {
    HttpResponse::Ok()
        .insert_header(("Cache-Control", "public, max-age=86400"))
        .json(sim.webhook_keys.jwks())
}

/// Sends the webhook of a request that has just ended, if it wants one.
pub(crate) fn announce(sim: &Arc<Sim>, id: Uuid) {
    let ended = sim.requests.with(id, |request| {
        let (receiver, answer) = (request.webhook.clone()?, request.answer.clone()?);
        let ended = Ended { id, gateway_id: request.gateway_id, answer };
        Some((receiver, request.endpoint_id.clone(), ended))
    });
    let Some((receiver, endpoint_id, ended)) = ended.flatten() else {
        return;
    };
    let strike = sim.faults.strike(Place::Webhook, Some(&endpoint_id));
    let (late, delivery) = (strike.latency.unwrap_or_default(), strike.delivery());
    if delivery == Some(Delivery::Missing) {
        return;
    }
    let copies = if delivery == Some(Delivery::Duplicate) { 2 } else { 1 };
    for _ in 0..copies {
        let post = Post { sim: Arc::clone(sim), id, receiver: receiver.clone(), delivery };
        let body = ended.body(delivery == Some(Delivery::NoPayload));
        sim.spawn(async move {
            sleep(late).await;
            post.deliver(body).await;
        });
    }
}

/// One delivery, with all its attempts.
struct Post {
    sim: Arc<Sim>,
    id: Uuid,
    receiver: Url,
    delivery: Option<Delivery>,
}

/// How an attempt ended.
enum Attempt {
    Acknowledged,
    Redirected,
    Failed,
}

impl Post {
    async fn deliver(self, body: Bytes) {
        let until = Instant::now() + self.sim.settings.retention.of(body.len());
        let mut pause = self.sim.settings.webhook_retry;
        let mut timeout = FIRST_TIMEOUT;
        for _ in 0..=MOST_RETRIES {
            match self.attempt(body.clone(), timeout).await {
                Attempt::Acknowledged => {
                    self.sim.requests.acknowledge(self.id);
                    return;
                }
                Attempt::Redirected => return,
                Attempt::Failed => {}
            }
            if Instant::now() + pause > until {
                return;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            timeout = RETRY_TIMEOUT;
        }
    }

    /// Posts once. Each attempt is signed anew: an old timestamp would be refused.
    async fn attempt(&self, body: Bytes, timeout: Duration) -> Attempt {
        self.sim.requests.with(self.id, |request| request.webhook_attempts += 1);
        let keys = &self.sim.webhook_keys;
        let headers = match self.delivery {
            Some(Delivery::Forged) => keys.forge(self.id, &body),
            Some(Delivery::Stale) => keys.sign(self.id, -STALE, &body),
            _ => keys.sign(self.id, 0, &body),
        };
        let mut post = self.sim.webhooks.post(self.receiver.clone()).timeout(timeout);
        for (name, value) in headers {
            post = post.header(name, value);
        }
        let answer = post.header("Content-Type", "application/json").body(body).send().await;
        match answer.map(|answer| answer.status()) {
            Ok(code) if code.is_success() => Attempt::Acknowledged,
            Ok(code) if code.is_redirection() => Attempt::Redirected,
            Ok(code) => {
                tracing::debug!(%code, request_id = %self.id, "a webhook was not acknowledged");
                Attempt::Failed
            }
            Err(error) => {
                tracing::debug!(%error, request_id = %self.id, "a webhook did not arrive");
                Attempt::Failed
            }
        }
    }
}
