//! Outgoing webhooks: the receiver that a job names, the log of deliveries, and redelivery.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::app::{App, form, photo, problem};

const URL: &str = "https://hooks.example.com/darkroom?token=a";

fn told(fields: &[(&str, &str)]) -> Form {
    let form = form(photo(), "p");
    fields
        .iter()
        .fold(form, |form, (name, value)| form.text((*name).to_owned(), (*value).to_owned()))
}

async fn job(app: &App, fields: &[(&str, &str)]) -> Value {
    let response = app.post(told(fields)).await;
    assert_eq!(response.status(), 201, "{}", response.text().await.unwrap());
    response.json().await.unwrap()
}

/// Cancels a job, and returns the path of its deliveries.
async fn cancelled(app: &App, job: &Value) -> String {
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let cancelled = app.client.post(app.url(&format!("{path}/cancel"))).send().await.unwrap();
    assert_eq!(cancelled.status(), 200);
    format!("{path}/deliveries")
}

async fn deliveries(app: &App, path: &str) -> Vec<Value> {
    app.get(path).await.json().await.unwrap()
}

#[tokio::test]
async fn a_job_shows_who_is_told_and_of_what() {
    let app = App::start().await;

    let ends = job(&app, &[("webhook_url", URL), ("webhook_events", " ")]).await;
    let some = " job.failed, job.processing,job.failed,";
    let some =
        job(&app, &[("webhook_url", "https://bücher.example"), ("webhook_events", some)]).await;
    let nobody = job(&app, &[("webhook_url", ""), ("webhook_events", "")]).await;

    assert_eq!(ends["webhook_url"], URL);
    assert_eq!(ends["webhook_events"], json!(["job.completed", "job.failed", "job.cancelled"]));
    assert_eq!(some["webhook_url"], "https://xn--bcher-kva.example/");
    assert_eq!(some["webhook_events"], json!(["job.failed", "job.processing"]));
    assert_eq!((&nobody["webhook_url"], &nobody["webhook_events"]), (&Value::Null, &json!([])));
    let path = format!("/api/jobs/{}", some["id"].as_str().unwrap());
    let read: Value = app.get(&path).await.json().await.unwrap();
    assert_eq!(read["webhook_events"], some["webhook_events"]);
}

#[tokio::test]
async fn receivers_that_cannot_be_are_refused_by_name() {
    let app = App::start().await;
    let long = format!("https://example.com/{}", "a".repeat(2000));
    let longer = format!("https://example.com/{}", "a".repeat(9000));
    // Short as it is sent, but too long in the encoded form that is kept.
    let encoded = format!("https://example.com/{}", "ü".repeat(500));
    for (url, code) in [
        ("hooks.example.com", "invalid_url"),
        ("/hook", "invalid_url"),
        ("ftp://example.com/", "invalid_url"),
        ("https://me:word@example.com/", "invalid_url"),
        ("https://example.com:0/", "invalid_url"),
        ("http://127.0.0.1/", "private_address"),
        ("http://2130706433/", "private_address"),
        ("http://localhost:8000/", "private_address"),
        ("http://[::ffff:10.0.0.1]/", "private_address"),
        ("http://169.254.169.254/latest", "private_address"),
        (&long, "too_long"),
        (&longer, "too_long"),
        (&encoded, "too_long"),
    ] {
        let refused = problem(app.post(told(&[("webhook_url", url)])).await, 422, code).await;
        assert_eq!(refused["field"], "webhook_url");
    }
    let events = [("webhook_url", URL), ("webhook_events", "job.completed,job.done")];
    let refused = problem(app.post(told(&events)).await, 422, "unknown_event").await;
    assert_eq!(refused["field"], "webhook_events");
    let alone = told(&[("webhook_events", "job.completed")]);
    let refused = problem(app.post(alone).await, 422, "missing_field").await;
    assert_eq!(refused["field"], "webhook_url");
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn a_private_receiver_is_taken_where_it_is_allowed() {
    let app = App::start_with(&[("OUTBOUND_ALLOWED", "10.1.0.0/16, receiver.internal")]).await;

    job(&app, &[("webhook_url", "http://10.1.2.3/")]).await;
    job(&app, &[("webhook_url", "http://receiver.internal/")]).await;
    let other = told(&[("webhook_url", "http://10.2.0.0/")]);
    problem(app.post(other).await, 422, "private_address").await;
}

#[tokio::test]
async fn the_log_tells_where_each_delivery_is() {
    let app = App::start().await;
    let made = job(&app, &[("webhook_url", URL)]).await;
    let path = cancelled(&app, &made).await;

    let pending = deliveries(&app, &path).await.remove(0);
    let log = "update deliveries set next_at = null, gave_up_at = now(), log = '[
        {\"at\": \"2026-01-31T09:00:00.25+00:00\", \"status\": 500, \"error\": null, \"response\": \"no\", \"milliseconds\": 12},
        {\"at\": \"2026-01-31T09:00:05+00:00\", \"status\": null, \"error\": \"no connection could be made\", \"response\": null, \"milliseconds\": 5000}
    ]'";
    sqlx::query(log).execute(&app.database.pool).await.unwrap();
    let failed = deliveries(&app, &path).await.remove(0);
    let delivered = "update deliveries set gave_up_at = null, delivered_at = now()";
    sqlx::query(delivered).execute(&app.database.pool).await.unwrap();
    let delivered = deliveries(&app, &path).await.remove(0);

    assert_eq!(pending["event"], "job.cancelled");
    assert_eq!((&pending["state"], &pending["attempts"]), (&json!("pending"), &json!([])));
    assert!(pending["next_at"].is_string());
    assert_eq!((&failed["state"], &failed["next_at"]), (&json!("failed"), &Value::Null));
    assert_eq!(
        failed["attempts"][0],
        json!({"at": "2026-01-31T09:00:00.25Z", "status": 500, "error": null, "response": "no", "milliseconds": 12})
    );
    assert_eq!(failed["attempts"][1]["error"], "no connection could be made");
    assert_eq!(delivered["state"], "delivered");
    assert_eq!(pending["id"], delivered["id"]);
}

#[tokio::test]
async fn a_delivery_is_asked_for_once_more() {
    let app = App::start().await;
    let made = job(&app, &[("webhook_url", URL)]).await;
    let path = cancelled(&app, &made).await;
    let id = deliveries(&app, &path).await[0]["id"].as_str().unwrap().to_owned();
    let ended = "update deliveries set next_at = null, delivered_at = now()";
    sqlx::query(ended).execute(&app.database.pool).await.unwrap();
    let replay = async |path: String| app.client.post(app.url(&path)).send().await.unwrap();

    let asked = replay(format!("{path}/{id}/replay")).await;

    assert_eq!(asked.status(), 202);
    let again = deliveries(&app, &path).await.remove(0);
    assert_eq!((&again["state"], &again["id"]), (&json!("pending"), &json!(id)));
    let other = job(&app, &[("webhook_url", URL)]).await;
    let other = cancelled(&app, &other).await;
    let nobody = "/api/jobs/01a20a45-770c-777a-b2b4-91a8de734ca0/deliveries";
    for wrong in [
        format!("{other}/{id}/replay"),
        format!("{nobody}/{id}/replay"),
        format!("{path}/01a20a45-770c-777a-b2b4-91a8de734ca0/replay"),
        format!("{path}/none/replay"),
    ] {
        problem(replay(wrong).await, 404, "not_found").await;
    }
    for wrong in [nobody, "/api/jobs/none/deliveries"] {
        problem(app.get(wrong).await, 404, "not_found").await;
    }
}
