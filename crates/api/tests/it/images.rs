//! Images over HTTP.

use image::ImageFormat;

use crate::app::{App, form, picture, problem};

#[tokio::test]
async fn an_image_comes_back_byte_for_byte_under_its_true_type() {
    let app = App::start().await;
    // The form calls it a JPEG; the bytes say what it is.
    let png = picture(ImageFormat::Png);
    let job: serde_json::Value = app.post(form(png.clone(), "x")).await.json().await.unwrap();

    let response = app.client.get(job["input_image_url"].as_str().unwrap()).send().await.unwrap();

    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(response.bytes().await.unwrap(), png);
}

#[tokio::test]
async fn a_client_that_has_an_image_is_not_sent_it_again() {
    let app = App::start().await;
    let job = app.new_job().await;
    let url = job["input_image_url"].as_str().unwrap();
    let tag = app.client.get(url).send().await.unwrap().headers()["etag"].clone();

    let again = app.client.get(url).header("if-none-match", tag).send().await.unwrap();

    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_image_can_be_asked_about_without_fetching_it() {
    let app = App::start().await;
    let job = app.new_job().await;

    let head = app.client.head(job["input_image_url"].as_str().unwrap()).send().await.unwrap();

    assert_eq!(head.status(), 200);
    assert_eq!(head.headers()["content-type"], "image/jpeg");
}

#[tokio::test]
async fn an_image_that_does_not_exist_is_not_found() {
    let app = App::start().await;

    for id in ["00000000-0000-0000-0000-000000000000", "not-an-id"] {
        problem(app.get(&format!("/api/images/{id}")).await, 404, "not_found").await;
    }
}
