//! What a receiver is told.

use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};

use super::Event;
use crate::{
    job::{Failure, JobId, Status},
    links::Links,
    store::ImageId,
};

/// The body of a delivery: the same at each attempt, except for links that expire. It is small; a receiver that wants
/// more reads the job.
#[derive(Debug, Serialize)]
pub struct Message<'a> {
    #[serde(rename = "type")]
    event: &'static str,
    #[serde(with = "rfc3339")]
    timestamp: OffsetDateTime,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    id: JobId,
    status: Status,
    model: &'a str,
    result_image_url: Option<String>,
    result_image_urls: Vec<String>,
    error: Option<Error<'a>>,
}

#[derive(Debug, Serialize)]
struct Error<'a> {
    code: &'a str,
    message: &'a str,
}

impl<'a> Message<'a> {
    /// Tells that a job came to the event's status at this moment.
    pub fn new(job: JobId, model: &'a str, event: Event, at: OffsetDateTime) -> Self {
        let data = Data {
            id: job,
            status: event.status(),
            model,
            result_image_url: None,
            result_image_urls: Vec::new(),
            error: None,
        };
        Self { event: event.as_str(), timestamp: at, data }
    }

    /// Adds links to the results.
    #[must_use]
    pub fn with_results(mut self, results: &[ImageId], links: &Links) -> Self {
        let urls: Vec<String> = results.iter().map(|image| links.image(*image)).collect();
        self.data.result_image_url = urls.first().cloned();
        self.data.result_image_urls = urls;
        self
    }

    /// Adds why the job failed.
    #[must_use]
    pub fn with_failure(mut self, failure: Option<&'a Failure>) -> Self {
        self.data.error =
            failure.map(|failure| Error { code: &failure.code, message: &failure.message });
        self
    }

    /// The body as it is sent.
    pub fn to_json(&self) -> Vec<u8> {
        // There is nothing in it that JSON cannot hold.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::job::FailureCode;

    fn json_of(message: &Message<'_>) -> Value {
        serde_json::from_slice(&message.to_json()).unwrap()
    }

    #[test]
    fn a_message_is_what_the_readme_says() {
        let id = JobId(Uuid::from_u128(7));
        let at = datetime!(2026-01-31 09:00:00.5 UTC);
        let images = [ImageId(Uuid::from_u128(1)), ImageId(Uuid::from_u128(2))];
        let links = Links::open("https://darkroom.test/home");

        let completed = Message::new(id, "fal-ai/some/edit", Event::Completed, at)
            .with_results(&images, &links);

        let url = |end: &str| {
            format!(
                "https://darkroom.test/home/api/images/00000000-0000-0000-0000-00000000000{end}"
            )
        };
        assert_eq!(
            json_of(&completed),
            json!({
                "type": "job.completed",
                "timestamp": "2026-01-31T09:00:00.5Z",
                "data": {
                    "id": "00000000-0000-0000-0000-000000000007",
                    "status": "completed",
                    "model": "fal-ai/some/edit",
                    "result_image_url": url("1"),
                    "result_image_urls": [url("1"), url("2")],
                    "error": null,
                },
            })
        );
        let text = String::from_utf8(completed.to_json()).unwrap();
        assert!(text.starts_with(r#"{"type":"job.completed","timestamp":"#), "{text}");
    }

    #[test]
    fn a_failure_is_told_and_without_a_public_address_links_are_paths() {
        let id = JobId::generate();
        let failure = Failure::new(FailureCode::ContentPolicy, "No.");
        let at = datetime!(2026-01-31 09:00 UTC);

        let failed = Message::new(id, "m", Event::Failed, at).with_failure(Some(&failure));
        let done = Message::new(id, "m", Event::Completed, at)
            .with_results(&[ImageId(Uuid::from_u128(1))], &Links::open(""));

        let error = json!({"code": "content_policy", "message": "No."});
        assert_eq!(json_of(&failed)["data"]["error"], error);
        assert_eq!(json_of(&failed)["data"]["result_image_url"], Value::Null);
        let path = "/api/images/00000000-0000-0000-0000-000000000001";
        assert_eq!(json_of(&done)["data"]["result_image_url"], path);
    }
}
