//! The provider's webhook: accepted only at an address that was given out, and with a valid signature.

use darkroom_core::{callback::Callback, job::JobId, store};
use darkroom_testing::eventually;
use reqwest::Response;
use serde_json::{Value, json};

use crate::app::{App, problem};

/// An address at which nothing listens.
const NOWHERE: &str = "http://127.0.0.1:9/";

async fn app() -> App {
    App::start_with(&[("PUBLIC_URL", "https://darkroom.test"), ("FAL_REST_URL", NOWHERE)]).await
}

/// The path that fal is given for a job's first attempt.
async fn path(app: &App, job: JobId) -> String {
    let secret = store::secret(&app.database.pool, Callback::SECRET).await.unwrap();
    let callback = Callback::new(&"https://darkroom.test".parse().unwrap(), &secret);
    callback.url(job, 1).path().to_owned()
}

async fn post(app: &App, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Response {
    let mut request = app.client.post(app.url(path)).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn signed<'a>(timestamp: &'a str, signature: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("X-Fal-Webhook-Request-Id", "r-1"),
        ("X-Fal-Webhook-User-Id", "u-1"),
        ("X-Fal-Webhook-Timestamp", timestamp),
        ("X-Fal-Webhook-Signature", signature),
    ]
}

fn now() -> String {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().to_string()
}

#[tokio::test]
async fn an_address_that_was_not_given_out_is_nowhere() {
    let app = app().await;
    let path = path(&app, JobId::generate()).await;
    let mac = path.rsplit('/').next().unwrap();
    let other = JobId::generate();

    for wrong in [
        format!("/webhooks/fal/{other}/1/{mac}"),
        path.replace("/1/", "/2/"),
        path.replace("/1/", "/99999/"),
        format!("/webhooks/fal/no-id/1/{mac}"),
        path.trim_end_matches(mac).to_owned() + "00",
    ] {
        problem(post(&app, &wrong, &[], b"{}".to_vec()).await, 404, "not_found").await;
    }
}

#[tokio::test]
async fn nobody_is_notified_without_a_public_address() {
    let app = App::start().await;
    let path = path(&app, JobId::generate()).await;

    problem(post(&app, &path, &[], b"{}".to_vec()).await, 404, "not_found").await;
}

#[tokio::test]
async fn what_is_not_signed_is_refused_without_asking_anybody() {
    let app = app().await;
    let path = path(&app, JobId::generate()).await;
    let whole = "0".repeat(128);
    let now = now();
    let cases: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        signed(&now, &whole)[..3].to_vec(),
        signed("yesterday", &whole).to_vec(),
        signed("0", &whole).to_vec(),
        signed(&now, "zz").to_vec(),
    ];

    for headers in cases {
        problem(post(&app, &path, &headers, b"{}".to_vec()).await, 401, "not_authentic").await;
    }
}

#[tokio::test]
async fn a_notice_that_cannot_be_verified_now_is_to_come_again() {
    let app = app().await;
    let path = path(&app, JobId::generate()).await;
    let (now, signature) = (now(), "0".repeat(128));

    let response = post(&app, &path, &signed(&now, &signature), b"{}".to_vec()).await;

    assert!(response.headers().contains_key("retry-after"));
    problem(response, 503, "keys_unavailable").await;
}

#[tokio::test]
async fn a_notice_that_is_too_long_is_refused() {
    let app = app().await;
    let path = path(&app, JobId::generate()).await;

    let response = post(&app, &path, &[], vec![b' '; 2 * 1024 * 1024]).await;

    problem(response, 400, "malformed_body").await;
}

#[tokio::test]
async fn readiness_tells_of_a_halt_and_of_what_may_be_paid_for_and_lost() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let ready = async || app.get("/ready").await.json::<Value>().await.unwrap();
    assert_eq!(ready().await["halted"], Value::Null);
    assert_eq!(ready().await["unknown_submissions"], json!(0));

    let while_long = std::time::Duration::from_hours(1);
    darkroom_core::queue::halt(pool, "provider_balance", while_long).await.unwrap();

    let halted = eventually("that is seen", async || {
        Some(ready().await).filter(|ready| ready["halted"] != Value::Null)
    })
    .await;
    assert_eq!(halted["ready"], true);
    assert_eq!(halted["halted"]["code"], "provider_balance");
    assert!(halted["halted"]["since"].as_str().unwrap().ends_with('Z'), "{halted}");
}
