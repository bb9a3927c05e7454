//! Faults of calls, set over HTTP and seen by the caller.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, text, with_key};

async fn post(sim: &Sim, endpoint_id: &str) -> reqwest::Result<Response> {
    let request = sim.http.post(sim.url(endpoint_id)).json(&input("on a bad day", 1));
    with_key(request).send().await
}

/// A request that has ended, with its result.
async fn finished(sim: &Sim) -> Value {
    let submitted = sim.submit(SEEDREAM, &input("on a bad day", 1)).await;
    sim.until(&submitted, "COMPLETED").await;
    submitted
}

#[tokio::test]
async fn faults_are_shown_replaced_and_cleared() {
    let sim = Sim::start(quick()).await;
    let url = sim.url("_sim/faults");
    let faults = json!([{"at": "submit", "status": 429, "next": 1}]);
    sim.faults(faults.clone()).await;

    assert_eq!(post(&sim, SEEDREAM).await.unwrap().status(), 429);
    assert_eq!(post(&sim, SEEDREAM).await.unwrap().status(), 200);
    let shown: Value = sim.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!((&shown["seed"], &shown["faults"]), (&json!(7), &faults));
    assert_eq!(shown["counts"], json!([{"occasions": 2, "strikes": 1}]));

    sim.faults(json!([{"at": "submit", "status": 429}])).await;
    assert_eq!(sim.http.delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(post(&sim, SEEDREAM).await.unwrap().status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_is_refused_by_name() {
    let sim = Sim::start(quick()).await;
    for (fault, field) in [
        (json!({"status": 500}), "at"),
        (json!({"at": "nowhere", "status": 500}), "at"),
        (json!({"at": "submit"}), "at"),
        (json!({"at": "submit", "status": 500, "rate": 1.5}), "rate"),
        (json!({"at": "submit", "status": 500, "next": -1}), "next"),
        (json!({"at": "submit", "status": 99}), "status"),
        (json!({"at": "submit", "status": 500, "shape": "round"}), "shape"),
        (json!({"at": "result", "error_type": "runner_on_fire"}), "error_type"),
        (json!({"at": "result", "shape": "nginx"}), "shape"),
        (json!({"at": "submit", "headers": {"Retry-After": "3"}}), "headers"),
        (json!({"at": "run", "detail": "a slow day", "latency": {"fixed": 1}}), "detail"),
        (json!({"at": "result", "status": 500, "headers": {"a b": "c"}}), "headers"),
        (json!({"at": "submit", "status": 500, "reset": "after"}), "reset"),
        (json!({"at": "submit", "reset": "never"}), "reset"),
        (json!({"at": "run", "reset": "before"}), "reset"),
        (json!({"at": "submit", "requeue": 1}), "requeue"),
        (json!({"at": "run", "latency": {"fixed": -1}}), "latency"),
        (json!({"at": "webhook", "delivery": "lost"}), "delivery"),
        (json!({"at": "webhook", "status": 500}), "status"),
        (json!({"at": "download", "bytes_per_second": 0}), "bytes_per_second"),
        (json!({"at": "download", "endpoint": SEEDREAM, "reset": "midway"}), "endpoint"),
        (json!({"at": "submit", "statsu": 500}), "statsu"),
    ] {
        let body = json!({"faults": [{"at": "run", "requeue": 1}, fault]});
        let answer = sim.http.put(sim.url("_sim/faults")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 422, "{body}");
        let refusal: Value = answer.json().await.unwrap();
        assert_eq!(refusal["detail"][0]["loc"], json!(["body", "faults", 1, field]));
    }
    let no_json = sim.http.put(sim.url("_sim/faults")).body("{").send().await.unwrap();
    assert_eq!(no_json.status(), 422);
    sim.running.stop().await;
}

#[tokio::test]
async fn every_listed_error_type_has_its_code_and_its_shape() {
    let sim = Sim::start(quick()).await;
    let submitted = finished(&sim).await;
    for (kind, code, shape) in [
        ("request_timeout", 504, "request"),
        ("startup_timeout", 504, "request"),
        ("runner_scheduling_failure", 503, "request"),
        ("runner_connection_timeout", 503, "request"),
        ("runner_disconnected", 503, "request"),
        ("runner_connection_refused", 503, "request"),
        ("runner_connection_error", 503, "request"),
        ("runner_incomplete_response", 502, "request"),
        ("runner_server_error", 500, "request"),
        ("internal_error", 500, "request"),
        ("client_disconnected", 499, "request"),
        ("client_cancelled", 499, "request"),
        ("bad_request", 400, "request"),
        ("internal_server_error", 500, "model"),
        ("generation_timeout", 504, "model"),
        ("downstream_service_error", 500, "model"),
        ("downstream_service_unavailable", 500, "model"),
        ("content_policy_violation", 422, "model"),
        ("no_media_generated", 422, "model"),
        ("image_too_small", 422, "model"),
        ("file_too_large", 422, "model"),
        ("one_of", 422, "model"),
    ] {
        sim.faults(json!([{"at": "result", "error_type": kind}])).await;
        let answer = sim.get(text(&submitted["response_url"])).await;
        assert_eq!(answer.status().as_u16(), code, "{kind}");
        let header = answer.headers().get("x-fal-error-type").cloned();
        assert_eq!(answer.headers()["x-fal-request-id"], text(&submitted["request_id"]));
        let body: Value = answer.json().await.unwrap();
        if shape == "request" {
            assert_eq!(
                (&body["error_type"], header.unwrap()),
                (&json!(kind), kind.parse().unwrap())
            );
            assert!(body["detail"].is_string());
        } else {
            assert_eq!(body["detail"][0]["type"], kind);
            assert_eq!(body["detail"][0]["loc"][0], "body");
        }
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn an_answer_may_have_any_code_and_shape() {
    let sim = Sim::start(quick()).await;
    let say = async |fault: Value| {
        sim.faults(json!([fault])).await;
        let answer = post(&sim, SEEDREAM).await.unwrap();
        let id = answer.headers().contains_key("x-fal-request-id");
        let after = answer.headers().get("retry-after").cloned();
        (answer.status(), id, after, answer.text().await.unwrap())
    };

    let (code, _, _, body) = say(json!({"at": "submit", "status": 403})).await;
    assert_eq!(code, 403);
    assert!(body.contains("User is locked. Reason: Exhausted balance."));
    let (_, _, _, body) = say(json!({"at": "submit", "status": 401})).await;
    assert_eq!(body, r#"{"detail":"No user found for Key ID and Secret"}"#);
    let headers = json!({"Retry-After": "3"});
    let (_, _, after, _) = say(json!({"at": "submit", "status": 429, "headers": headers})).await;
    assert_eq!(after.unwrap(), "3");
    let (code, id, _, body) = say(json!({"at": "submit", "status": 504, "shape": "nginx"})).await;
    assert_eq!((code, id), (StatusCode::GATEWAY_TIMEOUT, false));
    assert!(body.contains("<center>nginx</center>"));
    let (_, _, _, body) = say(json!({"at": "submit", "status": 502, "shape": "empty"})).await;
    assert_eq!(body, "");
    let (_, _, _, body) = say(json!({"at": "submit", "status": 404, "shape": "not_found"})).await;
    assert_eq!(body, r#"{"status":"NOT_FOUND"}"#);
    let odd = json!({"at": "submit", "status": 422, "shape": "model", "error_type": "audio_off"});
    assert!(say(odd).await.3.contains(r#""type":"audio_off""#));

    assert_eq!(sim.ledger().await.len(), 0);
    let processed = json!({"at": "submit", "status": 504, "shape": "nginx", "processed": true});
    assert_eq!(say(processed).await.0, 504);
    assert_eq!(sim.ledger().await.len(), 1);
    sim.running.stop().await;
}

#[tokio::test]
async fn every_call_has_its_place() {
    let sim = Sim::start(quick()).await;
    let submitted = finished(&sim).await;
    let [status, result, cancel] =
        ["status_url", "response_url", "cancel_url"].map(|url| text(&submitted[url]));
    let output: Value = sim.get(result).await.json().await.unwrap();
    let places = ["initiate", "upload", "submit", "status", "stream", "result", "cancel"];
    let places = [&places[..], &["history", "download"]].concat();
    let calls = |place: &str| match place {
        "initiate" => sim.http.post(sim.url("storage/upload/initiate")),
        "upload" => sim.http.put(sim.url("files/upload/some/a.png")).body(vec![0; 1_000_000]),
        "submit" => sim.http.post(sim.url(SEEDREAM)),
        "status" => sim.http.get(status),
        "stream" => sim.http.get(format!("{status}/stream")),
        "result" => sim.http.get(result),
        "cancel" => sim.http.put(cancel),
        "history" => sim.http.get(sim.url("v1/models/requests/by-endpoint")),
        _ => sim.http.get(text(&output["images"][0]["url"])),
    };

    for struck in &places {
        sim.faults(json!([{"at": struck, "status": 418}])).await;
        for place in &places {
            let answer = with_key(calls(place)).send().await.unwrap();
            assert_eq!(answer.status() == 418, place == struck, "{struck} {place}");
        }
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn a_rate_is_the_same_for_the_same_seed() {
    let sim = Sim::start(quick()).await;
    let mut rounds = Vec::new();
    for _ in 0..2 {
        sim.faults(json!([{"at": "submit", "status": 503, "rate": 0.5}])).await;
        let mut codes = Vec::new();
        for _ in 0..40 {
            codes.push(post(&sim, SEEDREAM).await.unwrap().status().as_u16());
        }
        rounds.push(codes);
    }

    assert_eq!(rounds[0], rounds[1]);
    let struck = rounds[0].iter().filter(|code| **code == 503).count();
    assert!((10..30).contains(&struck), "{struck}");
    sim.running.stop().await;
}

#[tokio::test]
async fn a_fault_may_concern_one_endpoint_alone() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([
        {"at": "submit", "endpoint": "fal-ai/flux-pro/kontext", "status": 503},
        {"at": "status", "endpoint": SEEDREAM, "status": 504, "shape": "nginx", "next": 1},
    ]))
    .await;

    assert_eq!(post(&sim, "fal-ai/flux-pro/kontext").await.unwrap().status(), 503);
    let submitted = sim.submit(SEEDREAM, &input("fine", 1)).await;
    assert_eq!(sim.get(text(&submitted["status_url"])).await.status(), 504);
    sim.until(&submitted, "COMPLETED").await;
    sim.running.stop().await;
}
