//! The dialects of the models.

use serde_json::{Value, json};

use crate::support::{Sim, data_uri, input, photo, quick, text};

/// An input with one picture in this field.
fn with_picture(field: &Value, more: &Value) -> Value {
    let field = text(field);
    let picture = data_uri(&photo(48, 32));
    let mut input = json!({"prompt": "x"});
    input[field] = if field == "image_url" { json!(picture) } else { json!([picture]) };
    for (name, value) in more.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

/// Endpoint, picture field, other fields, format of the picture, fields of the output.
fn documented() -> Value {
    let at_length = ["has_nsfw_concepts", "images", "prompt", "seed", "timings"];
    let small = json!({"width": 64, "height": 64});
    json!([
        ["fal-ai/bytedance/seedream/v4/edit", "image_urls",
            {"image_size": small, "enhance_prompt_mode": "fast", "max_images": 1, "num_images": 1,
             "enable_safety_checker": false, "seed": 1, "sync_mode": true},
            "jpeg", ["images", "seed"]],
        ["fal-ai/bytedance/seedream/v4.5/edit", "image_urls",
            {"image_size": {"width": 1920, "height": 1920}, "seed": 1, "max_images": 1},
            "jpeg", ["images"]],
        ["bytedance/seedream/v5/lite/edit", "image_urls", {"max_images": 1},
            "jpeg", ["images", "seed"]],
        ["bytedance/seedream/v5/pro/edit", "image_urls", {"output_format": "png"},
            "png", ["images"]],
        ["fal-ai/flux-pro/kontext", "image_url",
            {"aspect_ratio": "21:9", "safety_tolerance": "6", "guidance_scale": 3.5,
             "enhance_prompt": true},
            "jpeg", at_length],
        ["fal-ai/flux-pro/kontext/max", "image_url", {}, "jpeg", at_length],
        ["fal-ai/flux-pro/kontext/multi", "image_urls", {}, "jpeg", at_length],
        ["fal-ai/flux-kontext/dev", "image_url",
            {"resolution_mode": "match_input", "num_inference_steps": 28, "acceleration": "high",
             "output_format": "png"},
            "png", at_length],
        ["fal-ai/flux-2-pro/edit", "image_urls",
            {"image_size": "auto", "safety_tolerance": "5", "enable_safety_checker": true},
            "jpeg", ["images", "seed"]],
        ["fal-ai/nano-banana/edit", "image_urls",
            {"aspect_ratio": "auto", "output_format": "webp", "limit_generations": true},
            "webp", ["description", "images"]],
        ["fal-ai/nano-banana-pro/edit", "image_urls",
            {"resolution": "1K", "enable_web_search": true, "system_prompt": "be brief"},
            "png", ["description", "images"]],
        ["fal-ai/nano-banana-2/edit", "image_urls",
            {"resolution": "0.5K", "aspect_ratio": "8:1"},
            "png", ["description", "images"]],
        ["fal-ai/qwen-image-edit", "image_url",
            {"image_size": small, "negative_prompt": "rain", "num_inference_steps": 30},
            "png", at_length],
        ["fal-ai/qwen-image-edit-plus", "image_urls", {}, "png", at_length],
        ["fal-ai/qwen-image-edit-2511", "image_urls", {}, "webp", at_length],
        ["fal-ai/gpt-image-1.5/edit", "image_urls",
            {"image_size": "1024x1024", "quality": "low", "background": "opaque",
             "input_fidelity": "high", "mask_image_url": "https://example.test/mask.png"},
            "png", ["images"]],
        ["openai/gpt-image-2/edit", "image_urls",
            {"image_size": "auto", "mask_url": "https://example.test/mask.png"},
            "png", ["images"]],
    ])
}

/// Endpoint, picture field, another field, its value, and the type of the complaint.
fn impossible() -> Value {
    json!([
        ["fal-ai/bytedance/seedream/v4/edit", "image_urls", "enhance_prompt_mode", "slow",
            "one_of"],
        ["fal-ai/bytedance/seedream/v4.5/edit", "image_urls", "image_size", "auto", "one_of"],
        ["fal-ai/bytedance/seedream/v4.5/edit", "image_urls", "image_size",
            {"width": 1024, "height": 1024}, "value_error"],
        ["bytedance/seedream/v5/lite/edit", "image_urls", "image_size", "auto_1K", "one_of"],
        ["bytedance/seedream/v5/pro/edit", "image_urls", "image_size",
            {"width": 4096, "height": 4096}, "value_error"],
        ["bytedance/seedream/v5/pro/edit", "image_urls", "output_format", "webp", "one_of"],
        ["fal-ai/flux-pro/kontext", "image_url", "safety_tolerance", 2, "one_of"],
        ["fal-ai/flux-pro/kontext", "image_url", "safety_tolerance", "7", "one_of"],
        ["fal-ai/flux-pro/kontext", "image_url", "aspect_ratio", "auto", "one_of"],
        ["fal-ai/flux-2-pro/edit", "image_urls", "safety_tolerance", "6", "one_of"],
        ["fal-ai/flux-kontext/dev", "image_url", "resolution_mode", "2K", "one_of"],
        ["fal-ai/flux-kontext/dev", "image_url", "num_inference_steps", 0, "greater_than_equal"],
        ["fal-ai/flux-kontext/dev", "image_url", "num_inference_steps", "many", "int_type"],
        ["fal-ai/flux-kontext/dev", "image_url", "guidance_scale", 99, "less_than_equal"],
        ["fal-ai/flux-kontext/dev", "image_url", "guidance_scale", "much", "float_type"],
        ["fal-ai/flux-kontext/dev", "image_url", "enable_safety_checker", "maybe", "bool_type"],
        ["fal-ai/nano-banana/edit", "image_urls", "aspect_ratio", "8:1", "one_of"],
        ["fal-ai/nano-banana-pro/edit", "image_urls", "resolution", "0.5K", "one_of"],
        ["fal-ai/qwen-image-edit", "image_url", "image_size", "auto", "one_of"],
        ["fal-ai/qwen-image-edit", "image_url", "negative_prompt", 5, "string_type"],
        ["fal-ai/gpt-image-1.5/edit", "image_urls", "image_size", {"width": 64}, "one_of"],
        ["openai/gpt-image-2/edit", "image_urls", "image_size", "auto_2K", "one_of"],
    ])
}

#[tokio::test]
async fn every_model_reads_its_own_fields_and_says_what_it_documents() {
    let sim = Sim::start(quick()).await;
    for case in documented().as_array().unwrap() {
        let (endpoint_id, content_type) = (text(&case[0]), format!("image/{}", text(&case[3])));

        let (code, output) = sim.run(endpoint_id, &with_picture(&case[1], &case[2])).await;

        assert_eq!(code, 200, "{endpoint_id}: {output}");
        let mut said: Vec<&String> = output.as_object().unwrap().keys().collect();
        said.sort_unstable();
        assert_eq!(json!(said), case[4], "{endpoint_id}");
        assert_eq!(output["images"][0]["content_type"], content_type, "{endpoint_id}");
    }
    let ledger = sim.ledger().await;
    assert!(ledger.iter().all(|entry| entry["unknown_fields"] == json!([])), "{ledger:?}");
    sim.running.stop().await;
}

#[tokio::test]
async fn every_model_refuses_what_its_fields_cannot_hold() {
    let sim = Sim::start(quick()).await;
    for case in impossible().as_array().unwrap() {
        let field = text(&case[2]);
        let input = with_picture(&case[1], &json!({field: case[3]}));

        let (code, body) = sim.run(text(&case[0]), &input).await;

        assert_eq!(code, 422, "{case}");
        assert_eq!(body["detail"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(body["detail"][0]["type"], case[4], "{body}");
        assert_eq!(body["detail"][0]["loc"], json!(["body", field]), "{body}");
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn a_field_that_is_not_documented_is_ignored_and_noted() {
    let sim = Sim::start(quick()).await;
    let mut three = input("one is enough", 1);
    three["num_images"] = json!(3);
    three["mask_url"] = json!(7);

    let (_, output) = sim.run("fal-ai/flux-2-pro/edit", &three).await;

    assert_eq!(output["images"].as_array().unwrap().len(), 1);
    assert_eq!(sim.ledger().await[0]["unknown_fields"], json!(["mask_url", "num_images"]));
    sim.running.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_not_listed_takes_any_field() {
    let sim = Sim::start(quick()).await;
    let input =
        with_picture(&json!("image_url"), &json!({"output_format": "webp", "mood": "gloomy"}));

    let (code, output) = sim.run("someone/something", &input).await;

    assert_eq!(code, 200, "{output}");
    assert_eq!(output["images"][0]["content_type"], "image/webp");
    assert_eq!(sim.ledger().await[0]["unknown_fields"], json!([]));
    sim.running.stop().await;
}

#[tokio::test]
async fn a_flagged_picture_is_black_and_said_to_be_where_there_is_a_word_for_it() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "run", "nsfw": true}])).await;
    let run = async |endpoint_id, field| {
        let (code, output) = sim.run(endpoint_id, &with_picture(&json!(field), &json!({}))).await;
        assert_eq!(code, 200, "{output}");
        let bytes = sim.download(text(&output["images"][0]["url"])).await;
        let picture = image::load_from_memory(&bytes).unwrap().into_rgb8();
        assert!(picture.iter().all(|level| *level == 0));
        output
    };

    let flux = run("fal-ai/flux-pro/kontext", "image_url").await;
    let seedream = run("fal-ai/bytedance/seedream/v4/edit", "image_urls").await;

    assert_eq!(flux["has_nsfw_concepts"], json!([true]));
    assert_eq!(seedream.get("has_nsfw_concepts"), None);
    sim.running.stop().await;
}
