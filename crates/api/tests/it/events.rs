//! Events of one job, and of all jobs.

use std::time::Duration;

use darkroom_testing::eventually;
use futures_util::StreamExt;
use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use crate::{
    app::{App, problem},
    watching::complete,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// An event as it arrived.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A stream of events, read as a browser reads it.
pub(crate) struct Events {
    body: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    text: String,
}

impl Events {
    pub(crate) async fn follow(app: &App, path: &str, last: Option<&str>) -> Self {
        Self::of(Self::ask(app, path, last).await)
    }

    pub(crate) fn of(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self { body: response.bytes_stream().boxed(), text: String::new() }
    }

    async fn ask(app: &App, path: &str, last: Option<&str>) -> Response {
        let mut get = app.client.get(app.url(path));
        if let Some(last) = last {
            get = get.header("Last-Event-ID", last);
        }
        get.send().await.unwrap()
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let mut event = Event::default();
            for line in self.block().await?.lines() {
                match line.split_once(": ") {
                    Some(("id", id)) => event.id = id.into(),
                    Some(("event", name)) => event.name = name.into(),
                    Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                    _ => {}
                }
            }
            if !event.name.is_empty() {
                return Some(event);
            }
        }
    }

    /// Waits for the stream's next heartbeat.
    pub(crate) async fn pulse(&mut self) {
        while self.block().await.unwrap() != ":" {}
    }

    /// The text up to the next empty line; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.into();
                return Some(block);
            }
            let chunk = timeout(PATIENCE, self.body.next()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    /// The event with this job in this status. Before it, the job may be told as `before`, if it was made just before.
    async fn until(&mut self, job: &Value, status: &str, before: &Value) -> Event {
        loop {
            let event = self.next().await.unwrap();
            if event.data["id"] == job["id"] && event.data["status"] == status {
                return event;
            }
            assert_eq!(&event.data, before);
        }
    }
}

pub(crate) async fn show_processing(app: &App) {
    let shown = "update jobs set status = 'processing', updated_at = clock_timestamp()";
    sqlx::query(shown).execute(&app.database.pool).await.unwrap();
}

#[tokio::test]
async fn a_job_is_followed_from_where_it_stands_to_its_end() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    let path = format!("/api/jobs/{id}/events");

    let mut events = Events::follow(&app, &path, None).await;
    let first = events.next().await.unwrap();
    assert_eq!((first.name.as_str(), &first.data), ("job", &job));
    show_processing(&app).await;
    assert_eq!(events.next().await.unwrap().data["status"], "processing");
    complete(&app, id).await;
    let last = events.next().await.unwrap();
    assert_eq!(last.data["status"], "completed");
    assert_eq!(events.next().await, None);

    // A client that reconnects is told only what is new, or that there is no more.
    let over = Events::ask(&app, &path, Some(&last.id)).await;
    assert_eq!(over.status(), 204);
    let mut late = Events::follow(&app, &path, Some(&first.id)).await;
    assert_eq!(late.next().await.unwrap().data["status"], "completed");
    assert_eq!(late.next().await, None);
}

#[tokio::test]
async fn whoever_comes_back_in_between_is_not_told_again_what_he_has() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    let path = format!("/api/jobs/{id}/events");
    let first = Events::follow(&app, &path, None).await.next().await.unwrap();

    let mut back = Events::follow(&app, &path, Some(&first.id)).await;
    show_processing(&app).await;

    assert_eq!(back.next().await.unwrap().data["status"], "processing");
}

#[tokio::test]
async fn a_job_that_is_deleted_says_so_and_the_stream_ends() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    let mut events = Events::follow(&app, &format!("/api/jobs/{id}/events"), None).await;
    events.next().await.unwrap();

    app.client.delete(app.url(&format!("/api/jobs/{id}"))).send().await.unwrap();

    let gone = events.next().await.unwrap();
    assert_eq!((gone.name.as_str(), &gone.data["id"]), ("deleted", &job["id"]));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn events_go_on_after_the_database_was_away() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    let mut events = Events::follow(&app, &format!("/api/jobs/{id}/events"), None).await;
    events.next().await.unwrap();

    app.database.take_away().await;
    app.database.bring_back().await;
    eventually("the pool has new connections", async || {
        sqlx::query("select 1").execute(&app.database.pool).await.ok()
    })
    .await;
    complete(&app, id).await;

    assert_eq!(events.next().await.unwrap().data["status"], "completed");
}

