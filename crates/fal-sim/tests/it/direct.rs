//! Runs without a queue: a submission to the host `fal.run`.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, stuck, text, with_key};

/// A submission to the host without a queue.
fn direct(sim: &Sim, input: &Value) -> RequestBuilder {
    with_key(sim.http.post(sim.url(SEEDREAM))).header("host", "fal.run").json(input)
}

#[tokio::test]
async fn a_direct_run_waits_for_its_result() {
    let sim = Sim::start(quick()).await;

    let answer = direct(&sim, &input("at once", 3)).send().await.unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-fal-billable-units"], "1");
    let id = answer.headers()["x-fal-request-id"].clone();
    let output: Value = answer.json().await.unwrap();
    assert_eq!(output["seed"], 3);
    sim.download(text(&output["images"][0]["url"])).await;
    let ledger = sim.ledger().await;
    assert_eq!(ledger[0]["request_id"], id.to_str().unwrap());
    assert_eq!((&ledger[0]["door"], &ledger[0]["result_fetches"]), (&json!("direct"), &json!(1)));
    sim.running.stop().await;
}

#[tokio::test]
async fn a_direct_run_with_a_bad_input_is_refused_by_the_model() {
    let sim = Sim::start(quick()).await;

    let answer = direct(&sim, &json!({"prompt": "no picture"})).send().await.unwrap();

    assert_eq!(answer.status(), 422);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["detail"][0]["loc"], json!(["body", "image_urls"]));
    sim.running.stop().await;
}

#[tokio::test]
async fn a_direct_run_over_the_limit_is_refused_and_not_billed() {
    let sim = Sim::start(stuck()).await;
    let submitted = sim.submit(SEEDREAM, &input("in the way", 1)).await;
    sim.until(&submitted, "IN_PROGRESS").await;

    let answer = direct(&sim, &input("no room", 1)).send().await.unwrap();

    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["x-fal-needs-retry"], "1");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error_type"], "concurrent_requests_limit");
    assert_eq!(sim.ledger().await.len(), 1);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_direct_run_is_never_back_in_a_queue() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "requeue": 3600, "latency": {"fixed": 0}}])).await;

    let answer = direct(&sim, &input("stays", 1)).send().await.unwrap();

    assert_eq!(answer.status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn faults_of_submissions_strike_direct_runs_too() {
    let sim = Sim::start(quick()).await;
    let locked = json!({"at": "submit", "endpoint": SEEDREAM, "status": 403});
    sim.faults(json!([locked])).await;

    let answer = direct(&sim, &input("locked", 1)).send().await.unwrap();

    assert_eq!(answer.status(), 403);
    assert_eq!(sim.ledger().await.len(), 0);
    sim.running.stop().await;
}
