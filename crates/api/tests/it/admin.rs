//! The operators' endpoints. Who may call them is tested in `keys`.

use darkroom_core::queue::{self, Scope};
use darkroom_testing::eventually;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{App, problem};

const MODEL: &str = "fal-ai/bytedance/seedream/v4/edit";

async fn send(app: &App, method: Method, path: &str, body: Value) -> Response {
    let url = app.url(&format!("/api/admin/queue{path}"));
    app.client.request(method, url).json(&body).send().await.unwrap()
}

async fn change(app: &App, method: Method, path: &str, body: Value) -> Value {
    let response = send(app, method, path, body).await;
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn the_queue_is_told_by_model_with_its_rules() {
    let app = App::start().await;
    app.new_job().await;
    app.new_job().await;

    let queue: Value = app.get("/api/admin/queue").await.json().await.unwrap();

    assert_eq!(queue["workers"], 0);
    assert_eq!(queue["halted"], Value::Null);
    assert_eq!(queue["rules"], json!([]));
    let standing = &queue["models"][0];
    assert_eq!(standing["model"], MODEL);
    assert_eq!((&standing["in_line"], &standing["in_flight"]), (&json!(2), &json!(0)));
    assert!(standing["oldest_seconds"].as_i64().unwrap() >= 0);
}

#[tokio::test]
async fn a_model_and_everything_are_paused_and_resumed() {
    let app = App::start().await;

    let paused = change(&app, Method::POST, "/pause", json!({"model": MODEL})).await;
    assert_eq!(paused["rules"][0]["scope"], "model");
    assert_eq!(paused["rules"][0]["subject"], MODEL);
    assert!(paused["rules"][0]["paused_at"].is_string());
    let paused = change(&app, Method::POST, "/pause", json!({})).await;
    assert_eq!(paused["rules"].as_array().unwrap().len(), 2);

    change(&app, Method::POST, "/resume", json!({"model": MODEL})).await;
    let resumed = change(&app, Method::POST, "/resume", json!({})).await;
    assert_eq!(resumed["rules"], json!([]));
    // A resume succeeds whether or not anything was paused.
    change(&app, Method::POST, "/resume", json!({})).await;
}

#[tokio::test]
async fn a_limit_is_set_changed_and_taken_away() {
    let app = App::start().await;
    for most in [3, 0] {
        let limited = change(&app, Method::PUT, "/limit", json!({"max_in_flight": most})).await;
        assert_eq!(limited["rules"][0]["max_in_flight"], most);
    }
    let free = change(&app, Method::PUT, "/limit", json!({"max_in_flight": null})).await;
    assert_eq!(free["rules"], json!([]));
}

#[tokio::test]
async fn rules_for_a_model_that_is_not_on_offer_any_more_are_lifted_and_not_set() {
    let app = App::start().await;
    let (pool, gone) = (&app.database.pool, Scope::Model("gone/edit".into()));
    queue::pause(pool, &gone).await.unwrap();
    queue::limit(pool, &gone, Some(3)).await.unwrap();

    for (method, path, rule) in [
        (Method::POST, "/pause", json!({"model": "gone/edit"})),
        (Method::PUT, "/limit", json!({"model": "gone/edit", "max_in_flight": 0})),
    ] {
        problem(send(&app, method, path, rule).await, 422, "unknown_model").await;
    }
    let resumed = change(&app, Method::POST, "/resume", json!({"model": "gone/edit"})).await;
    assert_eq!(resumed["rules"][0]["paused_at"], Value::Null);
    let none = json!({"model": "gone/edit", "max_in_flight": null});
    assert_eq!(change(&app, Method::PUT, "/limit", none).await["rules"], json!([]));
}

/// Has all jobs fail.
async fn fail_all(app: &App) {
    let fail = "with gone as (delete from queue)
                update jobs set status = 'failed', failure_code = 'unlucky',
                    failure_message = 'A test.', finished_at = now()";
    sqlx::query(fail).execute(&app.database.pool).await.unwrap();
}

#[tokio::test]
async fn failed_jobs_are_tried_again_one_by_one_or_together() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.new_job().await["id"].as_str().unwrap().to_owned());
    }
    fail_all(&app).await;

    let retry = |id: &str| app.client.post(app.url(&format!("/api/jobs/{id}/retry"))).send();
    let retried = retry(&ids[0]).await.unwrap();
    assert_eq!(retried.status(), 200);
    let job: Value = retried.json().await.unwrap();
    assert_eq!((&job["status"], &job["error"]), (&json!("pending"), &Value::Null));
    problem(retry(&ids[0]).await.unwrap(), 409, "has_not_failed").await;
    problem(retry("01a20a45-770c-777a-b2b4-91a8de734ca0").await.unwrap(), 404, "not_found").await;

    let none = change(&app, Method::POST, "/retry", json!({"code": "other"})).await;
    assert_eq!(none["jobs"], json!([]));
    let one = change(&app, Method::POST, "/retry", json!({"code": "unlucky", "limit": 1})).await;
    assert_eq!(one["jobs"], json!([ids[1]]));
    let rest = change(&app, Method::POST, "/retry", json!({"model": MODEL})).await;
    assert_eq!(rest["jobs"], json!([ids[2]]));
}

