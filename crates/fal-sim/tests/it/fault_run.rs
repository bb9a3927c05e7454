//! Faults of runs: how a request runs and how it ends.

use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, text};

#[tokio::test]
async fn a_model_error_is_seen_on_the_result_alone() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "error_type": "content_policy_violation", "next": 1}])).await;
    let submitted = sim.submit(SEEDREAM, &input("indecent", 1)).await;

    let done = sim.until(&submitted, "COMPLETED").await;
    assert_eq!(done.get("error_type"), None);
    for _ in 0..2 {
        let answer = sim.get(text(&submitted["response_url"])).await;
        assert_eq!(answer.status(), 422);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["detail"][0]["type"], "content_policy_violation");
    }
    assert_eq!(sim.run(SEEDREAM, &input("decent", 1)).await.0, 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_error_is_seen_on_the_status_and_on_the_result() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "error_type": "runner_disconnected"}])).await;
    let submitted = sim.submit(SEEDREAM, &input("lost", 1)).await;

    let done = sim.until(&submitted, "COMPLETED").await;
    assert_eq!(done["error_type"], "runner_disconnected");
    let answer = sim.get(text(&submitted["response_url"])).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["x-fal-error-type"], "runner_disconnected");
    assert_eq!(sim.ledger().await[0]["billed_units"], 0);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_refusal_may_be_billed() {
    let sim = Sim::start(quick()).await;
    let fault = json!({"at": "run", "error_type": "no_media_generated", "billed_units": 1});
    sim.faults(json!([fault])).await;

    assert_eq!(sim.run(SEEDREAM, &input("nothing", 1)).await.0, 422);

    assert_eq!(sim.ledger().await[0]["billed_units"], 1);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_running_request_goes_back_to_the_queue_and_runs_again() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([
        {"at": "run", "requeue": 3, "next": 1},
        {"at": "run", "latency": {"fixed": 3}, "next": 1},
    ]))
    .await;
    let submitted = sim.submit(SEEDREAM, &input("again", 4)).await;

    sim.until(&submitted, "IN_PROGRESS").await;
    assert_eq!(sim.until(&submitted, "IN_QUEUE").await["queue_position"], 0);
    sim.until(&submitted, "COMPLETED").await;

    let answer = sim.get(text(&submitted["response_url"])).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(sim.ledger().await[0]["billed_units"], 1);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_that_is_back_in_the_queue_can_be_cancelled() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([
        {"at": "run", "requeue": 3600, "next": 1},
        {"at": "run", "latency": {"fixed": 3}, "next": 1},
    ]))
    .await;
    let submitted = sim.submit(SEEDREAM, &input("never again", 4)).await;
    sim.until(&submitted, "IN_PROGRESS").await;
    sim.until(&submitted, "IN_QUEUE").await;

    assert_eq!(sim.put(text(&submitted["cancel_url"])).await.status(), 200);

    let done = sim.until(&submitted, "COMPLETED").await;
    assert_eq!(done["error_type"], "client_cancelled");
    sim.running.stop().await;
}

#[tokio::test]
async fn what_an_output_need_not_say_may_be_null_or_absent() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([
        {"at": "run", "null": ["file_name", "file_size"]},
        {"at": "run", "absent": ["width", "height", "content_type"]},
    ]))
    .await;

    let (_, output) = sim.run(SEEDREAM, &input("terse", 1)).await;

    let image = &output["images"][0];
    assert!(image["url"].is_string());
    let nulls = json!({"url": image["url"], "file_name": null, "file_size": null});
    assert_eq!(image, &nulls);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_cancelled_request_may_complete_and_be_billed() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([
        {"at": "run", "latency": {"fixed": 3}},
        {"at": "cancel", "ignored": true},
    ]))
    .await;
    let submitted = sim.submit(SEEDREAM, &input("too far gone", 1)).await;
    sim.until(&submitted, "IN_PROGRESS").await;

    let answer = sim.put(text(&submitted["cancel_url"])).await;
    assert_eq!(answer.status(), 202);
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "CANCELLATION_REQUESTED");

    let done = sim.until(&submitted, "COMPLETED").await;
    assert_eq!(done.get("error_type"), None);
    let ledger = sim.ledger().await;
    assert_eq!((&ledger[0]["status_code"], &ledger[0]["billed_units"]), (&json!(200), &json!(1)));
    sim.running.stop().await;
}
