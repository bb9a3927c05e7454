//! The platform's list of finished requests.

use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, input, quick, stuck, with_key};

async fn history(sim: &Sim, query: &str) -> Value {
    let path = format!("v1/models/requests/by-endpoint?endpoint_id={SEEDREAM}{query}");
    let answer = sim.get(&sim.url(&path)).await;
    assert_eq!(answer.status(), 200, "{query}");
    answer.json().await.unwrap()
}

fn ids(page: &Value) -> Vec<&Value> {
    page["items"].as_array().unwrap().iter().map(|item| &item["request_id"]).collect()
}

#[tokio::test]
async fn finished_requests_are_listed_the_last_to_end_first() {
    let sim = Sim::start(quick()).await;
    let mut submitted = Vec::new();
    for prompt in ["first", "second"] {
        let one = sim.submit(SEEDREAM, &input(prompt, 1)).await;
        sim.until(&one, "COMPLETED").await;
        submitted.push(one);
    }
    sim.run("fal-ai/flux-pro/kontext", &json!({})).await;

    let all = history(&sim, "").await;

    assert_eq!(ids(&all), [&submitted[1]["request_id"], &submitted[0]["request_id"]]);
    let item = &all["items"][0];
    assert_eq!((&item["endpoint_id"], &item["status_code"]), (&json!(SEEDREAM), &json!(200)));
    assert!(item["sent_at"].as_str() <= item["started_at"].as_str());
    assert!(item["started_at"].as_str() <= item["ended_at"].as_str());
    assert!(item["duration"].as_f64().unwrap() >= 0.0);
    assert_eq!(item.get("json_input"), None);
    assert_eq!(all["has_more"], false);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_list_can_be_narrowed_down() {
    let sim = Sim::start(quick()).await;
    let good = sim.submit(SEEDREAM, &input("good", 1)).await;
    sim.until(&good, "COMPLETED").await;
    let bad = sim.submit(SEEDREAM, &json!({})).await;
    sim.until(&bad, "COMPLETED").await;
    let id = good["request_id"].as_str().unwrap();

    for (query, expected) in [
        ("&status=success".to_owned(), vec![&good["request_id"]]),
        ("&status=user_error".to_owned(), vec![&bad["request_id"]]),
        ("&status=error".to_owned(), vec![]),
        (format!("&request_id={id}"), vec![&good["request_id"]]),
        ("&start=2100-01-01".to_owned(), vec![]),
        ("&end=2020-01-01T00:00:00Z".to_owned(), vec![]),
        ("&limit=1".to_owned(), vec![&bad["request_id"]]),
    ] {
        assert_eq!(ids(&history(&sim, &query).await), expected, "{query}");
    }
    let first = history(&sim, "&limit=1").await;
    assert_eq!(first["has_more"], true);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = history(&sim, &format!("&limit=1&cursor={cursor}")).await;
    assert_eq!(ids(&second), [&good["request_id"]]);
    sim.running.stop().await;
}

#[tokio::test]
async fn payloads_are_shown_when_they_are_asked_for_and_were_stored() {
    let sim = Sim::start(quick()).await;
    let input = input("remember me", 9);
    let (_, output) = sim.run(SEEDREAM, &input).await;
    let secret = with_key(sim.http.post(sim.url(SEEDREAM))).json(&input);
    let secret = secret.header("X-Fal-Store-IO", "0").send().await.unwrap();
    sim.until(&secret.json().await.unwrap(), "COMPLETED").await;

    let page = history(&sim, "&expand=payloads").await;

    assert_eq!(page["items"][0].get("json_input"), None);
    assert_eq!(page["items"][1]["json_input"], input);
    assert_eq!(page["items"][1]["json_output"], output);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_request_that_is_not_over_is_not_listed() {
    let sim = Sim::start(stuck()).await;
    sim.submit(SEEDREAM, &input("running", 1)).await;
    sim.submit(SEEDREAM, &input("waiting", 1)).await;

    assert_eq!(history(&sim, "").await["items"], json!([]));
    sim.running.stop().await;
}

#[tokio::test]
async fn a_search_that_makes_no_sense_is_refused_in_the_platforms_shape() {
    let sim = Sim::start(quick()).await;
    let path = "v1/models/requests/by-endpoint";

    let keyless = sim.http.get(sim.url(path)).send().await.unwrap();
    assert_eq!(keyless.status(), 401);
    for query in ["", "?endpoint_id=a/b&limit=101", "?endpoint_id=a/b&status=fine"] {
        let answer = sim.get(&sim.url(&format!("{path}{query}"))).await;
        assert_eq!(answer.status(), 400);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["type"], "validation_error");
    }
    sim.running.stop().await;
}