#[tokio::test]
async fn all_jobs_are_followed_as_they_are_made_and_change() {
    let app = App::start().await;
    let before = app.new_job().await;
    let mut events = Events::follow(&app, "/api/events", None).await;
    let made = app.new_job().await;
    let first = events.until(&made, "pending", &before).await;
    complete(&app, before["id"].as_str().unwrap()).await;
    events.until(&before, "completed", &before).await;

    // A client that reconnects is told what it missed.
    let mut back = Events::follow(&app, "/api/events", Some(&first.id)).await;
    let mut missed = Vec::new();
    for _ in 0..2 {
        missed.push(back.next().await.unwrap().data["id"].clone());
    }
    assert!(missed.contains(&before["id"]), "{missed:?}");
}

#[tokio::test]
async fn whoever_comes_back_is_not_told_to_begin_anew_for_others_jobs() {
    let app = App::start_with(&[("REQUIRE_API_KEY", "true")]).await;
    let ((busy, _), (_, quiet)) = (app.new_key(false).await, app.new_key(false).await);
    let job = app.new_job_of(&quiet).await;
    let others = "insert into jobs (id, api_key_id, prompt, model)
                  select gen_random_uuid(), $1, 'a test', 'a model' from generate_series(1, $2)";
    let others_make = async |jobs: i32| {
        let made = sqlx::query(others).bind(busy.0).bind(jobs).execute(&app.database.pool);
        made.await.unwrap();
    };
    let back = async || {
        let get = app.client.get(app.url("/api/events")).bearer_auth(&quiet);
        let back = get.header("Last-Event-ID", "0").send().await.unwrap();
        Events::of(back).next().await.unwrap()
    };

    others_make(2_000).await;
    assert_eq!(back().await.data["id"], job["id"]);

    // The search for missed events has a limit.
    others_make(10_000).await;
    assert_eq!(back().await.name, "reset");
}

#[tokio::test]
async fn all_jobs_are_followed_though_changes_cannot_be_heard() {
    let app = App::start_with(&[("DATABASE_NOTIFY", "false")]).await;
    let mut events = Events::follow(&app, "/api/events", None).await;
    let made = app.new_job().await;
    assert_eq!(events.next().await.unwrap().data["id"], made["id"]);
    complete(&app, made["id"].as_str().unwrap()).await;

    assert_eq!(events.next().await.unwrap().data["status"], "completed");
}

#[tokio::test]
async fn jobs_that_are_read_together_are_told_in_the_order_of_their_changes() {
    // Without notifications, all changes of a second are read together.
    let app = App::start_with(&[("DATABASE_NOTIFY", "false")]).await;
    let mut events = Events::follow(&app, "/api/events", None).await;
    let mut made = Vec::new();
    for _ in 0..8 {
        made.push(app.new_job().await["id"].clone());
    }
    let mut told = Vec::new();
    for _ in &made {
        told.push(events.next().await.unwrap().data["id"].clone());
    }

    assert_eq!(told, made);
}

#[tokio::test]
async fn an_event_id_of_rubbish_is_refused_and_a_job_that_is_not_there_is_not_found() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());
    for rubbish in ["rubbish", "-1", "1.5", "99999999999999999999999999999999", "'; drop table"] {
        for path in [path.as_str(), "/api/events"] {
            let refused = Events::ask(&app, path, Some(rubbish)).await;
            let told = problem(refused, 400, "invalid_event_id").await;
            assert_eq!(told["field"], "Last-Event-ID");
        }
    }
    let none = "/api/jobs/01a20a45-770c-777a-b2b4-91a8de734ca0/events";
    problem(app.get(none).await, 404, "not_found").await;
}
