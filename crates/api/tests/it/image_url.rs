//! A picture at an address: it is fetched, under the rules for addresses that callers name.

use darkroom_testing::{Receiver, Reply};
use futures_util::{StreamExt, stream::FuturesUnordered};
use image::ImageFormat;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::app::{App, file, photo, picture, problem, unchosen};

/// An API that may call this machine, where the tests' servers are.
async fn app() -> App {
    App::start_with(&[("OUTBOUND_ALLOWED", "127.0.0.1/32")]).await
}

fn form(url: &str) -> Form {
    Form::new().text("image_url", url.to_owned()).text("prompt", "make it rain")
}

async fn kept(app: &App, job: &Value) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    for image in job["input_images"].as_array().unwrap() {
        let answer = app.client.get(image["url"].as_str().unwrap()).send().await.unwrap();
        kept.push(answer.bytes().await.unwrap().to_vec());
    }
    kept
}

#[tokio::test]
async fn pictures_are_fetched_and_stay_in_the_order_of_the_fields() {
    let app = app().await;
    let (png, webp) = (picture(ImageFormat::Png), picture(ImageFormat::WebP));
    let elsewhere = Receiver::start([Reply::File(png.clone()), Reply::File(webp.clone())]).await;
    let form =
        form(&elsewhere.url).part("image", file(photo())).text("image_url", elsewhere.url.clone());

    let answer = app.post(form).await;

    assert_eq!(answer.status(), 201);
    assert_eq!(kept(&app, &answer.json().await.unwrap()).await, [png, photo(), webp]);
}

#[tokio::test]
async fn what_nobody_filled_in_counts_as_not_sent() {
    let app = app().await;
    let elsewhere = Receiver::start([Reply::File(photo())]).await;

    let answer = app.post(form(&elsewhere.url).part("image", unchosen())).await;

    assert_eq!(answer.status(), 201);
    assert_eq!(kept(&app, &answer.json().await.unwrap()).await, [photo()]);

    // As many pictures as any model takes.
    let full = || {
        let form = Form::new().text("prompt", "x").text("model", "fal-ai/nano-banana-pro/edit");
        (0..14).fold(form, |form, _| form.part("image", file(photo())))
    };
    let answer = app.post(full().text("image_url", "").part("image", unchosen())).await;
    assert_eq!(answer.status(), 201);
    let more = [
        (full().part("image", file(photo())), "image"),
        (full().text("image_url", elsewhere.url.clone()), "image_url"),
    ];
    for (form, field) in more {
        let refused = problem(app.post(form).await, 422, "too_many_images").await;
        assert_eq!(refused["field"], field);
    }
}

#[tokio::test]
async fn json_names_addresses_too() {
    let app = app().await;
    let elsewhere = Receiver::start([Reply::File(photo())]).await;
    let body = json!({"images": [{"url": elsewhere.url}], "prompt": "x"});

    let answer = app.client.post(app.url("/api/jobs")).json(&body).send().await.unwrap();

    assert_eq!(answer.status(), 201);
    assert_eq!(kept(&app, &answer.json().await.unwrap()).await, [photo()]);

    let both = json!({"url": elsewhere.url, "base64": ""});
    for picture in [both, json!({}), json!({"url": 7}), json!({"url": "", "more": 1})] {
        let body = json!({"images": [picture], "prompt": "x"});
        let answer = app.client.post(app.url("/api/jobs")).json(&body).send().await.unwrap();
        let refused = problem(answer, 422, "invalid_field").await;
        assert!(refused["field"].as_str().unwrap().starts_with("images[0]"), "{refused}");
    }
}

#[tokio::test]
async fn a_redirect_is_followed_where_it_leads_to_what_may_be_reached() {
    let app = app().await;
    let target = Receiver::start([Reply::File(photo())]).await;
    let elsewhere = Receiver::start([Reply::redirect(302, &target.url)]).await;

    assert_eq!(app.post(form(&elsewhere.url)).await.status(), 201);

    let metadata = "http://169.254.169.254/latest/meta-data/";
    let elsewhere = Receiver::start([Reply::redirect(302, metadata)]).await;
    let refused = problem(app.post(form(&elsewhere.url)).await, 422, "private_address").await;
    assert_eq!(refused["field"], "image_url");

    let around = Receiver::start(vec![Reply::redirect(302, "/again"); 9]).await;
    problem(app.post(form(&around.url)).await, 422, "unfetchable_image").await;
    assert_eq!(around.calls().len(), 4);
}

