//! Images over HTTP.

use image::ImageFormat;

use crate::app::{App, form, picture, problem};

#[tokio::test]
async fn an_image_comes_back_byte_for_byte_under_its_true_type() {
    let app = App::start().await;
    // The form calls it a JPEG; its bytes decide.
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
        for query in ["", "?w=320"] {
            let answer = app.get(&format!("/api/images/{id}{query}")).await;
            problem(answer, 404, "not_found").await;
        }
    }
}

#[tokio::test]
async fn any_of_several_tags_will_do_and_others_will_not() {
    let app = App::start().await;
    let job = app.new_job().await;
    let url = job["input_image_url"].as_str().unwrap();
    let tag = app.client.get(url).send().await.unwrap().headers()["etag"].clone();
    let tag = tag.to_str().unwrap();

    for (known, status) in [
        (format!("\"another\", {tag}"), 304),
        (format!("W/{tag}"), 304),
        ("*".to_owned(), 304),
        ("\"another\"".to_owned(), 200),
        ("nonsense".to_owned(), 200),
    ] {
        let answer = app.client.get(url).header("if-none-match", &known).send().await.unwrap();
        assert_eq!(answer.status(), status, "{known}");
    }
}

#[tokio::test]
async fn an_image_is_named_after_its_prompt_role_and_place() {
    let app = App::start().await;
    let png = picture(ImageFormat::Png);
    let job: serde_json::Value = app
        .post(form(png, "Rainy evening: \"neon\"\r\nSet-Cookie: a=b"))
        .await
        .json()
        .await
        .unwrap();
    let url = job["input_image_url"].as_str().unwrap();
    let id = &url[url.rfind('/').unwrap() + 1..][..8];
    let name = async |url: &str| {
        let answer = app.client.get(url).send().await.unwrap();
        assert!(!answer.headers().contains_key("set-cookie"));
        answer.headers()["content-disposition"].to_str().unwrap().to_owned()
    };

    let input = format!("rainy-evening-neon-set-cookie-a-b-input-1-{id}.png");
    assert_eq!(name(url).await, format!("inline; filename=\"{input}\""));
    sqlx::query("update images set role = 'result'").execute(&app.database.pool).await.unwrap();
    let result = format!("rainy-evening-neon-set-cookie-a-b-1-{id}.png");
    assert_eq!(name(url).await, format!("inline; filename=\"{result}\""));
}

#[tokio::test]
async fn an_image_is_shown_unless_it_is_to_be_downloaded() {
    let app = App::start().await;
    let job = app.new_job().await;
    let url = job["input_image_url"].as_str().unwrap();

    for (query, kind) in [("", "inline"), ("?download=0", "inline"), ("?download=1", "attachment")]
    {
        let answer = app.client.get(format!("{url}{query}")).send().await.unwrap();
        let disposition = answer.headers()["content-disposition"].to_str().unwrap();
        assert!(disposition.starts_with(&format!("{kind}; filename=\"make-it-rain-")), "{query}");
    }
    for value in ["2", "yes", "true", ""] {
        let refused = app.client.get(format!("{url}?download={value}")).send().await.unwrap();
        let body = problem(refused, 422, "invalid_download").await;
        assert_eq!(body["field"], "download");
    }
}

#[tokio::test]
async fn a_parameter_that_there_is_not_is_refused() {
    let app = App::start().await;
    let job = app.new_job().await;
    let url = format!("{}?width=320", job["input_image_url"].as_str().unwrap());

    let body = problem(app.client.get(url).send().await.unwrap(), 422, "unknown_parameter").await;

    assert_eq!(body["field"], "width");
}
