//! Models and options: listed, accepted, kept on the job, and refused by name before anything
//! is stored.

use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::app::{App, file, form, photo, problem};

#[tokio::test]
async fn the_models_are_listed_with_their_options_and_prices() {
    let app = App::start().await;

    let models: Vec<Value> = app.get("/api/models").await.json().await.unwrap();

    assert!(models.len() >= 9);
    let seedream = &models[0];
    assert_eq!(seedream["id"], "fal-ai/bytedance/seedream/v4/edit");
    assert_eq!(seedream["default"], true);
    assert_eq!(
        seedream["price"],
        json!({"usd": 0.03, "per": "image", "further_usd": null, "usd_of": {}, "estimate": false})
    );
    let pro = models.iter().find(|model| model["id"] == "fal-ai/nano-banana-pro/edit").unwrap();
    assert_eq!(pro["price"]["usd_of"], json!({"4K": 0.3}));
    assert_eq!(seedream["max_images"], 10);
    assert_eq!(seedream["options"]["num_images"], json!({"minimum": 1, "maximum": 6}));
    assert!(seedream["options"].get("output_format").is_none());
    let kontext = models.iter().find(|model| model["id"] == "fal-ai/flux-pro/kontext").unwrap();
    assert_eq!(kontext["options"]["output_format"]["values"], json!(["jpeg", "png"]));
    assert_eq!(models.iter().filter(|model| model["default"] == true).count(), 1);
}

#[tokio::test]
async fn a_job_keeps_its_model_and_what_was_wished() {
    let app = App::start().await;
    let wishes = form(photo(), "make it rain")
        .text("model", "fal-ai/flux-pro/kontext")
        .text("num_images", "2")
        .text("seed", "9223372036854775807")
        .text("aspect_ratio", "16:9")
        .text("output_format", "png")
        .text("safety_tolerance", "5");

    let response = app.post(wishes).await;

    assert_eq!(response.status(), 201);
    let job: Value = response.json().await.unwrap();
    assert_eq!(job["model"], "fal-ai/flux-pro/kontext");
    let options = json!({
        "num_images": 2, "seed": i64::MAX, "aspect_ratio": "16:9", "output_format": "png",
        "safety_tolerance": 5,
    });
    assert_eq!(job["options"], options);
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json::<Value>().await.unwrap(), job);
}

#[tokio::test]
async fn fields_that_a_form_sends_empty_are_not_said() {
    let app = App::start().await;
    let form = form(photo(), "make it rain").text("model", "").text("seed", " ");

    let job: Value = app.post(form).await.json().await.unwrap();

    assert_eq!(job["model"], "fal-ai/bytedance/seedream/v4/edit");
    assert_eq!(job["options"], json!({}));
}

#[tokio::test]
async fn several_pictures_are_kept_in_the_order_in_which_they_were_sent() {
    let app = App::start().await;
    let pictures = [photo(), crate::app::picture(image::ImageFormat::Png)];
    let [first, second] = pictures.clone();
    let form = Form::new()
        .part("image", file(first))
        .text("prompt", "put one into the other")
        .part("image", file(second));

    let job: Value = app.post(form).await.json().await.unwrap();

    let images = job["input_images"].as_array().unwrap();
    assert_eq!(job["input_image_url"], images[0]["url"]);
    for (image, picture) in images.iter().zip(&pictures) {
        let kept = app.client.get(image["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(kept.bytes().await.unwrap(), picture);
    }
}

#[tokio::test]
async fn what_a_model_does_not_take_is_refused_by_name_and_nothing_is_stored() {
    let app = App::start().await;
    let cases = [
        (&[("model", "acme/none")][..], "unknown_model", "model"),
        (&[("num_images", "7")], "invalid_option", "num_images"),
        (&[("num_images", "0")], "invalid_option", "num_images"),
        (&[("seed", "1e3")], "invalid_option", "seed"),
        (&[("seed", "-1")], "invalid_option", "seed"),
        (&[("image_size", "9999999999x1")], "invalid_option", "image_size"),
        (&[("output_format", "png")], "option_not_supported", "output_format"),
        (
            &[("model", "fal-ai/flux-pro/kontext"), ("image_size", "1024x1024")],
            "option_not_supported",
            "image_size",
        ),
        (&[("seed", "1"), ("seed", "2")], "duplicate_field", "seed"),
        (&[("model", "a"), ("model", "b")], "duplicate_field", "model"),
        (&[("image_size", "1x1"), ("aspect_ratio", "1:1")], "invalid_option", "aspect_ratio"),
    ];

    for (fields, code, field) in cases {
        let mut form = form(photo(), "x");
        for (name, value) in fields {
            form = form.text((*name).to_owned(), (*value).to_owned());
        }
        let body = problem(app.post(form).await, 422, code).await;
        assert_eq!(body["field"], field, "{fields:?}");
    }
    let long = form(photo(), "x").text("image_size", "1".repeat(10_000));
    problem(app.post(long).await, 422, "too_long").await;
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn more_pictures_than_are_taken_are_refused() {
    let app = App::start().await;
    let several = |count: usize| {
        (0..count)
            .fold(Form::new().text("prompt", "x"), |form, _| form.part("image", file(photo())))
    };
    let kontext = || several(2).text("model", "fal-ai/flux-pro/kontext");

    let body = problem(app.post(kontext()).await, 422, "too_many_images").await;
    assert_eq!(body["field"], "image");
    let body = problem(app.post(several(15)).await, 422, "too_many_images").await;
    assert_eq!(body["field"], "image");
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn pictures_that_are_too_large_together_are_refused() {
    let app = App::start_with(&[("MAX_UPLOAD_BYTES", "2000"), ("MAX_REQUEST_BYTES", "5000")]).await;
    let large = (0..4).fold(Form::new().text("prompt", "x"), |form, _| {
        form.part("image", file(vec![0xff; 1900]))
    });
    let body = problem(app.post(large).await, 413, "upload_too_large").await;
    assert!(body["detail"].as_str().unwrap().contains("5000"), "{body}");
    app.assert_nothing_is_stored().await;
}
