//! Thumbnails over HTTP.

use futures_util::future::join_all;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use reqwest::Response;
use serde_json::Value;

use crate::app::{App, form, photo, picture_of, problem};

/// Posts a job with a picture.
async fn post(app: &App, file: Vec<u8>) -> Value {
    app.post(form(file, "rainy evening")).await.json().await.unwrap()
}

/// Posts a picture and returns its address.
async fn upload(app: &App, file: Vec<u8>) -> String {
    post(app, file).await["input_image_url"].as_str().unwrap().to_owned()
}

async fn get(app: &App, url: &str) -> Response {
    app.client.get(url).send().await.unwrap()
}

async fn kept(app: &App) -> i64 {
    let count = sqlx::query_scalar("select count(*) from thumbnails");
    count.fetch_one(&app.database.pool).await.unwrap()
}

/// The width and height of the picture in an answer.
async fn sides(answer: Response) -> (u32, u32) {
    let decoded = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
    (decoded.width(), decoded.height())
}

/// A photo in portrait format, stored in landscape with an EXIF orientation of 6 (source: Exif 2.32,
/// tag 0x0112).
fn upright_photo() -> Vec<u8> {
    let lying = picture_of(400, 300, ImageFormat::Jpeg);
    let exif =
        b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    [&lying[..2], exif, &lying[2..]].concat()
}

#[tokio::test]
async fn an_image_comes_as_small_as_asked_for() {
    let app = App::start().await;
    let url = upload(&app, picture_of(1600, 1200, ImageFormat::Png)).await;

    for (width, height) in [(160, 120), (320, 240), (640, 480), (1280, 960)] {
        let small = get(&app, &format!("{url}?w={width}")).await;

        let headers = small.headers().clone();
        assert_eq!(small.status(), 200);
        assert_eq!(headers["content-type"], "image/jpeg");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        let name = headers["content-disposition"].to_str().unwrap();
        assert!(name.starts_with("inline; filename=\"rainy-evening-input-1-"), "{name}");
        assert!(name.ends_with(&format!("-{width}w.jpg\"")), "{name}");
        assert_eq!(sides(small).await, (width, height));
    }
}

#[tokio::test]
async fn a_job_names_the_thumbnails_of_its_images() {
    let app = App::start().await;
    let job: Value =
        app.post(form(picture_of(400, 300, ImageFormat::Jpeg), "x")).await.json().await.unwrap();
    let url = job["input_images"][0]["thumbnail_url"].as_str().unwrap();

    assert_eq!(sides(get(&app, url).await).await, (320, 240));
}

#[tokio::test]
async fn a_thumbnail_is_made_once_and_kept_as_long_as_its_job() {
    let app = App::start().await;
    let job: Value =
        app.post(form(picture_of(400, 300, ImageFormat::Jpeg), "x")).await.json().await.unwrap();
    let url = format!("{}?w=160", job["input_image_url"].as_str().unwrap());
    let first = get(&app, &url).await;
    let tag = first.headers()["etag"].clone();
    let bytes = first.bytes().await.unwrap();
    // No further thumbnail can be made from an empty image.
    sqlx::query("update images set data = ''").execute(&app.database.pool).await.unwrap();

    let second = get(&app, &url).await;
    assert_eq!(second.headers()["etag"], tag);
    assert_eq!(second.bytes().await.unwrap(), bytes);
    assert_eq!(kept(&app).await, 1);

    let job = app.url(&format!("/api/jobs/{}", job["id"].as_str().unwrap()));
    assert_eq!(app.client.delete(job).send().await.unwrap().status(), 204);
    assert_eq!(kept(&app).await, 0);
    problem(get(&app, &url).await, 404, "not_found").await;
}

#[tokio::test]
async fn all_who_ask_at_once_get_the_same_thumbnail() {
    let app = App::start().await;
    let url = upload(&app, picture_of(1600, 1200, ImageFormat::Jpeg)).await;
    let url = format!("{url}?w=320");

    let answers = join_all((0..100).map(|_| get(&app, &url))).await;

    let tag = answers[0].headers()["etag"].clone();
    for answer in answers {
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["etag"], tag);
    }
    assert_eq!(kept(&app).await, 1);
}

