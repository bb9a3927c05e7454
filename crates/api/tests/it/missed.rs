//! The stream of all jobs, for clients that come back after they missed many changes.

use serde_json::Value;

use crate::{app::App, events::Events};

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

    for n in 21..=50 {
        assert_eq!(back.next().await.unwrap().data["prompt"], Value::from(n.to_string()));
    }
}
