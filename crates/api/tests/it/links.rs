//! Signed links: without a key they open what they lead to, and nothing else.

use std::{
    collections::BTreeSet,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use darkroom_testing::eventually;
use reqwest::Method;
use ring::hmac;
use serde_json::{Value, json};

use crate::{
    app::{App, form, photo, problem},
    events::{Events, show_processing},
    watching::complete,
};

pub(crate) const SECRET: &str = "a-secret-of-a-test-that-is-long-enough";

async fn app() -> App {
    App::start_with(&[("REQUIRE_API_KEY", "true"), ("IMAGE_LINK_SECRET", SECRET)]).await
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The query of a link, signed with the secret.
pub(crate) fn signed(message: &str, expires: u64) -> String {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = hmac::sign(&secret, format!("{message}\n{expires}").as_bytes());
    format!("expires={expires}&signature={}", URL_SAFE_NO_PAD.encode(signature))
}

#[tokio::test]
async fn a_link_opens_its_image_and_nothing_else_until_it_expires() {
    let app = app().await;
    let (_, key) = app.new_key(false).await;
    let (job, other) = (app.new_job_of(&key).await, app.new_job_of(&key).await);
    let link = job["input_image_url"].as_str().unwrap();
    let get = |link: String| app.client.get(link).send();

    let answer = get(link.to_owned()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers()["cache-control"].to_str().unwrap().starts_with("private"));
    assert_eq!(answer.bytes().await.unwrap(), photo());
    assert_eq!(get(format!("{link}&download=1")).await.unwrap().status(), 200);
    let small = job["input_images"][0]["thumbnail_url"].as_str().unwrap();
    assert_eq!(get(small.to_owned()).await.unwrap().status(), 200);

    let (address, query) = link.split_once('?').unwrap();
    let other = other["input_image_url"].as_str().unwrap().split_once('?').unwrap().0.to_owned();
    problem(get(address.to_owned()).await.unwrap(), 401, "api_key_needed").await;
    problem(get(format!("{other}?{query}")).await.unwrap(), 403, "invalid_link").await;
    problem(get(link.replace("expires=", "expires=9")).await.unwrap(), 403, "invalid_link").await;
    problem(get(format!("{address}?expires=7")).await.unwrap(), 422, "missing_field").await;
    problem(get(format!("{address}?expires=x&signature=y")).await.unwrap(), 422, "invalid_expires")
        .await;

    let id = address.rsplit('/').next().unwrap();
    let old = format!("{address}?{}", signed(id, 1_000_000_000));
    problem(get(old).await.unwrap(), 403, "expired_link").await;
}

#[tokio::test]
async fn a_link_opens_the_events_of_its_job_and_nothing_else_until_it_expires() {
    let app = app().await;
    let (_, key) = app.new_key(false).await;
    let (job, other) = (app.new_job_of(&key).await, app.new_job_of(&key).await);
    let link = job["events_url"].as_str().unwrap();
    let get = |link: String| app.client.get(link).send();

    let mut events = Events::of(get(link.to_owned()).await.unwrap());
    assert_eq!(events.next().await.unwrap().data, job);
    complete(&app, job["id"].as_str().unwrap()).await;
    let last = events.next().await.unwrap();
    assert_eq!(last.data["status"], "completed");
    assert_eq!(events.next().await, None);
    let again = app.client.get(link).header("Last-Event-ID", &last.id).send().await.unwrap();
    assert_eq!(again.status(), 204);

    let (address, query) = link.split_once('?').unwrap();
    let others = other["events_url"].as_str().unwrap().split_once('?').unwrap().0.to_owned();
    let all = app.url("/api/events");
    let read = address.strip_suffix("/events").unwrap().to_owned();
    problem(get(address.to_owned()).await.unwrap(), 401, "api_key_needed").await;
    problem(get(format!("{others}?{query}")).await.unwrap(), 403, "invalid_link").await;
    problem(get(format!("{all}?{query}")).await.unwrap(), 401, "api_key_needed").await;
    problem(get(format!("{read}?{query}")).await.unwrap(), 401, "api_key_needed").await;
    problem(get(link.replace("expires=", "expires=9")).await.unwrap(), 403, "invalid_link").await;
    problem(get(format!("{address}?signature=x")).await.unwrap(), 422, "missing_field").await;
    let old = signed(&format!("events of {}", job["id"].as_str().unwrap()), 1_000_000_000);
    problem(get(format!("{address}?{old}")).await.unwrap(), 403, "expired_link").await;
    // A key opens the events of its own jobs without a signature, but no other key's.
    let (_, another) = app.new_key(false).await;
    let path = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());
    assert_eq!(app.ask(Method::GET, &path, &key).await.status(), 200);
    problem(app.ask(Method::GET, &path, &another).await, 404, "not_found").await;
}

#[tokio::test]
async fn a_key_and_a_link_open_alike_what_the_other_does_not() {
    let app = app().await;
    let ((_, own), (_, another)) = (app.new_key(false).await, app.new_key(false).await);
    let job = app.new_job_of(&own).await;
    let id = job["id"].as_str().unwrap();
    let image = job["input_image_url"].as_str().unwrap().split(['/', '?']).nth(5).unwrap();

    for (path, message) in [
        (format!("/api/images/{image}"), image.to_owned()),
        (format!("/api/jobs/{id}/events"), format!("events of {id}")),
    ] {
        let ask = async |query: &str, key: &str| {
            app.ask(Method::GET, &format!("{path}?{query}"), key).await
        };
        let (holds, old) = (signed(&message, now() + 600), signed(&message, 1_000_000_000));
        for query in [&*holds, &old, "expires=9999999999&signature=x", ""] {
            assert_eq!(ask(query, &own).await.status(), 200, "{path} {query}");
        }
        for key in [&*another, "dk_nonsense"] {
            assert_eq!(ask(&holds, key).await.status(), 200, "{path} {key}");
            problem(ask(&old, key).await, 403, "expired_link").await;
            problem(ask("expires=9999999999&signature=x", key).await, 403, "invalid_link").await;
        }
        problem(ask("", &another).await, 404, "not_found").await;
        problem(ask("", "dk_nonsense").await, 401, "unknown_api_key").await;
    }
}

/// The fields of a job that the link to its events opens.
const OPENED: [&str; 18] = [
    "cached",
    "created_at",
    "error",
    "events_url",
    "id",
    "input_image_url",
    "input_images",
    "model",
    "options",
    "parent_id",
    "priority",
    "prompt",
    "result_image_url",
    "result_images",
    "run_at",
    "seed",
    "status",
    "updated_at",
];

#[tokio::test]
async fn whoever_follows_by_a_link_is_told_no_more_than_it_opens() {
    let app = app().await;
    let (_, key) = app.new_key(false).await;
    let asked = form(photo(), "make it rain")
        .text("metadata", r#"{"customer": 7}"#)
        .text("webhook_url", "https://receiver.example/a-secret-path");
    let post = app.client.post(app.url("/api/jobs")).bearer_auth(&key).multipart(asked);
    let job: Value = post.send().await.unwrap().json().await.unwrap();
    let id = job["id"].as_str().unwrap();
    let soon = now() + 600;
    let link = format!("/api/jobs/{id}/events?{}", signed(&format!("events of {id}"), soon));

    let told = Events::of(app.get(&link).await).next().await.unwrap().data;

    assert_eq!((&told["id"], &told["prompt"]), (&job["id"], &job["prompt"]));
    assert_eq!((&told["metadata"], &told["webhook_url"]), (&Value::Null, &Value::Null));
    assert_eq!(told["webhook_events"], json!([]));
    // Whoever adds a field decides here whether a link opens it.
    let hidden = ["metadata", "webhook_events", "webhook_url"];
    let opened: BTreeSet<_> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let opened: Vec<_> = opened.into_iter().filter(|field| !hidden.contains(field)).collect();
    assert_eq!(opened, OPENED);
    let small = &told["input_images"][0]["thumbnail_url"];
    for link in [&told["events_url"], &told["input_image_url"], small] {
        assert!(link.as_str().unwrap().contains(&format!("expires={soon}&")), "{link}");
    }
    let image = told["input_image_url"].as_str().unwrap();
    assert_eq!(app.client.get(image).send().await.unwrap().status(), 200);
    // With its key, the job's caller is told all, by the link as well.
    for path in [&format!("/api/jobs/{id}/events"), &link] {
        let told = Events::of(app.ask(Method::GET, path, &key).await).next().await.unwrap().data;
        assert_eq!(told["metadata"], job["metadata"]);
        assert_eq!(told["webhook_url"], job["webhook_url"]);
    }

    app.ask(Method::DELETE, &format!("/api/jobs/{id}"), &key).await;
    problem(app.get(&link).await, 404, "not_found").await;
}

#[tokio::test]
async fn a_stream_that_a_link_opened_ends_when_that_has_expired() {
    let app = app().await;
    let (_, key) = app.new_key(false).await;
    let job = app.new_job_of(&key).await["id"].as_str().unwrap().to_owned();
    let link =
        format!("/api/jobs/{job}/events?{}", signed(&format!("events of {job}"), now() + 12));
    let mut events = Events::of(app.get(&link).await);
    assert_eq!(events.next().await.unwrap().data["id"], *job);

    eventually("the stream ends", async || {
        show_processing(&app).await;
        events.next().await.is_none().then_some(())
    })
    .await;

    problem(app.get(&link).await, 403, "expired_link").await;
}

#[tokio::test]
async fn where_no_keys_are_needed_events_are_followed_whatever_was_signed() {
    let app = App::start().await;
    let job = app.new_job().await;
    let link = job["events_url"].as_str().unwrap();
    assert!(!link.contains('?'));

    for (query, code) in [
        ("expires=x&signature=x", "invalid_expires"),
        ("expires=9223372036854775808&signature=x", "invalid_expires"),
        ("signature=x", "missing_field"),
    ] {
        let answer = app.client.get(format!("{link}?{query}")).send().await.unwrap();
        problem(answer, 422, code).await;
    }
    let old = app.client.get(format!("{link}?expires=1&signature=x")).send().await.unwrap();
    let mut events = Events::of(old);
    assert_eq!(events.next().await.unwrap().data, job);
    complete(&app, job["id"].as_str().unwrap()).await;
    assert_eq!(events.next().await.unwrap().data["status"], "completed");
}

#[tokio::test]
async fn without_a_configured_secret_replicas_sign_with_the_same_one() {
    let app = App::start_with(&[("REQUIRE_API_KEY", "true")]).await;
    let (_, key) = app.new_key(false).await;
    let link = app.new_job_of(&key).await["input_image_url"].as_str().unwrap().to_owned();
    let replica = app.another_replica_with(&[("REQUIRE_API_KEY", "true")]);

    let there = link.replace(&app.address.to_string(), &replica.to_string());

    assert_eq!(app.client.get(there).send().await.unwrap().status(), 200);
}
