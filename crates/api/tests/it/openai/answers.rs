//! Answers to edits that succeed.

use base64::{Engine, engine::general_purpose::STANDARD};
use darkroom_core::images::MediaType;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::{Made, ask, complete};
use crate::app::{App, file, form, photo, picture};

fn png() -> Vec<u8> {
    picture(image::ImageFormat::Png)
}

/// The job that an answer names.
async fn job_of(app: &App, answer: &reqwest::Response) -> Value {
    let location = answer.headers()["location"].to_str().unwrap();
    app.client.get(location).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn an_edit_is_answered_with_its_picture_when_it_is_done() {
    let app = App::start().await;

    let (answer, ()) = tokio::join!(
        ask(&app, form(photo(), "make it rain")),
        complete(&app, vec![Made::png(png())])
    );

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let job = job_of(&app, &answer).await;
    assert_eq!(answer.headers()["x-request-id"], job["id"].as_str().unwrap());
    assert_eq!((&job["prompt"], &job["options"]), (&json!("make it rain"), &json!({})));
    assert_eq!(job["model"], "fal-ai/bytedance/seedream/v4/edit");
    let answer: Value = answer.json().await.unwrap();
    assert!(answer["created"].as_i64().unwrap() > 1_700_000_000);
    let expected = json!({
        "created": answer["created"], "output_format": "png", "size": "32x24",
        "data": [{"b64_json": STANDARD.encode(png())}],
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn several_pictures_come_in_order_and_whole() {
    let app = App::start().await;
    // Longer than one read, and of lengths that are no multiples of it.
    let results: Vec<Vec<u8>> = [2_000_000_u32, 1, 786_432, 786_433]
        .map(|length| (0..length).map(|place| u8::try_from(place * 7 % 251).unwrap()).collect())
        .into();
    let asked = ask(&app, form(photo(), "x").text("n", "4"));
    let made = results.iter().cloned().map(Made::png).collect();

    let (answer, ()) = tokio::join!(asked, complete(&app, made));

    assert_eq!(job_of(&app, &answer).await["options"], json!({"num_images": 4}));
    let answer: Value = answer.json().await.unwrap();
    let data = answer["data"].as_array().unwrap();
    let data = data.iter().map(|one| STANDARD.decode(one["b64_json"].as_str().unwrap()).unwrap());
    assert!(data.eq(results));
}

#[tokio::test]
async fn pictures_come_by_their_addresses_where_that_is_asked_for() {
    let app = App::start().await;
    let asked = ask(&app, form(photo(), "x").text("response_format", "url"));

    let (answer, ()) = tokio::join!(asked, complete(&app, vec![Made::png(png())]));

    let answer: Value = answer.json().await.unwrap();
    let only = answer["data"][0].as_object().unwrap();
    assert_eq!(only.keys().collect::<Vec<_>>(), ["url"]);
    let fetched = app.client.get(only["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(fetched.bytes().await.unwrap(), png());
}

#[tokio::test]
async fn a_format_or_size_that_is_not_that_of_all_is_not_told() {
    let app = App::start().await;
    let other = Made { media_type: MediaType::Jpeg, size: (24, 32), ..Made::png(photo()) };
    let asked = ask(&app, form(photo(), "x").text("n", "2"));

    let (answer, ()) = tokio::join!(asked, complete(&app, vec![Made::png(png()), other]));

    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    assert!(answer.get("size").is_none() && answer.get("output_format").is_none(), "{answer}");
}

#[tokio::test]
async fn a_picture_that_was_blanked_is_left_out() {
    let app = App::start().await;
    let blank = Made { is_blanked: true, ..Made::png(photo()) };
    let asked = ask(&app, form(photo(), "x").text("n", "2"));

    let (answer, ()) = tokio::join!(asked, complete(&app, vec![blank, Made::png(png())]));

    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["data"], json!([{"b64_json": STANDARD.encode(png())}]));
}

#[tokio::test]
async fn several_pictures_are_taken_under_either_name() {
    let app = App::start().await;
    for name in ["image", "image[]"] {
        let form =
            Form::new().text("prompt", "x").part(name, file(photo())).part(name, file(png()));

        let (answer, ()) = tokio::join!(ask(&app, form), complete(&app, vec![Made::png(png())]));

        let job = job_of(&app, &answer).await;
        let inputs = job["input_images"].as_array().unwrap();
        let kinds: Vec<&str> =
            inputs.iter().map(|image| image["content_type"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["image/jpeg", "image/png"], "{name}");
    }
}

#[tokio::test]
async fn what_the_clients_say_becomes_the_jobs_options_and_metadata() {
    let app = App::start().await;
    let said = [
        ("model", "fal-ai/gpt-image-1.5/edit"),
        ("size", "1024x1536"),
        ("output_format", "webp"),
        ("user", "user-7"),
        ("safety_identifier", "\"8\""),
        ("priority", "5"),
        ("cache", "bypass"),
    ];
    let form =
        said.into_iter().fold(form(photo(), "x"), |form, (name, text)| form.text(name, text));

    let (answer, ()) = tokio::join!(ask(&app, form), complete(&app, vec![Made::png(png())]));

    let job = job_of(&app, &answer).await;
    assert_eq!(job["model"], "fal-ai/gpt-image-1.5/edit");
    assert_eq!(job["options"], json!({"image_size": "1024x1536", "output_format": "webp"}));
    assert_eq!(job["metadata"], json!({"user": "user-7", "safety_identifier": "\"8\""}));
    assert_eq!(job["priority"], 5);
}

#[tokio::test]
async fn what_asks_for_nothing_is_taken() {
    let app = App::start().await;
    let said = [
        ("size", "auto"),
        ("background", "auto"),
        ("input_fidelity", "low"),
        ("moderation", "auto"),
        ("output_compression", "100"),
        ("partial_images", "0"),
        ("quality", "auto"),
        ("stream", "False"),
        ("mask", ""),
        ("n", ""),
    ];
    for model in ["gpt-image-1", "gpt-image-1-mini", "chatgpt-image-latest", "dall-e-2", ""] {
        let form = form(photo(), "x").text("model", model);
        let form = said.into_iter().fold(form, |form, (name, text)| form.text(name, text));

        let (answer, ()) = tokio::join!(ask(&app, form), complete(&app, vec![Made::png(png())]));

        assert_eq!(answer.status(), 200, "{model}");
        let job = job_of(&app, &answer).await;
        assert_eq!((&job["options"], &job["metadata"]), (&json!({}), &Value::Null));
        assert_eq!(job["model"], "fal-ai/bytedance/seedream/v4/edit");
    }
}

/// The page at `/docs` fills a form in with the examples of its fields.
#[tokio::test]
async fn a_form_of_all_examples_is_taken() {
    let app = App::start().await;
    let contract: Value = app.get("/api-docs/openapi.json").await.json().await.unwrap();
    let fields = &contract["components"]["schemas"]["OpenAiEditForm"]["properties"];
    let mut form = Form::new().part("image", file(photo()));
    for (name, field) in fields.as_object().unwrap().iter().filter(|(name, _)| *name != "image") {
        form = form.text(name.clone(), field["example"].as_str().unwrap().to_owned());
    }

    let (answer, ()) = tokio::join!(ask(&app, form), complete(&app, vec![Made::png(png())]));

    assert_eq!(answer.status(), 200);
}
