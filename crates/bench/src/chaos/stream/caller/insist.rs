//! Calls that are sent again until there is an answer.

use reqwest::{StatusCode, header::CONTENT_TYPE};
use tokio::time::sleep;
use uuid::Uuid;

use super::{ANSWER_PATIENCE, Caller, Job, PAUSE};
use crate::{chaos::stream::order::Order, request};

/// How often a call that gets no answer is sent, at most.
const MOST_CALLS: usize = 8;

impl Caller<'_> {
    /// Posts the order until there is an answer. Returns the job if it was accepted.
    pub(super) async fn post(&self, order: &Order, api: usize) -> Option<Job> {
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
            match self.ask(request).await {
                // The answer may break off after its head: then it is not known which job was accepted.
                Some(answer) if answer.status() == StatusCode::CREATED => {
                    if let Ok(job) = answer.json::<Job>().await {
                        return Some(job);
                    }
                    self.told.lock().unanswered += 1;
                }
                Some(answer) => {
                    self.expect(answer, &[], "POST").await;
                    return None;
                }
                None => {}
            }
            sleep(PAUSE).await;
        }
        self.told.lock().given_up += 1;
        None
    }

    /// Cancels the job. Cancelling again is no error, so the call is sent until there is an answer.
    pub(super) async fn cancel(&self, job: Uuid) {
        for call in 0..MOST_CALLS {
            let url = self.url(call, &format!("/api/jobs/{job}/cancel"));
            if let Some(answer) = self.ask(self.house.http.post(url)).await {
                let status = answer.status().as_u16();
                *self.told.lock().cancelled.entry(status).or_default() += 1;
                if status == 200 {
                    self.told.lock().ends.push((job, "cancelled".to_owned()));
                }
                if self.expect(answer, &[200, 202, 409], "cancel").await {
                    return;
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// Deletes the job. A second DELETE is answered with 404, so it is sent until there is an answer. Then no replica
    /// may show the job.
    pub(super) async fn delete(&self, job: Uuid) {
        self.told.lock().deleted.insert(job, false);
        for call in 0..MOST_CALLS {
            let url = self.url(call, &format!("/api/jobs/{job}"));
            if let Some(answer) = self.ask(self.house.http.delete(url)).await
                && self.expect(answer, &[204, 404], "DELETE").await
            {
                return self.look_for_deleted(job).await;
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
}
