//! Slots, positions, cancellation and the ledger.

use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, stuck, text};

#[tokio::test]
async fn with_one_slot_the_others_wait_in_line() {
    let sim = Sim::start(stuck()).await;
    let first = sim.submit(SEEDREAM, &input("first", 1)).await;
    let second = sim.submit(SEEDREAM, &input("second", 2)).await;
    let third = sim.submit(SEEDREAM, &input("third", 3)).await;

    sim.until(&first, "IN_PROGRESS").await;
    assert_eq!(sim.until(&second, "IN_QUEUE").await["queue_position"], 0);
    assert_eq!(sim.until(&third, "IN_QUEUE").await["queue_position"], 1);

    sim.put(text(&first["cancel_url"])).await;
    sim.until(&first, "COMPLETED").await;
    sim.until(&second, "IN_PROGRESS").await;
    assert_eq!(sim.until(&third, "IN_QUEUE").await["queue_position"], 0);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_waiting_request_is_cancelled_at_once_and_a_running_one_on_a_signal() {
    let sim = Sim::start(stuck()).await;
    let running = sim.submit(SEEDREAM, &input("first", 1)).await;
    let waiting = sim.submit(SEEDREAM, &input("second", 2)).await;

    for (request, code, status) in [
        (&waiting, 200, "OK"),
        (&waiting, 400, "ALREADY_COMPLETED"),
        (&running, 202, "CANCELLATION_REQUESTED"),
    ] {
        let answer = sim.put(text(&request["cancel_url"])).await;
        assert_eq!(answer.status(), code);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"status": status}));
    }

    for request in [&waiting, &running] {
        let done = sim.until(request, "COMPLETED").await;
        assert_eq!(done["error_type"], "client_cancelled");
        let result = sim.get(text(&request["response_url"])).await;
        assert_eq!(result.status().as_u16(), 499);
        assert_eq!(result.headers()["x-fal-error-type"], "client_cancelled");
        assert_eq!(result.headers()["x-fal-billable-units"], "0");
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn cancelling_an_unknown_request_finds_nothing() {
    let sim = Sim::start(quick()).await;

    let path = "fal-ai/bytedance/requests/01234567-89ab-cdef-0123-456789abcdef/cancel";
    let answer = sim.put(&sim.url(path)).await;

    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"status": "NOT_FOUND"}));
    sim.running.stop().await;
}

#[tokio::test]
async fn the_ledger_shows_what_was_asked_billed_and_fetched() {
    let sim = Sim::start(quick()).await;
    let mut two = input("two of them", 1);
    two["num_images"] = json!(2);
    two["image_size"] = json!({"width": 64, "height": 64});

    let first = sim.submit(SEEDREAM, &two).await;
    sim.until(&first, "COMPLETED").await;
    sim.get(text(&first["response_url"])).await;
    sim.get(text(&first["response_url"])).await;
    let second = sim.submit(SEEDREAM, &json!({"prompt": 5})).await;
    sim.until(&second, "COMPLETED").await;

    let ledger = sim.ledger().await;
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger[0]["request_id"], first["request_id"]);
    assert_eq!(ledger[0]["endpoint_id"], SEEDREAM);
    assert_eq!(ledger[0]["input"]["prompt"], "two of them");
    assert_eq!(ledger[0]["status"], "COMPLETED");
    assert_eq!(ledger[0]["status_code"], 200);
    assert_eq!(ledger[0]["billed_units"], 2);
    assert_eq!(ledger[0]["cost_usd"], 0.06);
    assert_eq!(ledger[0]["key_id"], "id");
    assert_eq!(ledger[0]["door"], "queue");
    assert_eq!(ledger[0]["result_fetches"], 2);
    assert_eq!(ledger[1]["status_code"], 422);
    assert_eq!(ledger[1]["billed_units"], 0);
    assert_eq!(ledger[1]["cost_usd"], 0.0);
    assert!(!json!(ledger).to_string().contains("secret"));
    assert_eq!(ledger[1]["result_fetches"], 0);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_stopped_stand_in_does_not_answer() {
    let sim = Sim::start(stuck()).await;
    sim.submit(SEEDREAM, &input("never ends", 1)).await;
    let url = sim.url("");

    sim.running.stop().await;

    // A new client has no open connection that it could reuse.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(http.get(url).send().await.unwrap_err().is_connect());
}
