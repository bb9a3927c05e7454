//! A job's timeline.

use serde_json::{Value, json};

use crate::app::{App, problem};

#[tokio::test]
async fn a_jobs_attempts_are_told_with_what_came_of_each() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}/attempts", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json::<Value>().await.unwrap(), json!([]));

    for attempt in [
        "'r-1', 'u', 'u', 'u', now(), now(), 'failed', 'provider_timeout', null, null",
        "null, null, null, null, null, now(), 'unknown', null, null, null",
        "'r-3', 'u', 'u', 'u', now(), now(), 'completed', null, 1.5, 2",
        "null, null, null, null, null, null, null, null, null, null",
    ] {
        let insert = format!(
            "insert into attempts (job_id, number, worker_id, input_url, provider_request_id,
                 status_url, response_url, cancel_url, submitted_at, ended_at, outcome,
                 failure_code, inference_seconds, billed_units)
             select id, (select count(*) + 1 from attempts), gen_random_uuid(), 'u', {attempt}
             from jobs"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(insert)).execute(&app.database.pool).await.unwrap();
    }

    let told: Vec<Value> = app.get(&path).await.json().await.unwrap();
    let outcomes: Vec<&Value> = told.iter().map(|attempt| &attempt["outcome"]).collect();
    assert_eq!(outcomes, ["failed", "unknown", "completed", "open"]);
    assert_eq!(told[0]["failure_code"], "provider_timeout");
    assert_eq!(told[2]["provider_request_id"], "r-3");
    assert_eq!(told[2]["inference_seconds"], 1.5);
    assert_eq!(told[2]["billed_units"], 2.0);
    assert!(told[2]["submitted_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(told[3]["submitted_at"], Value::Null);
}

#[tokio::test]
async fn a_job_that_is_not_there_has_no_attempts() {
    let app = App::start().await;
    for id in ["01a20a45-770c-777a-b2b4-91a8de734ca0", "none"] {
        problem(app.get(&format!("/api/jobs/{id}/attempts")).await, 404, "not_found").await;
    }
}
