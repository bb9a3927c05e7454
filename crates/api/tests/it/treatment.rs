//! A job's priority, and its start in the future.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::app::{App, form, photo, problem};

async fn in_future(app: &App, ahead: Duration) -> String {
    let now: OffsetDateTime =
        sqlx::query_scalar("select now()").fetch_one(&app.database.pool).await.unwrap();
    (now + ahead).format(&Rfc3339).unwrap()
}

#[tokio::test]
async fn a_job_keeps_its_priority_and_its_start() {
    let app = App::start().await;
    let start = in_future(&app, Duration::hours(2)).await;

    let planned = form(photo(), "later").text("priority", "-7").text("run_at", start.clone());
    let planned: Value = app.post(planned).await.json().await.unwrap();
    let usual = form(photo(), "now").text("priority", "").text("run_at", " ");
    let usual: Value = app.post(usual).await.json().await.unwrap();

    assert_eq!((&planned["priority"], &planned["status"]), (&json!(-7), &json!("pending")));
    let told = OffsetDateTime::parse(planned["run_at"].as_str().unwrap(), &Rfc3339).unwrap();
    let wanted = OffsetDateTime::parse(&start, &Rfc3339).unwrap();
    assert!((told - wanted).abs() < Duration::milliseconds(1));
    assert_eq!((&usual["priority"], &usual["run_at"]), (&json!(0), &Value::Null));
    let resting = "select count(*) from queue where run_at is not null";
    let resting: i64 = sqlx::query_scalar(resting).fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(resting, 1);
}

#[tokio::test]
async fn a_start_that_is_finer_than_a_microsecond_is_told_alike_by_each_answer() {
    let app = App::start().await;
    let start = in_future(&app, Duration::hours(2)).await;
    let whole = start.split(['.', 'Z']).next().unwrap();

    let made = app.post(form(photo(), "later").text("run_at", format!("{whole}.123456789Z"))).await;

    let tag = made.headers()["etag"].clone();
    let made: Value = made.json().await.unwrap();
    let read = app.get(&format!("/api/jobs/{}", made["id"].as_str().unwrap())).await;
    assert_eq!(read.headers()["etag"], tag);
    let read: Value = read.json().await.unwrap();
    assert_eq!(read["run_at"], made["run_at"]);
    assert!(read["run_at"].as_str().unwrap().ends_with(".123456Z"), "{read}");
}

#[tokio::test]
async fn a_start_that_has_just_passed_is_at_once() {
    let app = App::start().await;
    let start = in_future(&app, Duration::seconds(-10)).await;

    let job: Value =
        app.post(form(photo(), "now").text("run_at", start)).await.json().await.unwrap();

    assert_eq!(job["run_at"], Value::Null);
}

#[tokio::test]
async fn priorities_and_starts_that_cannot_be_are_refused() {
    let app = App::start().await;
    let (past, far) =
        (in_future(&app, Duration::hours(-1)).await, in_future(&app, Duration::days(31)).await);
    for (field, value, code) in [
        ("priority", "101", "invalid_priority"),
        ("priority", "-101", "invalid_priority"),
        ("priority", "1.5", "invalid_priority"),
        ("priority", "high", "invalid_priority"),
        ("priority", "99999999999999999999", "invalid_priority"),
        ("run_at", "tomorrow", "invalid_time"),
        ("run_at", "2026-02-30T00:00:00Z", "invalid_time"),
        ("run_at", "9999-12-31T23:59:59Z", "too_far_ahead"),
        ("run_at", "0001-01-01T00:00:00Z", "in_the_past"),
        ("run_at", &past, "in_the_past"),
        ("run_at", &far, "too_far_ahead"),
    ] {
        let wrong = form(photo(), "p").text(field, value.to_owned());
        let told = problem(app.post(wrong).await, 422, code).await;
        assert_eq!(told["field"], field);
    }
    let twice = form(photo(), "p").text("priority", "1").text("priority", "2");
    problem(app.post(twice).await, 422, "duplicate_field").await;
    app.assert_nothing_is_stored().await;
}
