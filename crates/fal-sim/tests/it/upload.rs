//! The two-step upload, and pictures from elsewhere.

use darkroom_fal_sim::Settings;
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, photo, quick, text};

#[tokio::test]
async fn an_upload_is_served_as_it_came_and_can_be_edited() {
    let sim = Sim::start(quick()).await;
    let bytes = photo(96, 64);

    let url = sim.upload("image/png", bytes.clone()).await;

    let answer = sim.http.get(&url).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert!(answer.bytes().await.unwrap() == bytes);
    let input = json!({"prompt": "from an upload", "image_urls": [url]});
    assert_eq!(sim.run(SEEDREAM, &input).await.0, 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn an_upload_needs_a_key_to_start_and_a_place_to_go() {
    let sim = Sim::start(quick()).await;

    let initiate = sim.http.post(sim.url("storage/upload/initiate"));
    let answer = initiate.json(&json!({"file_name": "a.png"})).send().await.unwrap();
    assert_eq!(answer.status(), 401);

    let place = sim.url("files/upload/01234567-89ab-cdef-0123-456789abcdef/a.png");
    let answer = sim.http.put(place).body("bytes").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_picture_is_fetched_from_another_server() {
    let sim = Sim::start(quick()).await;
    let elsewhere = Sim::start(quick()).await;
    let url = elsewhere.upload("image/png", photo(96, 64)).await;

    let input = json!({"prompt": "from elsewhere", "image_urls": [url]});
    let (code, output) = sim.run(SEEDREAM, &input).await;

    assert_eq!(code, 200, "{output}");
    sim.running.stop().await;
    elsewhere.running.stop().await;
}

#[tokio::test]
async fn the_oldest_files_make_room_for_the_newest() {
    let bytes = photo(96, 64);
    let sim = Sim::start(Settings { media_bytes: 2 * bytes.len(), ..quick() }).await;
    let mut urls = Vec::new();
    for _ in 0..3 {
        urls.push(sim.upload("image/png", bytes.clone()).await);
    }

    let oldest = sim.http.get(&urls[0]).send().await.unwrap();

    assert_eq!(oldest.status(), 404);
    let body: Value = oldest.json().await.unwrap();
    assert_eq!(text(&body["detail"]), "File not found");
    assert!(sim.download(&urls[2]).await == bytes);
    sim.running.stop().await;
}
