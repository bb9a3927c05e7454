//! Waiting for an edit, giving up, and retrying.

use darkroom_testing::eventually;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Made, PATH, ask, complete, error};
use crate::app::{App, form, photo};

/// A post with an `Idempotency-Key`.
fn post(app: &App, key: &str) -> RequestBuilder {
    app.client.post(app.url(PATH)).header("Idempotency-Key", key)
}

async fn send(post: RequestBuilder) -> Response {
    post.multipart(form(photo(), "make it rain")).send().await.unwrap()
}

fn made() -> Vec<Made> {
    vec![Made::png(photo())]
}

#[tokio::test]
async fn requests_under_one_key_wait_for_one_edit() {
    let app = App::start().await;

    let (first, second, ()) =
        tokio::join!(send(post(&app, "k")), send(post(&app, "k")), complete(&app, made()));
    let third = send(post(&app, "k")).await;

    let locations = [&first, &second, &third].map(|answer| answer.headers()["location"].clone());
    assert!(locations.iter().all(|location| *location == locations[0]));
    assert_eq!(third.headers()["idempotent-replayed"], "true");
    let first: Value = first.json().await.unwrap();
    for answer in [second, third] {
        assert_eq!(answer.json::<Value>().await.unwrap(), first);
    }
    assert_eq!(app.stored_jobs().await, 1);

    let other = post(&app, "k").multipart(form(photo(), "make it snow")).send().await.unwrap();
    let error = error(other, 400, "invalid_request_error", "idempotency_conflict").await;
    assert_eq!(error["param"], "Idempotency-Key");
}

#[tokio::test]
async fn a_client_is_answered_before_it_gives_up_and_asks_again_only_under_a_key() {
    let app = App::start().await;
    let impatient = |post: RequestBuilder| post.header("x-stainless-read-timeout", "1");

    let answer = send(impatient(app.client.post(app.url(PATH)))).await;
    assert_eq!(answer.headers()["x-should-retry"], "false");
    error(answer, 504, "server_error", "still_running").await;
    complete(&app, made()).await;

    let answer = send(impatient(post(&app, "k"))).await;
    assert_eq!(answer.headers()["x-should-retry"], "true");
    let location = answer.headers()["location"].clone();
    error(answer, 504, "server_error", "still_running").await;

    let (answer, ()) = tokio::join!(send(post(&app, "k")), complete(&app, made()));
    assert_eq!(
        (answer.status(), &answer.headers()["location"]),
        (200.try_into().unwrap(), &location)
    );
    assert_eq!(app.stored_jobs().await, 2);
}

#[tokio::test]
async fn the_job_of_a_client_that_goes_away_goes_on() {
    let app = App::start().await;
    let client = tokio::spawn(app.client.post(app.url(PATH)).multipart(form(photo(), "x")).send());
    let job = eventually("the job is there", async || {
        let jobs: Vec<Value> = app.get("/api/jobs").await.json().await.unwrap();
        jobs.into_iter().next()
    })
    .await;

    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    complete(&app, made()).await;

    let job = app.get(&format!("/api/jobs/{}?wait=60", job["id"].as_str().unwrap())).await;
    assert_eq!(job.json::<Value>().await.unwrap()["status"], "completed");
}

#[tokio::test]
async fn whoever_waits_is_answered_when_the_server_is_about_to_stop() {
    let stop = CancellationToken::new();
    let app = App::start_until(stop.clone()).await;

    let (answer, ()) = tokio::join!(ask(&app, form(photo(), "x")), async {
        eventually("the job is there", async || (app.stored_jobs().await > 0).then_some(())).await;
        stop.cancel();
    });

    assert_eq!(answer.headers()["x-should-retry"], "false");
    error(answer, 504, "server_error", "still_running").await;
}
