//! The list and its filters.

use reqwest::multipart::Form;
use serde_json::Value;

use crate::app::{App, form, photo, problem};

/// Prompts of all jobs that a query lists, page by page.
async fn listed(app: &App, query: &str) -> Vec<String> {
    let mut prompts = Vec::new();
    let mut next = Some(app.url(&format!("/api/jobs?{query}")));
    while let Some(url) = next {
        let response = app.client.get(url).send().await.unwrap();
        assert_eq!(response.status(), 200, "{query}");
        next = response
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().split(['<', '>']).nth(1).unwrap().to_owned());
        let page: Vec<Value> = response.json().await.unwrap();
        prompts.extend(page.iter().map(|job| job["prompt"].as_str().unwrap().to_owned()));
    }
    prompts
}

async fn make(app: &App, form: Form) -> String {
    let job: Value = app.post(form).await.json().await.unwrap();
    job["id"].as_str().unwrap().to_owned()
}

async fn run(app: &App, statement: &'static str) {
    sqlx::query(statement).execute(&app.database.pool).await.unwrap();
}

#[tokio::test]
async fn each_status_is_listed_alone_or_with_others() {
    let app = App::start().await;
    for prompt in ["pending", "processing", "completed", "failed", "cancelled", "later"] {
        make(&app, form(photo(), prompt)).await;
    }
    run(&app, "update jobs set status = 'processing' where prompt = 'processing'").await;
    run(
        &app,
        "update jobs set status = prompt, finished_at = now(),
             failure_code = case prompt when 'failed' then 'test' end,
             failure_message = case prompt when 'failed' then 'A test.' end
         where prompt in ('completed', 'failed', 'cancelled')",
    )
    .await;
    run(&app, "delete from queue using jobs where id = job_id and finished_at is not null").await;

    for status in ["processing", "completed", "failed", "cancelled"] {
        assert_eq!(listed(&app, &format!("status={status}")).await, [status]);
    }
    assert_eq!(listed(&app, "status=pending&limit=1").await, ["later", "pending"]);
    let several = ["later", "cancelled", "completed", "pending"];
    assert_eq!(listed(&app, "status=pending,completed&status=cancelled&limit=1").await, several);
    let all = "status=pending,processing,completed,failed,cancelled,failed";
    assert_eq!(listed(&app, all).await, listed(&app, "").await);
}

#[tokio::test]
async fn jobs_are_found_by_model_and_by_when_they_were_made() {
    let app = App::start().await;
    make(&app, form(photo(), "old")).await;
    make(&app, form(photo(), "kontext").text("model", "fal-ai/flux-pro/kontext")).await;
    run(
        &app,
        "update jobs set created_at = created_at - interval '5 minutes' where prompt = 'old'",
    )
    .await;
    let moment: String = sqlx::query_scalar(
        "select to_char((now() - interval '1 minute') at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
    )
    .fetch_one(&app.database.pool)
    .await
    .unwrap();

    assert_eq!(listed(&app, "model=fal-ai/flux-pro/kontext").await, ["kontext"]);
    assert_eq!(listed(&app, &format!("created_after={moment}")).await, ["kontext"]);
    assert_eq!(listed(&app, &format!("created_before={moment}")).await, ["old"]);
    let both = format!("created_before={moment}&created_after=2020-01-01T00:00:00+01:00");
    assert_eq!(listed(&app, &both).await, ["old"]);
    assert!(listed(&app, "created_after=2999-01-01T00:00:00Z").await.is_empty());
    let ever = "created_after=0000-01-01T00:00:00Z&created_before=9999-12-31T23:59:59.999999Z";
    assert_eq!(listed(&app, ever).await.len(), 2);
    let none = format!("created_before={moment}&model=fal-ai/flux-pro/kontext");
    assert!(listed(&app, &none).await.is_empty());
}

#[tokio::test]
async fn jobs_are_found_by_what_was_attached_to_them() {
    let app = App::start().await;
    for (prompt, metadata) in [
        ("text", r#"{"order": "7", "by": "zoë & co"}"#),
        ("number", r#"{"order": 7, "paid": true}"#),
        ("other", r#"{"order": 8, "nested": {"order": 7}}"#),
    ] {
        make(&app, form(photo(), prompt).text("metadata", metadata)).await;
    }
    app.new_job().await;

    assert_eq!(listed(&app, "metadata.order=7").await, ["number", "text"]);
    assert_eq!(listed(&app, "metadata.order=7&limit=1").await, ["number", "text"]);
    assert_eq!(listed(&app, "metadata.order=7&metadata.paid=true").await, ["number"]);
    assert_eq!(listed(&app, "metadata.by=zo%C3%AB+%26+co&limit=1").await, ["text"]);
    assert!(listed(&app, "metadata.order=9").await.is_empty());
    assert_eq!(listed(&app, "metadata.order=8&status=pending").await, ["other"]);
}

#[tokio::test]
async fn a_status_that_is_said_again_and_again_counts_once() {
    let app = App::start().await;
    app.new_job().await;
    app.new_job().await;
    let again = ["pending"; 100].join(",");

    let page = app.get(&format!("/api/jobs?limit=1&status={again}&status=failed")).await;

    assert_eq!(page.status(), 200);
    let link = page.headers()["link"].to_str().unwrap();
    assert!(link.ends_with("&status=pending%2Cfailed>; rel=\"next\""), "{link}");
}

#[tokio::test]
async fn a_filter_that_is_none_is_refused_by_name() {
    let app = App::start().await;
    let long = format!("model={}", "x".repeat(201));
    let many: Vec<String> = (0..11).map(|key| format!("metadata.{key}=1")).collect();
    let many = many.join("&");
    let cases = [
        ("state=failed", "unknown_parameter", "state"),
        ("metadata=7", "unknown_parameter", "metadata"),
        ("metadata.=7", "unknown_parameter", "metadata."),
        ("status=done", "invalid_status", "status"),
        ("status=", "invalid_status", "status"),
        ("status=failed,", "invalid_status", "status"),
        ("parent_id=7", "invalid_id", "parent_id"),
        ("created_after=yesterday", "invalid_time", "created_after"),
        // In UTC that is the year 10000.
        ("created_before=9999-12-31T23:59:59-01:00", "invalid_time", "created_before"),
        ("created_before=2026-01-31", "invalid_time", "created_before"),
        ("model=a%00", "invalid_filter", "model"),
        ("model=a&model=b", "duplicate_parameter", "model"),
        (
            "status=failed&cursor=01a20a45-770c-777a-b2b4-91a8de734ca0&limit=1&limit=2",
            "duplicate_parameter",
            "limit",
        ),
        (&long, "invalid_filter", "model"),
        (&many, "too_many_filters", "metadata.10"),
    ];

    for (query, code, field) in cases {
        let body = problem(app.get(&format!("/api/jobs?{query}")).await, 422, code).await;
        assert_eq!(body["field"], field, "{query}");
    }
}