#[tokio::test]
async fn an_image_that_is_no_wider_comes_as_it_is() {
    let app = App::start().await;
    let small = photo();
    let url = upload(&app, small.clone()).await;
    let tag = get(&app, &url).await.headers()["etag"].clone();

    let answer = get(&app, &format!("{url}?w=160")).await;

    assert_eq!(answer.headers()["etag"], tag);
    assert_eq!(answer.bytes().await.unwrap(), small);
    assert_eq!(kept(&app).await, 0);
}

#[tokio::test]
async fn a_photo_of_an_upright_camera_comes_upright() {
    let app = App::start().await;
    let url = upload(&app, upright_photo()).await;

    let small = get(&app, &format!("{url}?w=160")).await;
    assert_eq!(sides(small).await, (160, 213));
    // Upright it is 300 wide, which only the file's orientation tells.
    let whole = get(&app, &format!("{url}?w=320")).await;
    assert_eq!(whole.bytes().await.unwrap(), upright_photo());
}

#[tokio::test]
async fn an_image_that_turns_out_to_be_no_wider_is_read_for_that_once() {
    let (app, line) = App::start_counted().await;
    let url = upload(&app, upright_photo()).await;
    let url = format!("{url}?w=320");

    for _ in 0..3 {
        assert_eq!(get(&app, &url).await.bytes().await.unwrap(), upright_photo());
    }

    assert_eq!(line.count("select data, width, height from images"), 1);
}

#[tokio::test]
async fn transparency_is_kept() {
    let app = App::start().await;
    let glass = RgbaImage::from_pixel(400, 300, Rgba([200, 100, 50, 128]));
    let mut file = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(glass).write_to(&mut file, ImageFormat::Png).unwrap();
    let url = upload(&app, file.into_inner()).await;

    let small = get(&app, &format!("{url}?w=160")).await;

    assert_eq!(small.headers()["content-type"], "image/png");
    let small = image::load_from_memory(&small.bytes().await.unwrap()).unwrap().into_rgba8();
    assert_eq!(small.get_pixel(80, 60).0[3], 128);
}

/// A picture that does not decode.
fn damaged() -> Vec<u8> {
    let mut damaged = picture_of(400, 300, ImageFormat::Png);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 8].fill(0);
    damaged
}

#[tokio::test]
async fn an_image_that_does_not_decode_is_read_for_that_once() {
    let (app, line) = App::start_counted().await;
    let job = post(&app, damaged()).await;
    let url = format!("{}?w=160", job["input_image_url"].as_str().unwrap());

    for _ in 0..3 {
        problem(get(&app, &url).await, 422, "damaged_image").await;
    }

    assert_eq!(line.count("select data, width, height from images"), 1);
    let job = app.url(&format!("/api/jobs/{}", job["id"].as_str().unwrap()));
    app.client.delete(job).send().await.unwrap();
    problem(get(&app, &url).await, 404, "not_found").await;
}

#[tokio::test]
async fn an_image_that_does_not_decode_is_no_fault_of_the_server() {
    let app = App::start().await;
    let damaged = damaged();
    let url = upload(&app, damaged.clone()).await;

    problem(get(&app, &format!("{url}?w=160")).await, 422, "damaged_image").await;

    assert_eq!(get(&app, &url).await.bytes().await.unwrap(), damaged);
}

#[tokio::test]
async fn a_thumbnail_takes_conditions_and_ranges_as_an_image_does() {
    let app = App::start().await;
    let url = upload(&app, picture_of(400, 300, ImageFormat::Jpeg)).await;
    let url = format!("{url}?w=160");
    // The first request makes it, even a `HEAD`.
    let head = app.client.head(&url).send().await.unwrap();
    let tag = head.headers()["etag"].clone();
    let whole = get(&app, &url).await.bytes().await.unwrap();
    assert_eq!(head.headers()["content-length"], whole.len().to_string());

    let again = app.client.get(&url).header("if-none-match", &tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let part = app.client.get(&url).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 10-19/{}", whole.len()));
    assert_eq!(part.bytes().await.unwrap(), whole[10..20]);
}

#[tokio::test]
async fn other_widths_are_refused_by_naming_those_there_are() {
    let app = App::start().await;
    let url = upload(&app, photo()).await;

    for width in ["0", "321", "-160", "0160", "160px", "", "99999999999"] {
        let refused = get(&app, &format!("{url}?w={width}")).await;
        let body = problem(refused, 422, "invalid_width").await;
        assert_eq!(body["field"], "w");
        assert!(body["detail"].as_str().unwrap().contains("160, 320, 640, 1280"), "{body}");
    }
}
