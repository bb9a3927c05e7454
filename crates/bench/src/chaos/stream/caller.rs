//! One caller, from its POST to the last thing that it wants to know.

use reqwest::{Response, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use tokio::time::{Duration, sleep, timeout};
use uuid::Uuid;

use super::{Told, order::Order};
use crate::{chaos::house::House, request};

/// Longest wait for an answer. Short: a call whose answer is lost is sent again.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// How often a call is sent that gets no answer.
const MOST_CALLS: usize = 8;

/// Before it is sent again.
const PAUSE: Duration = Duration::from_millis(400);

/// How long a caller waits for the end of a job, and for one answer, in seconds.
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

    /// Waits for the end, and remembers which that was.
    async fn follow(&self, job: Uuid) {
        for call in 0.. {
            let url = self.url(call, &format!("/api/jobs/{job}?wait={WAIT}"));
            let patience = Duration::from_secs(WAIT) + ANSWER_PATIENCE;
            match self.house.http.get(url).timeout(patience).send().await {
                Ok(answer) if answer.status() == StatusCode::OK => {
                    if let Ok(Job { id, status }) = answer.json::<Job>().await
                        && ["completed", "failed", "cancelled"].contains(&status.as_str())
                    {
                        self.told.lock().ends.push((id, status));
                        return;
                    }
                }
                Ok(answer) => {
                    self.expect(answer, &[200], "GET").await;
                    sleep(PAUSE).await;
                }
                Err(_none) => {
                    self.told.lock().unanswered += 1;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// What was accepted, if an answer said so.
    async fn post(&self, order: &Order, api: usize) -> Option<Job> {
        for call in 0..MOST_CALLS {
            let mut request = self
                .house
                .http
                .post(self.url(order.first + api + call, "/api/jobs"))
                .timeout(ANSWER_PATIENCE)
                .header(CONTENT_TYPE, request::form_type())
                .body(order.body.clone());
            if let Some(key) = &order.key {
                request = request.header("Idempotency-Key", key);
            }
            match request.send().await {
                // It may break off after its head: what was accepted is not known then.
                Ok(answer) if answer.status() == StatusCode::CREATED => {
                    if let Ok(job) = answer.json::<Job>().await {
                        return Some(job);
                    }
                    self.told.lock().unanswered += 1;
                }
                Ok(answer) => {
                    self.expect(answer, &[], "POST").await;
                    return None;
                }
                Err(_none) => self.told.lock().unanswered += 1,
            }
            sleep(PAUSE).await;
        }
        self.told.lock().given_up += 1;
        None
    }

    /// What was accepted is there to be looked at, at each replica.
    async fn look(&self, job: Uuid) {
        let url = self.url(
            usize::from(job.as_bytes().last().is_some_and(|byte| byte % 2 == 0)),
            &format!("/api/jobs/{job}"),
        );
        match self.house.http.get(url).send().await {
            Ok(answer) => {
                self.expect(answer, &[200], "GET").await;
            }
            Err(_none) => self.told.lock().unanswered += 1,
        }
    }

    /// Asking again is no error, so this is done until there is an answer.
    async fn cancel(&self, job: Uuid) {
        for call in 0..MOST_CALLS {
            let url = self.url(call, &format!("/api/jobs/{job}/cancel"));
            match self.house.http.post(url).send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    *self.told.lock().cancelled.entry(status).or_default() += 1;
                    if status == 200 {
                        self.told.lock().ends.push((job, "cancelled".to_owned()));
                    }
                    if self.expect(answer, &[200, 202, 409], "cancel").await {
                        return;
                    }
                }
                Err(_none) => self.told.lock().unanswered += 1,
            }
            sleep(PAUSE).await;
        }
    }

    /// A second time there is none, so this is done until there is an answer. Then no replica shows it.
    async fn delete(&self, job: Uuid) {
        self.told.lock().deleted.insert(job, false);
        for call in 0..MOST_CALLS {
            let url = self.url(call, &format!("/api/jobs/{job}"));
            match self.house.http.delete(url).send().await {
                Ok(answer) => {
                    if self.expect(answer, &[204, 404], "DELETE").await {
                        return self.look_for_deleted(job).await;
                    }
                }
                Err(_none) => self.told.lock().unanswered += 1,
            }
            sleep(PAUSE).await;
        }
    }

    async fn look_for_deleted(&self, job: Uuid) {
        self.told.lock().deleted.insert(job, true);
        for api in 0..self.house.apis.len() {
            let url = self.url(api, &format!("/api/jobs/{job}"));
            if let Ok(answer) = self.house.http.get(url).send().await {
                self.expect(answer, &[404], "GET of a deleted job").await;
            }
        }
    }

    /// Whether an answer is one of these. It may be that the database or the replica was away; nothing else is expected.
    async fn expect(&self, answer: Response, expected: &[u16], call: &str) -> bool {
        let status = answer.status();
        if expected.contains(&status.as_u16()) {
            return true;
        }
        // A replica that was paused as a call came says 408, and has not read it.
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
