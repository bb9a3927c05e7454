//! Refused uploads: each gets a reason, nothing is stored, and the connection can still be used.

use darkroom_testing::eventually;
use image::ImageFormat;
use reqwest::multipart::Form;

use crate::{
    app::{App, file, form, photo, picture, problem, unchosen},
    raw::{Connection, body, head},
};

#[tokio::test]
async fn fields_that_are_missing_doubled_or_unknown_are_named() {
    let app = App::start().await;
    let image = || file(photo());
    let cases = [
        (Form::new().text("prompt", "x"), "missing_field", "image"),
        (Form::new().text("prompt", "x").part("image", unchosen()), "missing_field", "image"),
        (Form::new().part("image", image()), "missing_field", "prompt"),
        (form(photo(), "x").text("size", "big"), "unknown_field", "size"),
        (form(photo(), "x").text("prompt", "y"), "duplicate_field", "prompt"),
    ];

    for (form, code, field) in cases {
        let body = problem(app.post(form).await, 422, code).await;
        assert_eq!(body["field"], field);
    }
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn files_that_are_no_whole_pictures_are_refused() {
    let app = App::start().await;
    let mut cut_off = photo();
    cut_off.truncate(cut_off.len() - 20);
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec();
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec();
    let cases = [
        (Vec::new(), "empty_field"),
        (b"just a text".to_vec(), "unsupported_image_type"),
        (svg, "unsupported_image_type"),
        (heic, "unsupported_image_type"),
        (cut_off, "damaged_image"),
    ];

    for (data, code) in cases {
        let body = problem(app.post(form(data, "x")).await, 422, code).await;
        assert_eq!(body["field"], "image");
        if code == "unsupported_image_type" {
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.contains("JPEG, PNG, WebP"), "{detail}");
        }
    }
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn a_picture_of_too_many_pixels_is_refused_without_decoding_it() {
    let app = App::start().await;
    let mut bomb = picture(ImageFormat::Png);
    for at in [16, 20] {
        bomb[at..at + 4].copy_from_slice(&60_000_u32.to_be_bytes());
    }

    problem(app.post(form(bomb, "x")).await, 422, "too_many_pixels").await;

    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn an_upload_of_too_many_bytes_is_refused_whether_announced_or_not() {
    let app = App::start_with(&[("MAX_UPLOAD_BYTES", "100000")]).await;
    let large = || vec![0xff; 150_000];

    // Refused because of its `Content-Length`, before a byte of it is sent.
    let mut announced = Connection::open(app.address).await;
    announced.send(head(70_000_000).as_bytes()).await;
    let (status, text) = announced.answer().await;
    assert_eq!(status, 413, "{text}");
    assert!(announced.is_over().await);

    // Its `Content-Length` is within the tolerance, so it is refused while it streams in.
    let body = problem(app.post(form(large(), "x")).await, 413, "upload_too_large").await;
    assert_eq!(body["field"], "image");
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn an_upload_without_an_announced_length_is_cut_off_at_the_limit() {
    let app = App::start_with(&[("MAX_UPLOAD_BYTES", "100000")]).await;
    let mut endless = Connection::open(app.address).await;
    endless
        .send(
            b"POST /api/jobs HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\
              Content-Type: multipart/form-data; boundary=XX\r\n\r\n",
        )
        .await;
    let start = b"--XX\r\nContent-Disposition: form-data; name=\"image\"\r\n\r\n";
    endless.send(format!("{:x}\r\n", start.len()).as_bytes()).await;
    endless.send(start).await;
    endless.send(b"\r\n").await;
    let chunk = format!("{:x}\r\n{}\r\n", 60_000, "x".repeat(60_000));
    endless.send(chunk.as_bytes()).await;
    endless.send(chunk.as_bytes()).await;

    let (status, text) = endless.answer().await;

    assert_eq!(status, 413, "{text}");
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn a_connection_is_of_use_after_a_refused_upload() {
    let app = App::start().await;
    let mut connection = Connection::open(app.address).await;
    let good = photo();
    let refused: [&[(&str, &[u8])]; 4] = [
        &[("prompt", b"x")],
        &[("nonsense", b"y"), ("image", &good), ("prompt", b"x")],
        &[("image", b"no picture"), ("prompt", b"x")],
        &[("image", &good), ("prompt", b"")],
    ];

    for parts in refused {
        connection.post(&body(parts)).await;
        let (status, text) = connection.answer().await;
        assert_eq!(status, 422, "{text}");
    }

    connection.post(&body(&[("image", &good), ("prompt", b"x")])).await;
    let (status, text) = connection.answer().await;
    assert_eq!(status, 201, "{text}");
}

#[tokio::test]
async fn a_client_that_goes_in_mid_upload_leaves_nothing_behind() {
    // So that it can be seen from outside whether the upload is under way.
    let app = App::start_with(&[("REQUESTS_AT_ONCE", "1")]).await;
    let whole = body(&[("image", &photo()), ("prompt", b"x")]);
    let mut connection = Connection::open(app.address).await;
    let head = head(whole.len()).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    connection.send(head.as_bytes()).await;
    assert_eq!(connection.line().await, "HTTP/1.1 100 Continue");
    connection.send(&whole[..whole.len() / 2]).await;
    problem(app.get("/api/jobs").await, 429, "too_many_at_once").await;

    drop(connection);

    eventually("the server has given the upload up", async || {
        (app.get("/api/jobs").await.status() == 200).then_some(())
    })
    .await;
    app.assert_nothing_is_stored().await;
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_is_refused() {
    let app = App::start().await;
    let post = |content_type: &'static str, body: &'static str| {
        let request = app.client.post(app.url("/api/jobs"));
        request.header("content-type", content_type).body(body).send()
    };

    let text = post("text/plain", "{}").await.unwrap();
    problem(text, 415, "unsupported_media_type").await;
    let form = post("application/x-www-form-urlencoded", "prompt=x").await.unwrap();
    problem(form, 415, "unsupported_media_type").await;
    let no_boundary = post("multipart/form-data", "x").await.unwrap();
    problem(no_boundary, 415, "unsupported_media_type").await;
    let broken = post("multipart/form-data; boundary=XX", "--XX\r\nno header").await.unwrap();
    problem(broken, 400, "malformed_body").await;
    let none = app.client.post(app.url("/api/jobs")).send().await.unwrap();
    problem(none, 415, "unsupported_media_type").await;
    app.assert_nothing_is_stored().await;
}
