//! One caller, from its POST to the last thing that it wants to know.

use reqwest::{Response, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use tokio::time::{Duration, sleep};
use uuid::Uuid;

use super::{Told, order::Order};
use crate::{chaos::house::House, request};

/// Longest wait for an answer. Short: a call whose answer is lost is sent again.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// How often a call is sent that gets no answer.
const MOST_CALLS: usize = 8;

/// Before it is sent again.
const PAUSE: Duration = Duration::from_millis(400);

#[derive(Deserialize)]
struct Job {
    id: Uuid,
}

/// A caller.
pub(super) struct Caller<'a> {
    pub(super) house: &'a House,
    pub(super) told: &'a Told,
}

impl Caller<'_> {
    pub(super) async fn call(&self, order: Order) {
        let Some(answer) = self.post(&order).await else {
            return;
        };
        let Ok(job) = answer.json::<Job>().await else {
            // The answer broke off after its head: what was accepted is not known.
            self.told.lock().unanswered += 1;
            return;
        };
        self.told.lock().accepted.push((job.id, order.words));
        if let Some(after) = order.look_after {
            sleep(after).await;
            self.look(job.id).await;
        }
        if let Some(after) = order.cancel_after {
            sleep(after).await;
            self.cancel(job.id).await;
        }
    }

    /// The 201, if there was one.
    async fn post(&self, order: &Order) -> Option<Response> {
        for call in 0..MOST_CALLS {
            let request = self
                .house
                .http
                .post(self.url(order.first + call, "/api/jobs"))
                .timeout(ANSWER_PATIENCE)
                .header(CONTENT_TYPE, request::form_type())
                .body(order.body.clone());
            match request.send().await {
                Ok(answer) if answer.status() == StatusCode::CREATED => return Some(answer),
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
                    if self.expect(answer, &[200, 202, 409], "cancel").await {
                        return;
                    }
                }
                Err(_none) => self.told.lock().unanswered += 1,
            }
            sleep(PAUSE).await;
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
