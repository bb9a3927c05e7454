//! Refusals before anything is stored, in `OpenAI`'s words.

use reqwest::{
    Method, StatusCode,
    multipart::{Form, Part},
};

use super::{PATH, ask, error};
use crate::app::{App, file, form, photo, problem};

const INVALID: &str = "invalid_request_error";

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_by_its_name() {
    let app = App::start().await;
    let unsupported = "option_not_supported";
    for (name, text, code) in [
        ("background", "transparent", unsupported),
        ("background", "opaque", unsupported),
        ("complexity", "high", unsupported),
        ("frame_count", "9", unsupported),
        ("frame_duration_ms", "200", unsupported),
        ("input_fidelity", "high", unsupported),
        ("markup", "x", unsupported),
        ("moderation", "low", unsupported),
        ("output_compression", "50", unsupported),
        ("partial_images", "2", unsupported),
        ("quality", "high", unsupported),
        ("stream", "true", unsupported),
        ("output_format", "png", unsupported),
        ("output_format", "gif", "invalid_option"),
        ("n", "11", "invalid_option"),
        ("n", "0", "invalid_option"),
        ("n", "two", "invalid_option"),
        ("size", "256x256", "invalid_option"),
        ("size", "big!", "invalid_option"),
        ("seed", "-1", "invalid_option"),
        ("cache", "never", "invalid_cache"),
        ("response_format", "hex", "invalid_option"),
        ("model", "gpt-4", "model_not_found"),
        ("user", "a\0b", "invalid_character"),
        ("prompt", "x", "duplicate_field"),
        ("num_images", "2", "unknown_field"),
        ("webhook_url", "https://example.com", "unknown_field"),
    ] {
        let answer = ask(&app, form(photo(), "x").text(name, text)).await;

        let error = error(answer, 400, INVALID, code).await;
        assert_eq!(error["param"], name, "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(name == "num_images" || !message.contains("num_images"), "{message}");
        assert!(!message.contains("image_size"), "{message}");
    }
    let answer = ask(&app, form(photo(), "x").text("svg[model]", "gpt-5")).await;
    assert_eq!(error(answer, 400, INVALID, unsupported).await["param"], "svg");
    let mask = Part::bytes(photo()).file_name("mask.png");
    let answer = ask(&app, form(photo(), "x").part("mask", mask)).await;
    assert_eq!(error(answer, 400, INVALID, unsupported).await["param"], "mask");
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn pictures_and_prompts_are_held_against_the_same_bounds_as_a_jobs() {
    let app = App::start_with(&[("MAX_UPLOAD_BYTES", "20000")]).await;
    let without_picture = Form::new().text("prompt", "x");
    let without_prompt = Form::new().part("image[]", file(photo()));
    for (form, code, param) in [
        (without_picture, "missing_field", "image"),
        (without_prompt, "missing_field", "prompt"),
        (form(photo(), " "), "empty_field", "prompt"),
        (form(photo(), &"x".repeat(5_001)), "too_long", "prompt"),
        (form(b"text".to_vec(), "x"), "unsupported_image_type", "image"),
        (
            Form::new().part("image[]", file(b"".to_vec())).text("prompt", "x"),
            "empty_field",
            "image",
        ),
        (
            (0..15).fold(Form::new(), |form, _| form.part("image[]", file(photo()))),
            "too_many_images",
            "image",
        ),
    ] {
        let error = error(ask(&app, form).await, 400, INVALID, code).await;
        assert_eq!(error["param"], param, "{error}");
    }
    let answer = ask(&app, form(vec![0; 20_001], "x")).await;
    let error = error(answer, 413, INVALID, "upload_too_large").await;
    assert_eq!(error["param"], "image");
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn everything_under_v1_is_refused_in_the_same_words_and_nothing_else_is() {
    let app = App::start().await;

    let answer = app.get("/v1/models").await;
    assert!(error(answer, 404, INVALID, "not_found").await["param"].is_null());

    let answer = app.get(PATH).await;
    assert_eq!(answer.headers()["allow"], "POST");
    error(answer, 405, INVALID, "method_not_allowed").await;

    let post = app.client.post(app.url(PATH)).json(&serde_json::json!({"prompt": "x"}));
    error(post.send().await.unwrap(), 400, INVALID, "unsupported_media_type").await;

    let post = app.client.post(app.url(PATH)).header("Origin", "https://foreign.example");
    let answer = post.multipart(form(photo(), "x")).send().await.unwrap();
    error(answer, 403, INVALID, "foreign_origin").await;

    problem(app.get("/v1x").await, 404, "not_found").await;
    let post = app.client.post(app.url("/api/jobs")).header("Origin", "https://foreign.example");
    problem(post.multipart(form(photo(), "x")).send().await.unwrap(), 403, "foreign_origin").await;
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn a_page_may_read_whether_it_is_to_ask_again() {
    let app = App::start().await;
    let local = "http://localhost:3000";

    let answer =
        app.client.get(app.url("/v1/models")).header("Origin", local).send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], local);
    let exposed =
        answer.headers()["access-control-expose-headers"].to_str().unwrap().to_lowercase();
    assert!(exposed.contains("x-should-retry") && exposed.contains("x-request-id"), "{exposed}");
    error(answer, 404, INVALID, "not_found").await;

    let preflight = app.client.request(Method::OPTIONS, app.url(PATH)).header("Origin", local);
    let preflight = preflight.header("Access-Control-Request-Method", "POST").send().await.unwrap();
    assert_eq!(preflight.status(), StatusCode::OK);
}

#[tokio::test]
async fn while_the_database_is_away_the_clients_are_told_to_ask_again() {
    let app = App::start().await;
    app.database.pool.close().await;

    let answer = ask(&app, form(photo(), "x")).await;

    assert_eq!(answer.headers()["x-should-retry"], "true");
    assert!(answer.headers().contains_key("retry-after"));
    error(answer, 503, "server_error", "database_unavailable").await;
}