#[tokio::test]
async fn private_addresses_are_not_called_however_they_are_written() {
    let app = App::start().await;
    let inside = Receiver::start([Reply::File(photo())]).await;
    let port = inside.url.rsplit(':').next().unwrap();

    for host in ["127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"] {
        let refused = problem(
            app.post(form(&format!("http://{host}:{port}/"))).await,
            422,
            "private_address",
        );
        assert_eq!(refused.await["field"], "image_url");
    }
    for text in ["not an address", "ftp://example.com/a.png", "file:///etc/passwd", "//x/y"] {
        let refused = problem(app.post(form(text)).await, 422, "invalid_url").await;
        assert_eq!(refused["field"], "image_url");
    }
    let long = format!("https://example.com/{}", "x".repeat(2000));
    problem(app.post(form(&long)).await, 422, "too_long").await;

    assert!(inside.calls().is_empty());
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn what_comes_back_is_held_to_the_rules_for_uploads() {
    let app = app().await;
    let page = Reply::Text(200, vec!["content-type: image/png".into()], "<html></html>".into());
    let cut = photo()[..100].to_vec();
    let cases = [
        (page, "unsupported_image_type"),
        (Reply::code(200), "empty_field"),
        (Reply::code(404), "unfetchable_image"),
        (Reply::code(500), "unfetchable_image"),
        (Reply::code(304), "unfetchable_image"),
        (Reply::File(cut), "damaged_image"),
    ];
    for (reply, code) in cases {
        let elsewhere = Receiver::start([reply]).await;
        let refused = problem(app.post(form(&elsewhere.url)).await, 422, code).await;
        assert_eq!(refused["field"], "image_url", "{refused}");
    }
    let gone = Receiver::start([]).await.url.clone();
    problem(app.post(form(&gone)).await, 422, "unfetchable_image").await;
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off_at_the_limit_for_uploads() {
    let variables = [("OUTBOUND_ALLOWED", "127.0.0.1/32"), ("MAX_UPLOAD_BYTES", "100000")];
    let app = App::start_with(&variables).await;
    let endless = Receiver::start([Reply::Endless]).await;

    let refused = problem(app.post(form(&endless.url)).await, 413, "upload_too_large").await;

    assert_eq!(refused["field"], "image_url");
    // `poured` also counts what is still in the sockets' buffers.
    assert!(endless.poured().await < 50_000_000);
}

#[tokio::test]
async fn nothing_is_fetched_for_a_request_that_is_wrong_otherwise() {
    let app = app().await;
    let elsewhere = Receiver::start([]).await;

    problem(app.post(form(&elsewhere.url).text("model", "none")).await, 422, "unknown_model").await;
    problem(
        app.post(form(&elsewhere.url).text("run_at", "1999-01-01T00:00:00Z")).await,
        422,
        "in_the_past",
    )
    .await;
    let many = (0..100)
        .fold(form(&elsewhere.url), |form, _| form.text("image_url", elsewhere.url.clone()));
    let refused = problem(app.post(many).await, 422, "too_many_images").await;
    assert_eq!(refused["field"], "image_url");

    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn the_same_is_asked_for_again_though_the_picture_is_gone() {
    let app = app().await;
    let elsewhere =
        Receiver::start([Reply::File(photo()), Reply::code(404), Reply::code(404)]).await;
    let ask = |url: String| {
        let post = app.client.post(app.url("/api/jobs")).header("Idempotency-Key", "k");
        post.multipart(form(&url)).send()
    };

    let first: Value = ask(elsewhere.url.clone()).await.unwrap().json().await.unwrap();
    let again = ask(elsewhere.url.clone()).await.unwrap();

    assert_eq!(again.status(), 201);
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.json::<Value>().await.unwrap()["id"], first["id"]);
    let other = ask(format!("{}/other", elsewhere.url)).await.unwrap();
    problem(other, 422, "idempotency_conflict").await;
}

#[tokio::test]
async fn hosts_that_never_answer_keep_nobody_elses_pictures_waiting() {
    const MANY: usize = 40;
    let app =
        App::start_with(&[("OUTBOUND_ALLOWED", "127.0.0.1/32"), ("REQUIRE_API_KEY", "true")]).await;
    let ((_, greedy), (_, other)) = (app.new_key(false).await, app.new_key(false).await);
    let silent = Receiver::start(vec![Reply::Nothing; MANY]).await;
    let elsewhere = Receiver::start([Reply::File(photo())]).await;
    let ask = |url: &str, key: &str| {
        let post = app.client.post(app.url("/api/jobs")).bearer_auth(key);
        post.multipart(form(url)).send()
    };
    let mut asked: FuturesUnordered<_> = (0..MANY).map(|_| ask(&silent.url, &greedy)).collect();
    let refused = async { asked.next().await.unwrap().unwrap() };
    let served = async {
        silent.received(8).await;
        ask(&elsewhere.url, &other).await.unwrap()
    };

    let (refused, served) = tokio::join!(refused, served);

    assert_eq!(served.status(), 201);
    assert!(refused.headers().contains_key("retry-after"));
    problem(refused, 503, "busy").await;
    assert_eq!(silent.calls().len(), 8);
}
