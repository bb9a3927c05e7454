//! The status stream.

use std::time::Duration;

use darkroom_fal_sim::Settings;
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, stuck, text};

/// The events of a stream's text.
fn events(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|json| serde_json::from_str(json).unwrap()).collect()
}

#[tokio::test]
async fn a_stream_brings_every_phase_and_ends_after_the_last() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "latency": {"fixed": 3}}])).await;
    let submitted = sim.submit(SEEDREAM, &input("watch me", 1)).await;

    let url = format!("{}/stream?logs=1", text(&submitted["status_url"]));
    let answer = sim.get(&url).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let events = events(&answer.text().await.unwrap());

    let mut phases: Vec<&str> = events.iter().map(|event| text(&event["status"])).collect();
    phases.dedup();
    assert_eq!(phases, ["IN_PROGRESS", "COMPLETED"]);
    let lines: usize = events.iter().map(|event| event["logs"].as_array().unwrap().len()).sum();
    let polled = sim.until(&submitted, "COMPLETED").await;
    assert_eq!(lines, polled["logs"].as_array().unwrap().len());
    sim.running.stop().await;
}

#[tokio::test]
async fn without_logs_there_is_one_event_for_each_phase() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "latency": {"fixed": 3}}])).await;
    let submitted = sim.submit(SEEDREAM, &input("watch me", 1)).await;

    let url = format!("{}/stream", text(&submitted["status_url"]));
    let events = events(&sim.get(&url).await.text().await.unwrap());

    let phases: Vec<&str> = events.iter().map(|event| text(&event["status"])).collect();
    assert_eq!(phases, ["IN_PROGRESS", "COMPLETED"]);
    assert_eq!(events[1]["logs"], Value::Null);
    assert_eq!(events[1]["response_url"], submitted["response_url"]);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_silent_stream_sends_comments() {
    let settings = Settings { stream_comment: Duration::from_millis(20), ..stuck() };
    let sim = Sim::start(settings).await;
    let submitted = sim.submit(SEEDREAM, &input("never ends", 1)).await;

    let url = format!("{}/stream", text(&submitted["status_url"]));
    let mut answer = sim.get(&url).await;
    let mut seen = String::new();
    while !seen.contains(": ping") {
        seen += &String::from_utf8_lossy(&answer.chunk().await.unwrap().unwrap());
    }

    assert_eq!(events(&seen)[0]["status"], "IN_PROGRESS");
    sim.running.stop().await;
}

#[tokio::test]
async fn there_is_no_stream_of_an_unknown_request() {
    let sim = Sim::start(quick()).await;

    let id = "01234567-89ab-cdef-0123-456789abcdef";
    let url = sim.url(&format!("fal-ai/bytedance/requests/{id}/status/stream"));
    let answer = sim.get(&url).await;

    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"status": "NOT_FOUND"}));
    sim.running.stop().await;
}
