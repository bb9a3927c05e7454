//! How long a result can be fetched.

use std::time::Duration;

use darkroom_fal_sim::{Retention, Settings};
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, text};

const LONG: Duration = Duration::from_hours(1);

/// Runs a request and returns the code of its result, fetched after its end.
async fn fetched(retention: Retention, input: &Value) -> u16 {
    let sim = Sim::start(Settings { retention, ..quick() }).await;
    let (code, body) = sim.run(SEEDREAM, input).await;
    if code == 404 {
        assert_eq!(body, json!({"status": "NOT_FOUND"}));
    }
    assert_eq!(sim.ledger().await[0]["status_code"], 200);
    sim.running.stop().await;
    code
}

#[tokio::test]
async fn a_result_is_gone_when_its_time_is_over() {
    let kept = Retention { small: LONG, large: Duration::ZERO };
    let gone = Retention { small: Duration::ZERO, large: LONG };

    assert_eq!(fetched(kept, &input("small", 1)).await, 200);
    assert_eq!(fetched(gone, &input("small", 1)).await, 404);
}

#[tokio::test]
async fn a_large_result_has_a_time_of_its_own() {
    let mut large = input("as a data URI", 1);
    large["sync_mode"] = json!(true);
    large["image_size"] = json!({"width": 800, "height": 600});
    let kept = Retention { small: Duration::ZERO, large: LONG };
    let gone = Retention { small: LONG, large: Duration::ZERO };

    assert_eq!(fetched(kept, &large).await, 200);
    assert_eq!(fetched(gone, &large).await, 404);
}

#[tokio::test]
async fn the_status_outlives_the_result() {
    let retention = Retention { small: Duration::ZERO, large: Duration::ZERO };
    let sim = Sim::start(Settings { retention, ..quick() }).await;
    let submitted = sim.submit(SEEDREAM, &input("gone", 1)).await;
    sim.until(&submitted, "COMPLETED").await;

    assert_eq!(sim.get(text(&submitted["response_url"])).await.status(), 404);
    assert_eq!(sim.get(text(&submitted["status_url"])).await.status(), 200);
    sim.running.stop().await;
}
