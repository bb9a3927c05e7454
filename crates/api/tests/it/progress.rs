//! How far a job is, as far as that is known.

use darkroom_core::{
    job::JobId,
    queue::{self, ProviderProgress, Teller},
};
use darkroom_testing::eventually;
use serde_json::{Value, json};

use crate::{
    app::{App, problem},
    events::Events,
};

async fn progress(app: &App, id: &str) -> Value {
    app.get(&format!("/api/jobs/{id}/progress")).await.json().await.unwrap()
}

fn news(job: &str, is_running: bool, position: Option<u64>, line: &str) -> ProviderProgress {
    let job: JobId = job.parse().unwrap();
    ProviderProgress { job, is_running, position, logs: vec![line.into()] }
}

#[tokio::test]
async fn a_job_in_line_tells_its_place() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.new_job().await["id"].as_str().unwrap().to_owned());
    }

    let third = progress(&app, &ids[2]).await;

    assert_eq!(third["queue_position"], 3);
    assert_eq!(third["status"], "pending");
    assert_eq!((&third["provider"], &third["percent"]), (&Value::Null, &Value::Null));
    assert_eq!(third["typical_seconds"], 12);
    assert!(third["elapsed_seconds"].as_f64().unwrap() >= 0.0);
    let worker = queue::register(&app.database.pool, "a test").await.unwrap();
    queue::claim(&app.database.pool, worker, 2).await.unwrap();
    assert_eq!(progress(&app, &ids[2]).await["queue_position"], 1);
    assert_eq!(progress(&app, &ids[0]).await["queue_position"], Value::Null);
}

#[tokio::test]
async fn what_the_provider_says_is_told_to_who_asks_and_to_who_follows() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    let teller = Teller::new(app.database.pool.clone());
    let mut events = Events::follow(&app, &format!("/api/jobs/{id}/events"), None).await;
    assert_eq!(events.next().await.unwrap().name, "job");

    teller.tell(news(id, false, Some(4), "waiting"));

    let first = events.next().await.unwrap();
    assert_eq!(first.name, "progress");
    let waiting = json!({"state": "in_queue", "position": 4, "logs": ["waiting"]});
    assert_eq!(first.data, waiting);
    assert_eq!(progress(&app, id).await["provider"], waiting);

    teller.tell(news(id, true, None, "painting"));
    let second = events.next().await.unwrap();
    let running =
        json!({"state": "in_progress", "position": null, "logs": ["waiting", "painting"]});
    assert_eq!(second.data, running);
    // A client that connects later is told what is known.
    let mut late = Events::follow(&app, &format!("/api/jobs/{id}/events"), None).await;
    assert_eq!(late.next().await.unwrap().name, "job");
    assert_eq!(late.next().await.unwrap().data, running);
}

#[tokio::test]
async fn a_job_that_has_ended_tells_no_progress() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    let teller = Teller::new(app.database.pool.clone());
    teller.tell(news(id, true, None, "painting"));
    eventually("it is known", async || {
        (progress(&app, id).await["provider"] != Value::Null).then_some(())
    })
    .await;

    crate::watching::complete(&app, id).await;

    let ended = progress(&app, id).await;
    assert_eq!((&ended["status"], &ended["provider"]), (&json!("completed"), &Value::Null));
    let none = app.get("/api/jobs/01a20a45-770c-777a-b2b4-91a8de734ca0/progress").await;
    problem(none, 404, "not_found").await;
}
