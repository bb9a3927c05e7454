//! The fal client against the stand-in for fal, over HTTP. The two share no code.

use std::{net::TcpListener, time::Duration};

use darkroom_core::{
    fal::{
        Cancellation, Class, Client, Error, Notice, Progress, Report, SubmitError, WebhookError,
        WebhookHeaders, Webhooks,
    },
    images::MediaType,
    models,
    queue::Submission,
};
use darkroom_fal_sim::{Running, Settings, start};
use darkroom_testing::{eventually, http_client};
use image::ImageFormat;
use serde_json::{Value, json};
use time::macros::datetime;
use url::Url;

use crate::{
    factory::picture,
    fal_server::{Reply, Seen, Server, settings},
};

const ENDPOINT: &str = models::DEFAULT;

/// The model's own input.
fn input(prompt: &str, image_url: &Url) -> Value {
    json!({"prompt": prompt, "image_urls": [image_url], "num_images": 1})
}

/// The stand-in, and a client for it.
struct Sim {
    running: Running,
    client: Client,
}

impl Sim {
    async fn start(latency: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = Settings { latency, concurrency: 1, ..Settings::default() };
        let running = start(listener, settings).await.unwrap();
        let client = Client::new(&self::settings(running.base_url(), &[])).unwrap();
        Self { running, client }
    }

    /// One whose edits take no time.
    async fn quick() -> Self {
        Self::start(Duration::ZERO).await
    }

    /// One whose edits never end.
    async fn stuck() -> Self {
        Self::start(Duration::from_hours(1)).await
    }

    async fn input(&self) -> Url {
        let data = picture(96, 64, ImageFormat::Png);
        self.client.upload(data.into(), MediaType::Png).await.unwrap()
    }

    async fn submit(&self, webhook: Option<&Url>) -> Submission {
        let input = input("make it rain", &self.input().await);
        self.client.submit(ENDPOINT, &input, webhook).await.unwrap()
    }

    async fn until_ended(&self, submission: &Submission) -> Report {
        eventually("the edit's end", async || {
            let report = self.client.check(submission).await.unwrap();
            matches!(report.progress, Progress::Ended { .. }).then_some(report)
        })
        .await
    }

    async fn faults(&self, faults: Value) {
        let url = self.running.base_url().join("_sim/faults").unwrap();
        let faults = json!({"seed": 7, "faults": faults});
        let answer = http_client().put(url).json(&faults).send().await.unwrap();
        assert_eq!(answer.status(), 200);
    }

    async fn ledger(&self) -> Vec<Value> {
        let url = self.running.base_url().join("_sim/requests").unwrap();
        http_client().get(url).send().await.unwrap().json().await.unwrap()
    }
}

