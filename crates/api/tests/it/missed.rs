//! The stream of all jobs, for clients that come back after they missed many changes.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    app::App,
    events::{Event, Events},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Makes jobs that changed some time ago, of which nobody is notified.
async fn make(app: &App, prompt: &str, jobs: i32, seconds_ago: f64) {
    let make = "insert into jobs (id, prompt, model, updated_at)
         select gen_random_uuid(), $1, 'a model', now() - make_interval(secs => $2)
         from generate_series(1, $3)";
    let make = sqlx::query(make).bind(prompt).bind(seconds_ago).bind(jobs);
    make.execute(&app.database.pool).await.unwrap();
}

#[tokio::test]
async fn all_that_was_missed_comes_once_and_in_order_however_much_it_is() {
    let app = App::start().await;
    // Their ids are not in the order of their changes.
    let missed = "insert into jobs (id, prompt, model, updated_at)
         select gen_random_uuid(), n::text, 'a model', now() - make_interval(secs => 1000 - n)
         from generate_series(1, 900) as n";
    sqlx::query(missed).execute(&app.database.pool).await.unwrap();

    let mut events = Events::follow(&app, "/api/events", Some("0")).await;

    let mut last = 0;
    for n in 1..=900 {
        let event = events.next().await.unwrap();
        assert_eq!(event.data["prompt"], Value::from(n.to_string()));
        let id: u64 = event.id.parse().unwrap();
        assert!(id > last, "{id} comes after {last}");
        last = id;
    }
    let made = app.new_job().await;
    assert_eq!(events.next().await.unwrap().data["id"], made["id"]);
}

#[tokio::test]
async fn whoever_breaks_off_while_he_catches_up_goes_on_from_there() {
    let app = App::start().await;
    let missed = "insert into jobs (id, prompt, model, updated_at)
         select gen_random_uuid(), n::text, 'a model', now() - make_interval(secs => 1000 - 10 * n)
         from generate_series(1, 50) as n";
    sqlx::query(missed).execute(&app.database.pool).await.unwrap();
    let mut events = Events::follow(&app, "/api/events", Some("0")).await;
    let mut last = events.next().await.unwrap();
    for _ in 0..20 {
        last = events.next().await.unwrap();
    }
    drop(events);

    let mut back = Events::follow(&app, "/api/events", Some(&last.id)).await;

    // What changed in the minute before may have been committed since. It does not take the client back.
    for n in 16..=50 {
        let event = back.next().await.unwrap();
        assert_eq!(event.data["prompt"], Value::from(n.to_string()));
        assert_eq!(event.id.is_empty(), n <= 21, "{n}");
    }
}

/// The next event, however many heartbeats come before it.
async fn soon(events: &mut Events) -> Event {
    timeout(PATIENCE, events.next()).await.unwrap().unwrap()
}

#[tokio::test]
async fn changes_that_may_have_been_committed_late_are_sent_too_and_count_for_nothing() {
    let app = App::start().await;
    app.new_job().await;
    let seen = Events::follow(&app, "/api/events", Some("0")).await.next().await.unwrap();
    let late = "insert into jobs (id, prompt, model, updated_at)
         select gen_random_uuid(), 'late', 'a model', to_timestamp($1 / 1e6) - interval '15 s'
         from generate_series(1, 1200)";
    let moment: i64 = seen.id.parse().unwrap();
    sqlx::query(late).bind(moment).execute(&app.database.pool).await.unwrap();

    let mut back = Events::follow(&app, "/api/events", Some(&seen.id)).await;

    for _ in 0..1_200 {
        assert_eq!(back.next().await.unwrap().data["prompt"], "late");
    }
}

#[tokio::test]
async fn what_changed_while_the_connection_that_tells_of_changes_was_cut_is_told() {
    let app = App::start().await;
    let mut events = Events::follow(&app, "/api/events", None).await;
    make(&app, "unheard", 1, 10.0).await;

    app.database.end_connections().await;

    assert_eq!(soon(&mut events).await.data["prompt"], "unheard");
}

#[tokio::test]
async fn whoever_follows_is_told_to_begin_anew_if_too_much_changed_while_that_connection_was_cut() {
    let app = App::start().await;
    let mut events = Events::follow(&app, "/api/events", None).await;
    make(&app, "unheard", 10_000, 10.0).await;

    app.database.end_connections().await;

    assert_eq!(soon(&mut events).await.name, "reset");
}
