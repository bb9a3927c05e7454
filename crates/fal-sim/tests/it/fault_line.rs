//! Connections that break, crawl or hesitate.

use reqwest::Response;
use serde_json::json;

use crate::support::{SEEDREAM, Sim, input, photo, quick, text, with_key};

async fn post(sim: &Sim) -> reqwest::Result<Response> {
    let request = sim.http.post(sim.url(SEEDREAM)).json(&input("on a bad line", 1));
    with_key(request).send().await
}

#[tokio::test]
async fn a_connection_breaks_before_the_request_was_read() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "submit", "reset": "before", "next": 1}])).await;

    post(&sim).await.unwrap_err();

    assert_eq!(sim.ledger().await.len(), 0);
    assert_eq!(post(&sim).await.unwrap().status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_connection_breaks_with_the_request_queued_and_billed() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "submit", "reset": "after", "next": 1}])).await;

    let lost = post(&sim).await.unwrap_err();

    assert!(!lost.is_connect());
    let ledger = sim.ledger().await;
    assert_eq!(ledger.len(), 1);
    let app = sim.url("fal-ai/bytedance/requests");
    let status = format!("{app}/{}/status", text(&ledger[0]["request_id"]));
    sim.until(&json!({"status_url": status}), "COMPLETED").await;
    assert_eq!(sim.ledger().await[0]["billed_units"], 1);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_connection_breaks_in_the_middle_of_the_answer() {
    let sim = Sim::start(quick()).await;
    let submitted = sim.submit(SEEDREAM, &input("on a bad line", 1)).await;
    sim.until(&submitted, "COMPLETED").await;
    sim.faults(json!([{"at": "result", "reset": "midway", "next": 1}])).await;

    let answer = sim.get(text(&submitted["response_url"])).await;

    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap_err();
    assert_eq!(sim.get(text(&submitted["response_url"])).await.status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_download_is_cut_off_or_slow() {
    let sim = Sim::start(quick()).await;
    let bytes = photo(96, 64);
    let url = sim.upload("image/png", bytes.clone()).await;
    let rate = bytes.len() * 5;
    sim.faults(json!([
        {"at": "download", "reset": "midway", "next": 1},
        {"at": "download", "bytes_per_second": rate},
    ]))
    .await;

    let mut cut = sim.http.get(&url).send().await.unwrap();
    let mut come = 0;
    while let Ok(Some(chunk)) = cut.chunk().await {
        come += chunk.len();
    }
    let began = std::time::Instant::now();
    let whole = sim.download(&url).await;

    assert_eq!(come, bytes.len() / 2);
    assert!(whole == bytes);
    assert!(began.elapsed().as_secs_f64() >= 0.19);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_call_may_take_its_time() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "submit", "latency": {"uniform": [0.1, 0.2]}, "status": 503}])).await;
    let began = std::time::Instant::now();

    assert_eq!(post(&sim).await.unwrap().status(), 503);

    assert!(began.elapsed().as_secs_f64() >= 0.1);
    sim.running.stop().await;
}
