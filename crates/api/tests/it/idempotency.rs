//! Repeated requests with an `Idempotency-Key`.

use darkroom_core::store;
use reqwest::{Response, multipart::Form};
use serde_json::Value;

use crate::app::{App, file, form, photo, picture, problem};

async fn ask(app: &App, key: &str, form: Form) -> Response {
    let post = app.client.post(app.url("/api/jobs")).header("Idempotency-Key", key);
    post.multipart(form).send().await.unwrap()
}

#[tokio::test]
async fn the_same_key_and_body_answer_the_same_job_as_it_is_by_then() {
    let app = App::start().await;

    let first = ask(&app, "order-1", form(photo(), "make it rain")).await;
    assert_eq!(first.status(), 201);
    assert!(first.headers().get("idempotent-replayed").is_none());
    let location = first.headers()["location"].clone();
    let job: Value = first.json().await.unwrap();
    let id = job["id"].as_str().unwrap();
    app.client.post(app.url(&format!("/api/jobs/{id}/cancel"))).send().await.unwrap();
    // Another boundary, another order, and an empty field.
    let same =
        Form::new().text("seed", "").text("prompt", "make it rain").part("image", file(photo()));
    let again = ask(&app, "order-1", same).await;

    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["location"], location);
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    let again: Value = again.json().await.unwrap();
    assert_eq!((&again["id"], &again["status"]), (&job["id"], &"cancelled".into()));
    assert_eq!(app.stored_jobs().await, 1);
}

#[tokio::test]
async fn requests_that_arrive_at_once_make_one_job_on_whatever_replica() {
    let app = App::start().await;
    let other = app.another_replica();

    let asked = (0..8).map(|turn| {
        let replica = if turn % 2 == 0 { &app.address } else { &other };
        let post = app.client.post(format!("http://{replica}/api/jobs"));
        post.header("Idempotency-Key", "at-once").multipart(form(photo(), "x")).send()
    });
    let answers = futures_util::future::join_all(asked).await;

    let mut locations = Vec::new();
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 201);
        let location = answer.headers()["location"].to_str().unwrap();
        locations.push(location.rsplit('/').next().unwrap().to_owned());
    }
    locations.dedup();
    assert_eq!(locations.len(), 1);
    assert_eq!(app.stored_jobs().await, 1);
}

#[tokio::test]
async fn something_else_under_the_same_key_is_refused() {
    let app = App::start().await;
    ask(&app, "k", form(photo(), "make it rain")).await;

    let png = picture(image::ImageFormat::Png);
    let others = [
        form(photo(), "make it snow"),
        form(png, "make it rain"),
        form(photo(), "make it rain").text("seed", "1"),
        form(photo(), "make it rain").text("priority", "1"),
    ];
    for other in others {
        let body = problem(ask(&app, "k", other).await, 422, "idempotency_conflict").await;
        assert_eq!(body["field"], "Idempotency-Key");
    }
    assert_eq!(ask(&app, "another", form(photo(), "make it snow")).await.status(), 201);
    assert_eq!(app.stored_jobs().await, 2);
}

#[tokio::test]
async fn a_request_that_was_refused_keeps_no_key() {
    let app = App::start().await;

    problem(ask(&app, "k", form(photo(), "")).await, 422, "empty_field").await;

    assert_eq!(ask(&app, "k", form(photo(), "x")).await.status(), 201);
}

#[tokio::test]
async fn the_key_of_a_deleted_job_says_so() {
    let app = App::start().await;
    let job: Value = ask(&app, "k", form(photo(), "x")).await.json().await.unwrap();
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    app.client.delete(app.url(&path)).send().await.unwrap();

    let again = ask(&app, "k", form(photo(), "x")).await;

    let body = problem(again, 409, "idempotency_job_deleted").await;
    assert_eq!(body["field"], "Idempotency-Key");
    assert_eq!(app.stored_jobs().await, 0);
}

#[tokio::test]
async fn a_start_that_has_come_meanwhile_is_no_reason_to_refuse_what_was_taken() {
    let app = App::start().await;
    let now: String = sqlx::query_scalar(
        "select to_char(now() at time zone 'UTC' - interval '59 s', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();
    let planned = || form(photo(), "x").text("run_at", now.clone());
    let first: Value = ask(&app, "k", planned()).await.json().await.unwrap();

    let refused = darkroom_testing::eventually("it is in the past", async || {
        let answer = app.post(planned()).await;
        (answer.status() != 201).then_some(answer)
    });
    problem(refused.await, 422, "in_the_past").await;

    let again: Value = ask(&app, "k", planned()).await.json().await.unwrap();
    assert_eq!(again["id"], first["id"]);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day_pruned_or_not() {
    let app = App::start().await;
    let pool = &app.database.pool;
    let age = "update idempotency_keys set created_at = now() - interval '25 hours'";
    let first: Value = ask(&app, "k", form(photo(), "x")).await.json().await.unwrap();

    sqlx::query(age).execute(pool).await.unwrap();
    let second: Value = ask(&app, "k", form(photo(), "y")).await.json().await.unwrap();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(store::prune_idempotency_keys(pool).await.unwrap().rows, 0);
    let again: Value = ask(&app, "k", form(photo(), "y")).await.json().await.unwrap();
    assert_eq!(again["id"], second["id"]);

    sqlx::query(age).execute(pool).await.unwrap();
    assert_eq!(store::prune_idempotency_keys(pool).await.unwrap().rows, 1);
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_by_name() {
    let app = App::start().await;
    for key in ["", "two words", &"x".repeat(201), &"x".repeat(10_000)] {
        let answer = ask(&app, key, form(photo(), "x")).await;
        let body = problem(answer, 422, "invalid_idempotency_key").await;
        assert_eq!(body["field"], "Idempotency-Key");
    }
    app.assert_nothing_is_stored().await;
    assert_eq!(ask(&app, &"x".repeat(200), form(photo(), "x")).await.status(), 201);
}
