//! The API's metrics for Prometheus.

use darkroom_core::{
    metrics::{CONTENT_TYPE, names},
    queue,
};
use darkroom_testing::{Scrape, eventually};
use reqwest::{Method, Response};

use crate::app::{App, problem};

const REQUESTS: &str = "darkroom_http_request_seconds_count";

async fn read(response: Response) -> Scrape {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], CONTENT_TYPE);
    Scrape::read(&response.text().await.unwrap())
}

impl App {
    /// How many jobs were read so far from `memory` or the `database`.
    pub(crate) async fn reads(&self, from: &str) -> f64 {
        let scrape = read(self.get("/metrics").await).await;
        scrape.value("darkroom_job_reads_total", &[("from", from)]).unwrap()
    }
}

#[tokio::test]
async fn requests_are_counted_by_the_pattern_of_their_path_and_never_by_the_path() {
    let app = App::start().await;
    let job = app.new_job().await;
    let id = job["id"].as_str().unwrap();
    for _ in 0..3 {
        app.get(&format!("/api/jobs/{id}")).await;
    }
    app.get("/api/jobs/01900000-0000-7000-8000-000000000000").await;
    app.get("/no/such/path").await;
    let odd = app.client.request("BREW".parse().unwrap(), app.url("/api/jobs"));
    odd.send().await.unwrap();

    let scrape = read(app.get("/metrics").await).await;

    let of = |method, route, status| {
        scrape.value(REQUESTS, &[("method", method), ("route", route), ("status", status)])
    };
    assert_eq!(of("GET", "/api/jobs/{id}", "2xx"), Some(3.0));
    assert_eq!(of("GET", "/api/jobs/{id}", "4xx"), Some(1.0));
    assert_eq!(of("POST", "/api/jobs", "2xx"), Some(1.0));
    assert_eq!(of("GET", "none", "4xx"), Some(1.0));
    assert_eq!(of("other", "/api/jobs", "4xx"), Some(1.0));
    assert!(scrape.label_values().all(|value| !value.contains(id) && !value.contains("such")));
}

#[tokio::test]
async fn how_the_service_stands_is_told_and_what_a_caller_wrote_is_not() {
    let app =
        App::start_with(&[("IMAGE_LINK_SECRET", "a-secret-of-a-test-that-is-long-enough")]).await;
    app.new_job().await;
    queue::register(&app.database.pool, "a worker of a test").await.unwrap();
    let pool = &app.database.pool;
    queue::register(pool, "one that is late").await.unwrap();
    let late = "update workers set beat_at = now() - interval '1 hour' where name like '%late'";
    sqlx::query(late).execute(pool).await.unwrap();
    let held = app.database.hold("select 1").await;

    let text = app.get("/metrics").await.text().await.unwrap();

    let scrape = Scrape::read(&text);
    let model = [("model", darkroom_core::models::DEFAULT), ("state", "in_line")];
    assert_eq!(scrape.value("darkroom_queue_jobs", &model), Some(1.0));
    assert_eq!(scrape.value("darkroom_database_up", &[]), Some(1.0));
    assert_eq!(scrape.value("darkroom_workers", &[]), Some(1.0));
    assert_eq!(scrape.value("darkroom_halted", &[]), Some(0.0));
    assert!(scrape.value("darkroom_database_oldest_transaction_seconds", &[]).unwrap() > 0.0);
    let pool = [("pool", "api")];
    assert_eq!(scrape.value("darkroom_database_connections_max", &pool), Some(8.0));
    assert!(scrape.value("process_resident_memory_bytes", &[]).unwrap() > 1e6);
    assert!(scrape.value("process_start_time_seconds", &[]).unwrap() > 1e9);
    for told in ["make it rain", "secret-of-a-test", "postgres://", "darkroom:"] {
        assert!(!text.contains(told), "{told} is told");
    }
    held.release().await;
}

#[tokio::test]
async fn answers_are_told_apart_by_where_they_came_from_and_open_streams_are_counted() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());

    eventually("an answer comes from memory", async || {
        app.get(&path).await;
        (app.reads("memory").await > 0.0).then_some(())
    })
    .await;
    assert!(app.reads("database").await > 0.0);

    let streams = async || {
        let scrape = read(app.get("/metrics").await).await;
        scrape.value("darkroom_event_streams", &[]).unwrap()
    };
    let mut stream = app.get("/api/events").await;
    stream.chunk().await.unwrap();
    assert_eq!(streams().await.to_string(), "1");
    drop(stream);
    // The server notices that the client is gone when it has something to send.
    eventually("the stream is not counted any more", async || {
        app.new_job().await;
        (streams().await < 1.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn while_the_database_is_away_a_scrape_tells_what_the_process_knows() {
    let app = App::start().await;
    app.new_job().await;
    app.database.take_away().await;

    let scrape = read(app.get("/metrics").await).await;

    assert_eq!(scrape.value("darkroom_database_up", &[]), Some(0.0));
    assert_eq!(scrape.value("darkroom_queue_jobs", &[]), None);
    let made = [("method", "POST"), ("route", "/api/jobs"), ("status", "2xx")];
    assert_eq!(scrape.value(REQUESTS, &made), Some(1.0));
    app.database.bring_back().await;
}

#[tokio::test]
async fn scrapes_do_not_ask_the_database_each_time() {
    let app = App::start().await;
    let in_line = async || {
        let scrape = read(app.get("/metrics").await).await;
        scrape.value("darkroom_queue_jobs", &[("state", "in_line")]).unwrap_or_default()
    };

    // An answer is reused for a few seconds: some pair of scrapes falls within.
    eventually("two scrapes have one answer", async || {
        let before = in_line().await;
        app.new_job().await;
        (in_line().await - before < 0.5).then_some(())
    })
    .await;
    eventually("it does not hold for ever", async || (in_line().await > 0.5).then_some(())).await;
}

#[tokio::test]
async fn a_connection_that_is_not_to_be_had_in_time_is_counted() {
    let app = App::start().await;
    let mut held = Vec::new();
    for _ in 0..8 {
        held.push(app.database.pool.acquire().await.unwrap());
    }

    let read_job = app.get("/api/jobs/01900000-0000-7000-8000-000000000000").await;

    problem(read_job, 503, "database_unavailable").await;
    let scrape = read(app.get("/metrics").await).await;
    let pool = ("pool", "api");
    let timeouts = scrape.value("darkroom_database_acquire_timeouts_total", &[pool]).unwrap();
    assert!(timeouts >= 1.0, "{timeouts}");
    let in_use = [pool, ("state", "in_use")];
    assert_eq!(scrape.value("darkroom_database_connections", &in_use), Some(8.0));
}

#[tokio::test]
async fn where_keys_are_needed_only_an_operators_opens_the_metrics() {
    let app = App::start_with(&[("REQUIRE_API_KEY", "true")]).await;
    let ((_, admin), (_, key)) = (app.new_key(true).await, app.new_key(false).await);

    problem(app.get("/metrics").await, 401, "api_key_needed").await;
    problem(app.ask(Method::GET, "/metrics", &key).await, 403, "not_admin").await;
    let text = app.ask(Method::GET, "/metrics", &admin).await.text().await.unwrap();

    assert!(text.contains(names::DATABASE_UP.name));
    assert!(!text.contains(&admin) && !text.contains(&key));
    let head = app.client.head(app.url("/metrics")).bearer_auth(&admin).send().await.unwrap();
    assert_eq!(head.status(), 200);
}
