//! What a worker tells Prometheus.

use std::{net::TcpListener, time::Duration};

use darkroom_core::{job::Status, metrics::CONTENT_TYPE, models};
use darkroom_testing::{Scrape, eventually, http_client};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::house::{House, Working};

const QUICK: Duration = Duration::from_millis(20);

/// Waits for a value: some are counted only a moment after the job's end was written.
async fn until(worker: &Working, name: &str, labels: &[(&str, &str)], expected: f64) {
    eventually(&format!("{name} {labels:?} is {expected}"), async || {
        let value = worker.scrape().value(name, labels)?;
        ((value - expected).abs() < 1e-9).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_edited_job_is_counted_at_each_step_with_what_it_cost() {
    let house = House::open(QUICK).await;
    let worker = house.worker();
    let id = house.job().await;
    house.once(id, Status::Completed).await;

    until(&worker, "darkroom_settles_total", &[("outcome", "completed")], 1.0).await;
    let model = [("model", models::DEFAULT)];
    let cost = "select cost_micros / 1e6::float8 from attempts";
    let dollars: f64 = sqlx::query_scalar(cost).fetch_one(&house.database.pool).await.unwrap();
    assert!(dollars > 0.0);
    until(&worker, "darkroom_spend_dollars_total", &model, dollars).await;
    until(&worker, "darkroom_jobs_held", &[], 0.0).await;
    let scrape = worker.scrape();
    assert_eq!(scrape.value("darkroom_claims_total", &[]), Some(1.0));
    assert_eq!(scrape.value("darkroom_submissions_total", &[("result", "accepted")]), Some(1.0));
    assert_eq!(scrape.value("darkroom_fal_edit_seconds_count", &model), Some(1.0));
    assert!(scrape.value("darkroom_fal_edit_seconds_sum", &model).unwrap() > 0.0);
    for call in ["upload", "submit", "result", "download"] {
        let calls = scrape.value("darkroom_fal_call_seconds_count", &[("call", call)]);
        assert_eq!(calls, Some(1.0), "{call}");
    }
    assert_eq!(scrape.value("darkroom_fal_errors_total", &[]), Some(0.0));
    assert_eq!(scrape.value("darkroom_stale_writes_total", &[]), Some(0.0));
    assert!(scrape.label_values().all(|value| !value.contains("rain") && !value.contains("http")));
    worker.stop().await;
}

#[tokio::test]
async fn a_job_that_fails_is_counted_with_its_code() {
    let house = House::open(QUICK).await;
    house
        .set_faults(json!({"faults": [{"at": "run", "error_type": "content_policy_violation"}]}))
        .await;
    let worker = house.worker();
    let id = house.job().await;
    house.once(id, Status::Failed).await;

    until(&worker, "darkroom_settles_total", &[("outcome", "failed")], 1.0).await;
    let labels = [("class", "never"), ("code", "content_policy")];
    until(&worker, "darkroom_failures_total", &labels, 1.0).await;
    let errors = worker.scrape().value("darkroom_fal_errors_total", &[("call", "result")]);
    assert!(errors.is_some_and(|errors| errors >= 1.0), "{errors:?}");
    worker.stop().await;
}

#[tokio::test]
async fn a_write_under_a_lost_lease_is_counted_as_refused() {
    let house = House::open(Duration::from_secs(5)).await;
    let worker = house.worker();
    let id = house.job().await;
    house.once(id, Status::Processing).await;

    // As if another worker had claimed it since.
    let lose = "update queue set lease_no = lease_no + 1";
    sqlx::query(lose).execute(&house.database.pool).await.unwrap();

    until(&worker, "darkroom_stale_writes_total", &[("of", "job")], 1.0).await;
    let completed = [("outcome", "completed")];
    assert_eq!(worker.scrape().value("darkroom_settles_total", &completed), Some(0.0));
    worker.stop().await;
}

#[tokio::test]
async fn rescues_deaths_and_hand_overs_are_counted_by_who_does_them() {
    let mut house = House::open(Duration::from_mins(10)).await;
    house.set("WORKER_HEARTBEAT_SECONDS", "1");
    house.set("WORKER_LEASE_SECONDS", "4");
    let first = house.worker();
    let id = house.job().await;
    house.once(id, Status::Processing).await;
    first.kill().await;

    let second = house.worker();
    until(&second, "darkroom_rescued_jobs_total", &[], 1.0).await;
    until(&second, "darkroom_rescued_workers_total", &[], 1.0).await;
    until(&second, "darkroom_jobs_held", &[], 1.0).await;
    // What a rescue by another worker does.
    for statement in ["delete from workers", "update queue set leased_by = null"] {
        sqlx::query(statement).execute(&house.database.pool).await.unwrap();
    }
    until(&second, "darkroom_worker_deaths_total", &[], 1.0).await;
    until(&second, "darkroom_claims_total", &[], 2.0).await;

    let metrics = second.registry();
    second.stop().await;
    let scrape = Scrape::read(&metrics.write());
    assert_eq!(scrape.value("darkroom_handed_over_jobs_total", &[]), Some(1.0));
}

#[tokio::test]
async fn a_worker_serves_its_metrics_and_that_it_is_alive_and_nothing_else() {
    let house = House::open(QUICK).await;
    let worker = house.worker();
    let listener = darkroom_worker::bind_metrics("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let serving =
        tokio::spawn(darkroom_worker::serve_metrics(listener, worker.registry(), stop.clone()));
    let client = http_client();
    let get =
        async |path: &str| client.get(format!("http://{address}{path}")).send().await.unwrap();

    let metrics = get("/metrics").await;
    assert_eq!(metrics.headers()["content-type"], CONTENT_TYPE);
    let scrape = Scrape::read(&metrics.text().await.unwrap());
    assert_eq!(scrape.value("darkroom_claims_total", &[]), Some(0.0));
    let most = scrape.value("darkroom_database_connections_max", &[("pool", "worker")]);
    assert_eq!(most, Some(8.0));
    let health = get("/health").await;
    assert_eq!(
        (health.status().as_u16(), health.text().await.unwrap().as_str()),
        (200, r#"{"status":"ok"}"#)
    );
    assert_eq!(get("/elsewhere").await.status(), 404);
    let post = client.post(format!("http://{address}/metrics")).send().await.unwrap();
    assert_eq!(
        (post.status().as_u16(), &post.headers()["allow"]),
        (405, &"GET, HEAD".parse().unwrap())
    );

    stop.cancel();
    serving.await.unwrap().unwrap();
    worker.stop().await;
}

#[test]
fn a_port_that_is_taken_is_refused_in_a_sentence_that_names_the_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();

    let said = darkroom_worker::bind_metrics(address).unwrap_err().to_string();

    assert!(said.contains(&address.to_string()) && said.contains("METRICS_ADDRESS"), "{said}");
}
