//! Deleting a job whose request runs at the provider, or that a client waits for.

use darkroom_core::queue::{self, Begun, Claimed, Submission, Timeline};
use darkroom_testing::eventually;
use serde_json::Value;

use crate::app::{App, form, photo, problem};

/// Lets a worker submit the one job that waits.
async fn submit(app: &App) -> Claimed {
    let pool = &app.database.pool;
    let worker = queue::register(pool, "a test").await.unwrap();
    let claimed = queue::claim(pool, worker, 1).await.unwrap().jobs.remove(0);
    let url = |end: &str| format!("http://fal.test/{end}").parse().unwrap();
    let timeline = Timeline::default();
    let begun = queue::begin_attempt(pool, &claimed.lease, &url("input"), &timeline).await;
    assert!(matches!(begun.unwrap(), Begun::Attempt(1)));
    let submission = Submission {
        provider_request_id: "r-1".into(),
        status_url: url("status"),
        response_url: url("response"),
        cancel_url: url("cancel"),
    };
    queue::record_submission(pool, &claimed.lease, 1, &submission).await.unwrap();
    claimed
}

#[tokio::test]
async fn a_running_job_is_gone_at_once_and_its_request_is_stopped() {
    let app = App::start().await;
    let post = || app.client.post(app.url("/api/jobs")).header("Idempotency-Key", "k");
    let answer = post().multipart(form(photo(), "x")).send().await.unwrap();
    let job: Value = answer.json().await.unwrap();
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let claimed = submit(&app).await;

    let deleted = app.client.delete(app.url(&path)).send().await.unwrap();

    assert_eq!(deleted.status(), 204);
    for end in ["", "?wait=1", "/attempts", "/versions", "/events"] {
        problem(app.get(&format!("{path}{end}")).await, 404, "not_found").await;
    }
    let image = job["input_image_url"].as_str().unwrap();
    for url in [image.to_owned(), format!("{image}?w=160")] {
        assert_eq!(app.client.get(url).send().await.unwrap().status(), 404);
    }
    for query in ["", "?status=processing", "?status=cancelled"] {
        let list: Value = app.get(&format!("/api/jobs{query}")).await.json().await.unwrap();
        assert_eq!(list, Value::Array(vec![]));
    }
    for action in ["/cancel", "/retry"] {
        let url = app.url(&format!("{path}{action}"));
        problem(app.client.post(url).send().await.unwrap(), 404, "not_found").await;
    }
    let again = app.client.delete(app.url(&path)).send().await.unwrap();
    problem(again, 404, "not_found").await;
    let answer = post().multipart(form(photo(), "x")).send().await.unwrap();
    problem(answer, 409, "idempotency_job_deleted").await;

    // Its worker hears of it, and its attempt stays on record until the worker ends the job.
    let pool = &app.database.pool;
    let lease = std::time::Duration::from_mins(1);
    let beat = queue::beat(pool, claimed.lease.worker, lease).await.unwrap().unwrap();
    assert_eq!(beat.cancelled, [claimed.lease.job]);
    let attempts = async || -> i64 {
        sqlx::query_scalar("select count(*) from attempts").fetch_one(pool).await.unwrap()
    };
    assert_eq!(attempts().await, 1);
    queue::end_cancelled(pool, &claimed.lease, &Timeline::default()).await.unwrap();
    assert_eq!(attempts().await, 0);
}

#[tokio::test]
async fn a_job_without_a_request_leaves_nothing_behind() {
    let app = App::start().await;
    let job = app.new_job().await;
    let pool = &app.database.pool;
    let worker = queue::register(pool, "a test").await.unwrap();
    queue::claim(pool, worker, 1).await.unwrap();

    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let deleted = app.client.delete(app.url(&path)).send().await.unwrap();

    assert_eq!(deleted.status(), 204);
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from jobs) + (select count(*) from queue)
             + (select count(*) from images)",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn whoever_waits_for_a_job_that_it_made_is_answered_with_that_when_it_is_deleted() {
    let app = App::start().await;
    let post = app.client.post(app.url("/api/jobs?wait=60")).multipart(form(photo(), "x"));

    let (made, id) = tokio::join!(post.send(), async {
        let id = eventually("it is made", async || {
            let jobs: Value = app.get("/api/jobs").await.json().await.unwrap();
            jobs[0]["id"].as_str().map(str::to_owned)
        })
        .await;
        let deleted = app.client.delete(app.url(&format!("/api/jobs/{id}"))).send().await.unwrap();
        assert_eq!(deleted.status(), 204);
        id
    });

    let made = made.unwrap();
    assert_eq!(made.status(), 201);
    let job: Value = made.json().await.unwrap();
    assert_eq!((&job["id"], &job["status"]), (&id.into(), &"pending".into()));
}

#[tokio::test]
async fn whoever_waits_for_a_job_that_was_made_before_is_told_when_it_is_deleted() {
    let app = App::start().await;
    let ask = |path: &str| {
        let post = app.client.post(app.url(path)).header("Idempotency-Key", "k");
        post.multipart(form(photo(), "x")).send()
    };
    let job: Value = ask("/api/jobs").await.unwrap().json().await.unwrap();
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let reads = async || app.reads("memory").await + app.reads("database").await;
    let before = reads().await;

    let (again, deleted) = tokio::join!(ask("/api/jobs?wait=60"), async {
        eventually("it is read", async || (reads().await > before).then_some(())).await;
        app.client.delete(app.url(&path)).send().await.unwrap()
    });

    assert_eq!(deleted.status(), 204);
    problem(again.unwrap(), 409, "idempotency_job_deleted").await;
}