#[tokio::test]
async fn a_job_that_is_tried_again_with_others_is_not_answered_as_it_was_before() {
    let app = App::start().await;
    let job = app.new_job().await["id"].clone();
    let path = format!("/api/jobs/{}", job.as_str().unwrap());
    let status = async || app.get(&path).await.json::<Value>().await.unwrap()["status"].clone();
    fail_all(&app).await;
    // From now on the database tells of no change.
    let silence = "alter table jobs disable trigger jobs_updated";
    sqlx::query(silence).execute(&app.database.pool).await.unwrap();
    eventually("it is answered from memory as failed", async || {
        let before = app.reads("memory").await;
        (status().await == "failed" && app.reads("memory").await > before).then_some(())
    })
    .await;

    let retried = change(&app, Method::POST, "/retry", json!({})).await;

    assert_eq!(retried["jobs"], json!([job]));
    assert_eq!(status().await, "pending");
}

#[tokio::test]
async fn nonsense_is_refused_by_the_field_that_is_wrong() {
    let app = App::start().await;
    for (method, path, body, field) in [
        (Method::POST, "/pause", json!({"model": "no/such"}), "model"),
        (Method::POST, "/pause", json!({"model": MODEL, "api_key": uuid()}), "api_key"),
        (Method::POST, "/pause", json!({"api_key": "none"}), "api_key"),
        (Method::POST, "/resume", json!({"everything": true}), "everything"),
        (Method::POST, "/resume", json!({"model": "\0"}), "model"),
        (Method::PUT, "/limit", json!({}), "body"),
        (Method::PUT, "/limit", json!({"max_in_flight": -1}), "max_in_flight"),
        (Method::PUT, "/limit", json!({"max_in_flight": 70_000}), "max_in_flight"),
        (Method::POST, "/retry", json!({"limit": 0}), "limit"),
        (Method::POST, "/retry", json!({"since": "yesterday"}), "since"),
        (Method::POST, "/retry", json!({"until": "9999-12-31T23:59:59-01:00"}), "until"),
        (Method::POST, "/retry", json!({"code": "\0"}), "code"),
        (Method::POST, "/retry", json!({"model": "\0"}), "model"),
        (Method::POST, "/retry", json!([1]), "body"),
    ] {
        let response = send(&app, method, path, body.clone()).await;
        assert_eq!(response.status(), 422, "{path} {body}");
        let told: Value = response.json().await.unwrap();
        assert_eq!(told["field"], field, "{path} {body}: {told}");
    }
    for (broken, status, code) in
        [("{\"model\": ", 400, "malformed_body"), ("pause!", 422, "invalid_field")]
    {
        let post = app.client.post(app.url("/api/admin/queue/pause")).body(broken);
        problem(post.send().await.unwrap(), status, code).await;
    }
    let queue: Value = app.get("/api/admin/queue").await.json().await.unwrap();
    assert_eq!(queue["rules"], json!([]));
}

fn uuid() -> &'static str {
    "01a20a45-770c-777a-b2b4-91a8de734ca0"
}