#[tokio::test]
async fn a_picture_is_edited_and_watched_until_it_can_be_fetched() {
    let sim = Sim::start(Duration::from_millis(50)).await;
    let submission = sim.submit(None).await;

    let mut watch = sim.client.watch(&submission).await.unwrap();
    let mut last = None;
    let mut lines = 0;
    while let Some(report) = watch.next().await.unwrap() {
        lines += report.logs.len();
        last = Some(report.progress);
    }

    assert!(matches!(last, Some(Progress::Ended { inference_seconds: Some(_) })), "{last:?}");
    let report = sim.client.check(&submission).await.unwrap();
    assert_eq!(Some(report.progress), last);
    assert_eq!(report.logs.len(), lines);
    assert!(report.logs.iter().all(|line| line.timestamp.is_some() && line.level.is_some()));
    let output = sim.client.result(&submission).await.unwrap();
    assert!(output.seed.is_some());
    assert_eq!((output.images.len(), output.billable_units), (1, Some(1.0)));
    let download = sim.client.download(&output.images[0].url).await.unwrap();
    assert!(download.picture.width > 0);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_is_cancelled_while_it_waits_and_while_it_runs_and_not_afterwards() {
    let sim = Sim::stuck().await;
    let running = sim.submit(None).await;
    let waiting = sim.submit(None).await;

    assert_eq!(sim.client.cancel(&waiting).await.unwrap(), Cancellation::Removed);
    assert_eq!(sim.client.cancel(&running).await.unwrap(), Cancellation::Requested);
    for submission in [&waiting, &running] {
        sim.until_ended(submission).await;
        assert_eq!(sim.client.cancel(submission).await.unwrap(), Cancellation::TooLate);
        let error = sim.client.result(submission).await.unwrap_err();
        assert_eq!(error.failure().code, "provider_cancelled");
    }
    let mut unknown = waiting;
    unknown.cancel_url =
        sim.running.base_url().join("fal-ai/bytedance/requests/r-0/cancel").unwrap();
    assert_eq!(sim.client.cancel(&unknown).await.unwrap(), Cancellation::Unknown);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_whose_submission_went_unanswered_is_found_and_was_made_once() {
    let sim = Sim::quick().await;
    sim.submit(None).await;
    let url = sim.input().await;
    sim.faults(json!([{"at": "submit", "reset": "after", "next": 1}])).await;

    let input = input("lost", &url);
    let submitted = sim.client.submit(ENDPOINT, &input, None).await;

    assert!(matches!(submitted, Err(SubmitError::Unknown(_))), "{submitted:?}");
    let since = datetime!(2020-01-01 00:00 UTC);
    let found = eventually("the lost request", async || {
        sim.client.find_request(ENDPOINT, url.as_str(), since).await.unwrap()
    })
    .await;
    assert_eq!(sim.client.result(&found).await.unwrap().images.len(), 1);
    assert_eq!(sim.ledger().await.len(), 2);
    assert_eq!(sim.client.find_request(ENDPOINT, "no such input", since).await.unwrap(), None);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_start_deadline_ends_a_request_that_waits_too_long() {
    let sim = Sim::stuck().await;
    sim.submit(None).await;
    let settings = settings(sim.running.base_url(), &[("FAL_START_DEADLINE_SECONDS", "2")]);
    let client = Client::new(&settings).unwrap();

    let input = input("too late", &sim.input().await);
    let submission = client.submit(ENDPOINT, &input, None).await.unwrap();
    sim.until_ended(&submission).await;

    let error = client.result(&submission).await.unwrap_err();
    assert_eq!(error.failure().code, "provider_timeout");
    sim.running.stop().await;
}

#[tokio::test]
async fn a_probe_tells_a_locked_account_from_an_open_one() {
    let sim = Sim::quick().await;
    sim.client.probe().await.unwrap();
    let detail = "User is locked. Reason: Exhausted balance. Top up your balance.";
    sim.faults(json!([{"at": "initiate", "status": 403, "shape": "plain", "detail": detail}]))
        .await;

    let error = sim.client.probe().await.unwrap_err();

    assert_eq!(error.failure().code, "provider_balance");
    assert!(sim.ledger().await.is_empty());
    sim.running.stop().await;
}

#[tokio::test]
async fn a_stream_that_is_cut_is_an_error_and_another_one_goes_on() {
    let sim = Sim::start(Duration::from_millis(300)).await;
    let submission = sim.submit(None).await;
    sim.faults(json!([{"at": "stream", "reset": "midway", "next": 1}])).await;

    let cut = async {
        let mut watch = sim.client.watch(&submission).await?;
        while watch.next().await?.is_some() {}
        Ok::<(), Error>(())
    };
    let error = cut.await.unwrap_err();

    assert_eq!(error.class(), Class::Later, "{error:?}");
    let mut watch = sim.client.watch(&submission).await.unwrap();
    let mut last = None;
    while let Some(report) = watch.next().await.unwrap() {
        last = Some(report.progress);
    }
    assert!(matches!(last, Some(Progress::Ended { .. })), "{last:?}");
    sim.running.stop().await;
}

#[tokio::test]
async fn webhooks_come_and_only_genuine_ones_are_believed() {
    for (delivery, expected) in [
        (None, Some(true)),
        (Some("no_payload"), Some(true)),
        (Some("forged"), None),
        (Some("stale"), None),
    ] {
        let sim = Sim::quick().await;
        let inbox = Server::always(Reply::text(200, &[], "")).await;
        let faults = delivery.map(|delivery| json!({"at": "webhook", "delivery": delivery}));
        sim.faults(faults.into_iter().collect()).await;
        let webhooks = Webhooks::new(&settings(sim.running.base_url(), &[])).unwrap();

        let submission = sim.submit(Some(&inbox.url.join("hooks?job=7").unwrap())).await;
        let come = eventually("the webhook", async || inbox.seen().pop()).await;

        assert_eq!(come.line, "POST /hooks?job=7");
        let verified = webhooks.verify(&headers(&come), &come.body).await;
        match expected {
            Some(ok) => {
                let request_id = submission.provider_request_id;
                assert_eq!(verified.unwrap(), Notice { request_id, ok });
            }
            None => assert!(matches!(verified, Err(WebhookError::Unauthentic)), "{verified:?}"),
        }
        sim.running.stop().await;
    }
}

fn headers(webhook: &Seen) -> WebhookHeaders<'_> {
    let header = |name| webhook.header(name).unwrap();
    WebhookHeaders {
        request_id: header("x-fal-webhook-request-id"),
        user_id: header("x-fal-webhook-user-id"),
        timestamp: header("x-fal-webhook-timestamp"),
        signature: header("x-fal-webhook-signature"),
    }
}
