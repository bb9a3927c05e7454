//! One caller, from its POST to its last call.

mod insist;

use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use tokio::time::{Duration, sleep, timeout};
use uuid::Uuid;

use super::{Told, order::Order};
use crate::chaos::house::House;

/// Longest wait for an answer. Short: a call whose answer is lost is sent again.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// The pause before a call is sent again.
const PAUSE: Duration = Duration::from_millis(400);

/// How long a caller follows a job; and how long each of its calls asks the API to wait, in seconds.
const FOLLOWED: Duration = Duration::from_mins(1);
const WAIT: u64 = 4;

#[derive(Deserialize)]
struct Job {
    id: Uuid,
    status: String,
}

/// A caller.
pub(super) struct Caller<'a> {
    pub(super) house: &'a House,
    pub(super) told: &'a Told,
}

impl Caller<'_> {
    pub(super) async fn call(&self, order: Order) {
        let (job, other) = if order.twice {
            tokio::join!(self.post(&order, 0), self.post(&order, 1))
        } else {
            (self.post(&order, 0).await, None)
        };
        if let (Some(job), Some(other)) = (&job, &other)
            && job.id != other.id
        {
            let said = format!("POST: {} and {} under one key", job.id, other.id);
            self.told.lock().unexpected.push(said);
        }
        let Some(job) = job.or(other) else {
            return;
        };
        self.told.lock().accept(job.id, &order);
        if let Some(after) = order.look_after {
            sleep(after).await;
            self.look(job.id).await;
        }
        if let Some(after) = order.cancel_after {
            sleep(after).await;
            self.cancel(job.id).await;
        }
        if let Some(after) = order.delete_after {
            sleep(after).await;
            return self.delete(job.id).await;
        }
        if order.follows {
            timeout(FOLLOWED, self.follow(job.id)).await.ok();
        }
    }

    /// Waits for the end of the job, and remembers its status.
    async fn follow(&self, job: Uuid) {
        for call in 0.. {
            let url = self.url(call, &format!("/api/jobs/{job}?wait={WAIT}"));
            let patience = Duration::from_secs(WAIT) + ANSWER_PATIENCE;
            match self.ask(self.house.http.get(url).timeout(patience)).await {
                Some(answer) if answer.status() == StatusCode::OK => {
                    if let Ok(Job { id, status }) = answer.json::<Job>().await
                        && ["completed", "failed", "cancelled"].contains(&status.as_str())
                    {
                        self.told.lock().ends.push((id, status));
                        return;
                    }
                    continue;
                }
                Some(answer) => {
                    self.expect(answer, &[200], "GET").await;
                }
                None => {}
            }
            sleep(PAUSE).await;
        }
    }

    /// Reads the job at one of the replicas: each must have it once it is accepted.
    async fn look(&self, job: Uuid) {
        let url = self.url(
            usize::from(job.as_bytes().last().is_some_and(|byte| byte % 2 == 0)),
            &format!("/api/jobs/{job}"),
        );
        if let Some(answer) = self.ask(self.house.http.get(url)).await {
            self.expect(answer, &[200], "GET").await;
        }
    }

    /// The answer to a call, if there is one.
    async fn ask(&self, call: RequestBuilder) -> Option<Response> {
        let answer = call.send().await.ok();
        if answer.is_none() {
            self.told.lock().unanswered += 1;
        }
        answer
    }

    /// Whether an answer's status is one of these. Any other is noted, unless the database or the replica was away.
    async fn expect(&self, answer: Response, expected: &[u16], call: &str) -> bool {
        let status = answer.status();
        if expected.contains(&status.as_u16()) {
            return true;
        }
        // A replica that was paused while a call came in answers 408, and has not read it.
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::REQUEST_TIMEOUT) {
            self.told.lock().away += 1;
        } else {
            let said = answer.text().await.unwrap_or_default();
            self.told.lock().unexpected.push(format!("{call}: {status} {said}"));
        }
        false
    }

    fn url(&self, api: usize, path: &str) -> String {
        let place = self.house.apis.get(api % self.house.apis.len().max(1));
        format!("http://127.0.0.1:{}{path}", place.map_or(0, |place| place.port))
    }
}
