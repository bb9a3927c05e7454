//! The options of a submission.

use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, stuck, text, with_key};

#[tokio::test]
async fn a_submission_is_told_the_id_of_its_first_attempt() {
    let sim = Sim::start(quick()).await;

    let submitted = sim.submit(SEEDREAM, &input("ids", 1)).await;

    assert_eq!(submitted["gateway_request_id"], submitted["request_id"]);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_queue_that_is_too_long_refuses_at_once() {
    let sim = Sim::start(stuck()).await;
    for _ in 0..3 {
        sim.submit(SEEDREAM, &input("wait", 1)).await;
    }

    let submit = |longest: usize| {
        let url = sim.url(&format!("{SEEDREAM}?fal_max_queue_length={longest}"));
        with_key(sim.http.post(url)).json(&json!({})).send()
    };

    // One runs, two wait.
    assert_eq!(submit(1).await.unwrap().status(), 429);
    assert_eq!(sim.ledger().await.len(), 3);
    assert_eq!(submit(2).await.unwrap().status(), 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_that_does_not_start_in_time_ends() {
    let sim = Sim::start(stuck()).await;
    sim.submit(SEEDREAM, &input("in the way", 1)).await;
    let submit = with_key(sim.http.post(sim.url(SEEDREAM))).json(&input("late", 1));
    let submit = submit.header("X-Fal-Request-Timeout", "0.2");
    let submitted: Value = submit.send().await.unwrap().json().await.unwrap();

    let done = sim.until(&submitted, "COMPLETED").await;

    assert_eq!(done["error_type"], "request_timeout");
    let result = sim.get(text(&submitted["response_url"])).await;
    assert_eq!(result.status(), 504);
    assert_eq!(result.headers()["x-fal-request-timeout-type"], "user");
    assert_eq!(result.headers()["x-fal-error-type"], "request_timeout");
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_that_comes_back_to_the_queue_after_its_deadline_ends() {
    let sim = Sim::start(quick()).await;
    let lost = json!({"at": "run", "latency": {"fixed": 0.5}, "requeue": 3600, "next": 1});
    sim.faults(json!([lost])).await;
    let submit = with_key(sim.http.post(sim.url(SEEDREAM))).json(&input("unlucky", 1));
    let submit = submit.header("X-Fal-Request-Timeout", "0.2");
    let submitted: Value = submit.send().await.unwrap().json().await.unwrap();

    let done = sim.until(&submitted, "COMPLETED").await;

    assert_eq!(done["error_type"], "request_timeout");
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_that_has_started_has_no_deadline() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "latency": {"fixed": 0.5}}])).await;
    let submit = with_key(sim.http.post(sim.url(SEEDREAM))).json(&input("slow", 1));
    let submit = submit.header("X-Fal-Request-Timeout", "0.2");
    let submitted: Value = submit.send().await.unwrap().json().await.unwrap();

    let done = sim.until(&submitted, "COMPLETED").await;

    assert_eq!(done.get("error_type"), None);
    sim.running.stop().await;
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let sim = Sim::start(quick()).await;
    let submit = |query: &str| {
        let url = sim.url(&format!("{SEEDREAM}{query}"));
        with_key(sim.http.post(url)).json(&json!({}))
    };

    for request in [
        submit("?fal_max_queue_length=many"),
        submit("?fal_webhook=nowhere"),
        submit("").header("X-Fal-Request-Timeout", "0.1"),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error_type"], "bad_request");
    }
    assert_eq!(sim.ledger().await.len(), 0);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_result_has_a_second_address() {
    let sim = Sim::start(quick()).await;
    let submitted = sim.submit(SEEDREAM, &input("twice", 1)).await;
    sim.until(&submitted, "COMPLETED").await;

    let answer = sim.get(&format!("{}/response", text(&submitted["response_url"]))).await;

    assert_eq!(answer.status(), 200);
    sim.running.stop().await;
}
