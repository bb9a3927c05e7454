//! Cancelling a job over HTTP.

use darkroom_core::queue::{self, FailureClass, Timeline};
use reqwest::Response;
use serde_json::Value;

use crate::app::{App, problem};

async fn cancel(app: &App, id: &str) -> Response {
    app.client.post(app.url(&format!("/api/jobs/{id}/cancel"))).send().await.unwrap()
}

#[tokio::test]
async fn a_pending_job_is_cancelled_at_once_and_may_be_cancelled_again() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();

    for _ in 0..2 {
        let answer = cancel(&app, id).await;
        assert_eq!(answer.status(), 200);
        let job: Value = answer.json().await.unwrap();
        assert_eq!(job["status"], "cancelled");
        assert_eq!(job["error"], Value::Null);
    }
}

#[tokio::test]
async fn a_job_that_is_worked_on_is_asked_to_end() {
    let app = App::start().await;
    let job = app.new_job().await;
    let worker = queue::register(&app.database.pool, "a test").await.unwrap();
    let claimed = queue::claim(&app.database.pool, worker, 1).await.unwrap().jobs.remove(0);

    let answer = cancel(&app, job["id"].as_str().unwrap()).await;

    assert_eq!(answer.status(), 202);
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "pending");
    let failure = darkroom_core::job::Failure { code: "test".into(), message: "A test.".into() };
    queue::fail(
        &app.database.pool,
        &claimed.lease,
        &failure,
        FailureClass::Never,
        &Timeline::default(),
    )
    .await
    .unwrap();
    problem(cancel(&app, job["id"].as_str().unwrap()).await, 409, "has_ended").await;
}

#[tokio::test]
async fn a_job_that_is_not_there_cannot_be_cancelled() {
    let app = App::start().await;

    for id in ["01a20a45-770c-777a-b2b4-91a8de734ca0", "none"] {
        problem(cancel(&app, id).await, 404, "not_found").await;
    }
}
