//! Webhooks: their bodies, their signatures, and how often they are sent.

use std::time::{Duration, Instant};

use darkroom_fal_sim::Settings;
use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::support::{SEEDREAM, Sim, input, quick, stuck, text, with_key};

fn impatient() -> Settings {
    Settings { webhook_retry: Duration::from_millis(10), ..quick() }
}

/// Submits an input with a webhook to the receiver.
async fn submit(sim: &Sim, receiver: &Receiver, input: &Value) -> Value {
    let mut url = sim.running.base_url().join(SEEDREAM).unwrap();
    url.query_pairs_mut().append_pair("fal_webhook", &receiver.url);
    let answer = with_key(sim.http.post(url)).json(input).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Waits until the ledger's first entry has this value.
async fn until_ledger(sim: &Sim, field: &str, value: Value) {
    let said = async {
        while sim.ledger().await[0][field] != value {
            tokio::time::sleep(crate::support::INTERVAL).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, said).await.unwrap();
}

#[tokio::test]
async fn a_success_is_told_with_its_payload_and_a_signature() {
    let sim = Sim::start(impatient()).await;
    let receiver = Receiver::start(&[]);

    let submitted = submit(&sim, &receiver, &input("tell me", 3)).await;
    let webhook = receiver.webhooks(1).await.remove(0);

    let body = webhook.body();
    assert_eq!(body["status"], "OK");
    assert_eq!(body["request_id"], submitted["request_id"]);
    assert_eq!(body["gateway_request_id"], submitted["request_id"]);
    assert_eq!(body["payload"]["seed"], 3);
    assert_eq!(webhook.header("content-type"), "application/json");
    assert_eq!(webhook.header("x-fal-webhook-request-id"), text(&submitted["request_id"]));
    assert!(webhook.age().abs() < 60);
    assert!(webhook.is_genuine(&sim).await);
    until_ledger(&sim, "webhook_acknowledged", json!(true)).await;
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_failure_is_told_with_its_complaints() {
    let sim = Sim::start(impatient()).await;
    let receiver = Receiver::start(&[]);

    submit(&sim, &receiver, &json!({})).await;
    let body = receiver.webhooks(1).await[0].body();

    assert_eq!(body["status"], "ERROR");
    assert_eq!(body["error"], "Invalid status code: 422");
    assert_eq!(body["payload"]["detail"][0]["type"], "missing");
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_cancellation_is_told_too() {
    let sim = Sim::start(stuck()).await;
    let receiver = Receiver::start(&[]);
    sim.submit(SEEDREAM, &input("in the way", 1)).await;

    let waiting = submit(&sim, &receiver, &input("cancelled", 1)).await;
    sim.put(text(&waiting["cancel_url"])).await;
    let body = receiver.webhooks(1).await[0].body();

    assert_eq!(
        (&body["status"], &body["error"]),
        (&json!("ERROR"), &json!("Invalid status code: 499"))
    );
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_webhook_comes_again_until_it_is_acknowledged() {
    let sim = Sim::start(impatient()).await;
    let receiver = Receiver::start(&[500, 404, 429]);

    submit(&sim, &receiver, &input("again", 1)).await;
    let webhooks = receiver.webhooks(4).await;
    until_ledger(&sim, "webhook_acknowledged", json!(true)).await;

    assert_eq!(sim.ledger().await[0]["webhook_attempts"], 4);
    for webhook in &webhooks {
        assert_eq!(webhook.body(), webhooks[0].body());
        assert!(webhook.is_genuine(&sim).await);
    }
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_redirect_is_the_end_of_a_webhook() {
    let sim = Sim::start(impatient()).await;
    let redirecting = Receiver::start(&[302]);
    let later = Receiver::start(&[500, 500, 500]);

    submit(&sim, &redirecting, &input("moved", 1)).await;
    redirecting.webhooks(1).await;
    submit(&sim, &later, &input("time passes", 1)).await;
    later.webhooks(4).await;

    let ledger = sim.ledger().await;
    assert_eq!(ledger[0]["webhook_attempts"], 1);
    assert_eq!(ledger[0]["webhook_acknowledged"], false);
    redirecting.stop().await;
    later.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_webhook_may_come_twice_and_late() {
    let sim = Sim::start(impatient()).await;
    let receiver = Receiver::start(&[]);
    sim.faults(json!([
        {"at": "webhook", "delivery": "duplicate"},
        {"at": "webhook", "latency": {"fixed": 1}},
    ]))
    .await;

    let began = Instant::now();
    submit(&sim, &receiver, &input("twice", 1)).await;
    let webhooks = receiver.webhooks(2).await;

    assert!(began.elapsed() >= Duration::from_secs(1), "it is not late");
    assert_eq!(webhooks[0].body(), webhooks[1].body());
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_webhook_may_never_come_or_come_from_somebody_else() {
    let sim = Sim::start(impatient()).await;
    let receiver = Receiver::start(&[]);
    let faults = ["missing", "forged", "stale", "no_payload"];
    let fault = |delivery| json!({"at": "webhook", "delivery": delivery, "next": 1});

    let mut ids = Vec::new();
    for delivery in faults {
        sim.faults(json!([fault(delivery)])).await;
        let submitted = submit(&sim, &receiver, &input(delivery, 1)).await;
        sim.until(&submitted, "COMPLETED").await;
        until_struck(&sim).await;
        ids.push(submitted["request_id"].clone());
    }

    let webhooks = receiver.webhooks(3).await;
    let of = |id: &Value| webhooks.iter().find(|webhook| webhook.body()["request_id"] == *id);
    assert!(of(&ids[0]).is_none());
    assert!(!of(&ids[1]).unwrap().is_genuine(&sim).await);
    assert!(of(&ids[2]).unwrap().is_genuine(&sim).await);
    assert!(of(&ids[2]).unwrap().age() > 300);
    let body = of(&ids[3]).unwrap().body();
    assert_eq!((&body["status"], &body["payload"]), (&json!("OK"), &Value::Null));
    assert!(body["payload_error"].is_string());
    receiver.stop().await;
    sim.running.stop().await;
}

#[tokio::test]
async fn a_webhook_names_the_last_attempt_of_a_request_that_ran_again() {
    let sim = Sim::start(impatient()).await;
    let receiver = Receiver::start(&[]);
    sim.faults(json!([{"at": "run", "requeue": 0, "next": 1}])).await;

    let submitted = submit(&sim, &receiver, &input("again", 1)).await;
    let body = receiver.webhooks(1).await[0].body();

    assert_eq!(body["request_id"], submitted["request_id"]);
    assert_ne!(body["gateway_request_id"], submitted["request_id"]);
    receiver.stop().await;
    sim.running.stop().await;
}

/// Waits until the first fault has struck once.
async fn until_struck(sim: &Sim) {
    let struck = async {
        loop {
            let answer = sim.http.get(sim.url("_sim/faults")).send().await.unwrap();
            if answer.json::<Value>().await.unwrap()["counts"][0]["strikes"] == 1 {
                return;
            }
            tokio::time::sleep(crate::support::INTERVAL).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, struck).await.unwrap();
}
