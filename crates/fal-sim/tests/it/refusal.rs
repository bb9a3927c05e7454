//! Bad inputs: queued like good ones, refused by the model.

use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, data_uri, input, quick, text};

/// The type and place of the first complaint.
fn complaint(body: &Value) -> (&str, &Value) {
    (text(&body["detail"][0]["type"]), &body["detail"][0]["loc"])
}

#[tokio::test]
async fn a_bad_body_is_queued_and_fails_only_on_the_result() {
    let sim = Sim::start(quick()).await;

    let submitted = sim.submit(SEEDREAM, &json!({})).await;
    let done = sim.until(&submitted, "COMPLETED").await;
    assert_eq!(done.get("error"), None);

    let result = sim.get(text(&submitted["response_url"])).await;
    assert_eq!(result.status(), 422);
    assert_eq!(result.headers()["x-fal-billable-units"], "0");
    let body: Value = result.json().await.unwrap();
    assert_eq!(complaint(&body), ("missing", &json!(["body", "prompt"])));
    assert_eq!(body["detail"][1]["loc"], json!(["body", "image_urls"]));
    sim.running.stop().await;
}

#[tokio::test]
async fn every_fault_has_its_own_type() {
    let sim = Sim::start(quick()).await;
    let with = |field: &str, value: Value| {
        let mut input = input("broken", 1);
        input[field] = value;
        input
    };
    let cases = [
        (json!("no object"), "model_attributes_type", json!(["body"])),
        (with("prompt", json!(5)), "string_type", json!(["body", "prompt"])),
        (with("image_urls", json!([])), "sequence_too_short", json!(["body", "image_urls"])),
        (with("num_images", json!(0)), "greater_than_equal", json!(["body", "num_images"])),
        (with("num_images", json!(7)), "less_than_equal", json!(["body", "num_images"])),
        (with("seed", json!(1.5)), "int_type", json!(["body", "seed"])),
        (with("image_size", json!("huge")), "one_of", json!(["body", "image_size"])),
    ];

    for (input, kind, place) in cases {
        let (code, body) = sim.run(SEEDREAM, &input).await;
        assert_eq!(code, 422, "{body}");
        assert_eq!(complaint(&body), (kind, &place));
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn a_picture_that_cannot_be_read_is_named_by_its_place() {
    let sim = Sim::start(quick()).await;
    let gone = sim.url("files/b/01234567-89ab-cdef-0123-456789abcdef/gone.png");
    let elsewhere = sim.url("nowhere.png");
    let text_file = data_uri(b"this is a letter");
    let torn = data_uri(b"\x89PNG\r\n\x1a\n and no more");

    for (url, kind) in [
        (gone, "file_download_error"),
        (elsewhere, "file_download_error"),
        (text_file, "unsupported_image_format"),
        (torn, "image_load_error"),
    ] {
        let good = input("second is bad", 1)["image_urls"][0].clone();
        let input = json!({"prompt": "second is bad", "image_urls": [good, url]});
        let (code, body) = sim.run(SEEDREAM, &input).await;
        assert_eq!(code, 422, "{body}");
        assert_eq!(complaint(&body), (kind, &json!(["body", "image_urls", 1])));
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn a_model_wants_its_own_picture_field() {
    let sim = Sim::start(quick()).await;
    let list = input("which field", 1);
    let one = json!({"prompt": "which field", "image_url": list["image_urls"][0]});

    let (_, refused) = sim.run(SEEDREAM, &one).await;
    assert_eq!(complaint(&refused), ("missing", &json!(["body", "image_urls"])));
    let (_, refused) = sim.run("fal-ai/flux-pro/kontext", &list).await;
    assert_eq!(complaint(&refused), ("missing", &json!(["body", "image_url"])));
    let (code, output) = sim.run("fal-ai/flux-pro/kontext", &one).await;
    assert_eq!((code, &output["has_nsfw_concepts"]), (200, &json!([false])));
    sim.running.stop().await;
}
