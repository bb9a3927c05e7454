//! How many requests one caller may have under way at once.

use std::time::Duration;

use darkroom_testing::eventually;
use reqwest::Method;
use serde_json::Value;

use crate::{
    app::{App, problem},
    events::Events,
    links::{SECRET, now, signed},
};

async fn app(most: &str) -> App {
    let settings =
        [("REQUIRE_API_KEY", "true"), ("IMAGE_LINK_SECRET", SECRET), ("REQUESTS_AT_ONCE", most)];
    // The server notices at a heartbeat that a stream's client is gone.
    App::start_with_heartbeat(Duration::from_secs(1), &settings).await
}

impl App {
    async fn follow(&self, path: &str, key: &str) -> Events {
        Events::of(self.ask(Method::GET, path, key).await)
    }
}

#[tokio::test]
async fn a_key_has_so_many_requests_under_way_and_others_are_served() {
    let app = app("2").await;
    let ((_, greedy), (_, other)) = (app.new_key(false).await, app.new_key(false).await);
    let job = app.new_job_of(&greedy).await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let _first = app.follow("/api/events", &greedy).await;
    let second = app.follow(&format!("{path}/events"), &greedy).await;

    let refused = app.ask(Method::GET, &format!("{path}?wait=60"), &greedy).await;

    assert_eq!(refused.headers()["retry-after"], "5");
    problem(refused, 429, "too_many_at_once").await;
    let edit = app.client.post(app.url("/v1/images/edits")).bearer_auth(&greedy).send().await;
    let told: Value = edit.unwrap().json().await.unwrap();
    assert_eq!(told["error"]["code"], "too_many_at_once");
    assert_eq!(told["error"]["type"], "rate_limit_error");
    app.new_job_of(&other).await;
    app.follow("/api/events", &other).await;

    drop(second);

    eventually("there is room again", async || {
        (app.ask(Method::GET, "/api/jobs", &greedy).await.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_hangs_up_while_it_waits_makes_room() {
    let app = app("1").await;
    let (_, key) = app.new_key(false).await;
    let job = app.new_job_of(&key).await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let wait = app.client.get(app.url(&format!("{path}?wait=60"))).bearer_auth(&key);
    // Repeats the long poll while it is refused because another request is under way.
    let waiting = tokio::spawn(async move {
        while wait.try_clone().unwrap().send().await.unwrap().status() == 429 {}
    });
    eventually("it waits", async || {
        (app.ask(Method::GET, &path, &key).await.status() == 429).then_some(())
    })
    .await;

    waiting.abort();

    eventually("there is room again", async || {
        (app.ask(Method::GET, &path, &key).await.status() == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn whoever_has_a_link_is_counted_by_address() {
    let app = app("1").await;
    let (_, key) = app.new_key(false).await;
    let job = app.new_job_of(&key).await["id"].as_str().unwrap().to_owned();
    let link =
        format!("/api/jobs/{job}/events?{}", signed(&format!("events of {job}"), now() + 600));
    let _stream = Events::of(app.get(&link).await);

    problem(app.get(&link).await, 429, "too_many_at_once").await;

    app.follow("/api/events", &key).await;
}
