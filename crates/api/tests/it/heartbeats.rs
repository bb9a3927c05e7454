//! Streams without events send heartbeats, whatever else goes on.

use std::time::Duration;

use reqwest::Method;
use tokio::time::{interval, timeout};

use crate::{
    app::App,
    events::{Events, show_processing},
    links::{SECRET, now, signed},
};

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_stream_of_all_jobs_shows_that_it_lives_while_others_jobs_change_all_the_time() {
    let keys = [("REQUIRE_API_KEY", "true")];
    let app = App::start_with_heartbeat(Duration::from_secs(1), &keys).await;
    let ((_, quiet), (_, busy)) = (app.new_key(false).await, app.new_key(false).await);
    app.new_job_of(&busy).await;
    let mut events = Events::of(app.ask(Method::GET, "/api/events", &quiet).await);
    let mut all = Events::of(app.ask(Method::GET, "/api/events", &busy).await);

    let changes = async {
        let mut ticks = interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            show_processing(&app).await;
            all.next().await.unwrap();
        }
    };

    tokio::select! {
        pulse = timeout(PATIENCE, events.pulse()) => pulse.unwrap(),
        () = changes => {}
    }
}

#[tokio::test]
async fn a_stream_of_a_job_shows_that_it_lives_though_changes_cannot_be_heard() {
    let unheard = [("DATABASE_NOTIFY", "false")];
    let app = App::start_with_heartbeat(Duration::from_secs(2), &unheard).await;
    let id = app.new_job().await["id"].as_str().unwrap().to_owned();
    let mut events = Events::follow(&app, &format!("/api/jobs/{id}/events"), None).await;

    timeout(PATIENCE, events.pulse()).await.unwrap();
}

#[tokio::test]
async fn a_stream_of_a_job_that_does_not_change_ends_when_its_link_has_expired() {
    let unheard =
        [("DATABASE_NOTIFY", "false"), ("REQUIRE_API_KEY", "true"), ("IMAGE_LINK_SECRET", SECRET)];
    let app = App::start_with_heartbeat(Duration::from_secs(2), &unheard).await;
    let (_, key) = app.new_key(false).await;
    let job = app.new_job_of(&key).await["id"].as_str().unwrap().to_owned();
    let link =
        format!("/api/jobs/{job}/events?{}", signed(&format!("events of {job}"), now() + 10));
    let mut events = Events::of(app.get(&link).await);
    assert_eq!(events.next().await.unwrap().data["id"], *job);

    assert_eq!(timeout(PATIENCE, events.next()).await.unwrap(), None);
}
