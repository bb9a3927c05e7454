//! One request from submission to result, and its authorization.

use darkroom_fal_sim::Settings;
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, stuck, text, with_key};

#[tokio::test]
async fn a_request_is_queued_runs_and_completes() {
    let sim = Sim::start(quick()).await;

    let submitted = sim.submit(SEEDREAM, &input("make it a rainy night", 7)).await;
    let id = text(&submitted["request_id"]);
    let app_url = sim.url(&format!("fal-ai/bytedance/requests/{id}"));
    assert_eq!(submitted["status"], "IN_QUEUE");
    assert_eq!(submitted["queue_position"], 0);
    assert_eq!(submitted["logs"], Value::Null);
    assert_eq!(submitted["metrics"], json!({}));
    assert_eq!(submitted["response_url"], app_url);
    assert_eq!(submitted["status_url"], format!("{app_url}/status"));
    assert_eq!(submitted["cancel_url"], format!("{app_url}/cancel"));

    let done = sim.until(&submitted, "COMPLETED").await;
    assert!(done["metrics"]["inference_time"].as_f64().unwrap() >= 0.0);
    assert_eq!(done["logs"][0]["source"], "USER");
    assert_eq!(done.get("error"), None);
    let silent: Value = sim.get(text(&submitted["status_url"])).await.json().await.unwrap();
    assert_eq!(silent["logs"], Value::Null);

    let result = sim.get(&app_url).await;
    assert_eq!(result.status(), 200);
    assert_eq!(result.headers()["x-fal-request-id"], id);
    assert_eq!(result.headers()["x-fal-billable-units"], "1");
    let output: Value = result.json().await.unwrap();
    assert_eq!(output["seed"], 7);
    assert_eq!(output["images"][0]["content_type"], "image/jpeg");
    sim.running.stop().await;
}

#[tokio::test]
async fn a_running_request_has_no_result_yet() {
    let sim = Sim::start(stuck()).await;
    let submitted = sim.submit(SEEDREAM, &input("wait", 1)).await;

    let running = sim.until(&submitted, "IN_PROGRESS").await;
    let early = sim.get(text(&submitted["response_url"])).await;

    assert_eq!(running.get("queue_position"), None);
    assert_eq!(running["metrics"], json!({}));
    assert_eq!(early.status(), 400);
    let body: Value = early.json().await.unwrap();
    assert_eq!(body, json!({"detail": "Request is still in progress"}));
    sim.running.stop().await;
}

#[tokio::test]
async fn a_call_without_the_right_key_is_refused() {
    let settings = Settings { key: Some("id:secret".into()), ..quick() };
    let sim = Sim::start(settings).await;
    let submit = || sim.http.post(sim.url(SEEDREAM)).json(&json!({}));
    let malformed = "Invalid Key Authorization header format. Expected '<key_id>:<key_secret>'.";
    let unknown = "No user found for Key ID and Secret";

    for (request, detail) in [
        (submit(), malformed),
        (submit().header("authorization", "Bearer id:secret"), malformed),
        (submit().header("authorization", "Key someone:else"), unknown),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"detail": detail}));
    }
    assert_eq!(with_key(submit()).send().await.unwrap().status(), 200);
    assert_eq!(sim.ledger().await.len(), 1);
    sim.running.stop().await;
}

#[tokio::test]
async fn an_unknown_request_is_not_found() {
    let sim = Sim::start(stuck()).await;
    let id = "01234567-89ab-cdef-0123-456789abcdef";
    let submitted = sim.submit(SEEDREAM, &input("wait", 1)).await;
    let other_app = text(&submitted["status_url"]).replace("bytedance", "elsewhere");

    for url in [
        sim.url(&format!("fal-ai/bytedance/requests/{id}/status")),
        sim.url(&format!("fal-ai/bytedance/requests/{id}")),
        sim.url("fal-ai/bytedance/requests/nonsense/status"),
        other_app,
    ] {
        let answer = sim.get(&url).await;
        assert_eq!(answer.status(), 404, "{url}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"status": "NOT_FOUND"}));
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn the_whole_endpoint_id_is_no_place_for_a_status() {
    let sim = Sim::start(stuck()).await;
    let submitted = sim.submit(SEEDREAM, &input("wait", 1)).await;

    let id = text(&submitted["request_id"]);
    let answer = sim.get(&sim.url(&format!("{SEEDREAM}/requests/{id}/status"))).await;

    assert_eq!(answer.status(), 405);
    sim.running.stop().await;
}

#[tokio::test]
async fn two_namespaces_keep_their_first_segment() {
    let sim = Sim::start(quick()).await;

    let submitted = sim.submit("workflows/someone/retouch", &input("again", 1)).await;

    let id = text(&submitted["request_id"]);
    let url = sim.url(&format!("workflows/someone/retouch/requests/{id}"));
    assert_eq!(submitted["response_url"], url);
    sim.until(&submitted, "COMPLETED").await;
    assert_eq!(sim.get(&url).await.status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn the_front_door_says_what_this_is() {
    let sim = Sim::start(quick()).await;

    let answer = sim.http.get(sim.url("")).send().await.unwrap();

    assert!(answer.text().await.unwrap().contains("stand-in for fal"));
    sim.running.stop().await;
}
