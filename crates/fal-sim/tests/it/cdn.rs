//! Uploads with a token, and uploads in parts.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, photo, quick, text, with_key};

/// Asks for a token and returns the header that carries it.
async fn token(sim: &Sim) -> String {
    let post = with_key(sim.http.post(sim.url("storage/auth/token?storage_type=fal-cdn-v3")));
    let token: Value = post.json(&json!({})).send().await.unwrap().json().await.unwrap();
    assert_eq!(sim.url(""), format!("{}/", text(&token["base_url"])));
    assert!(text(&token["expires_at"]).ends_with("+00:00"), "{token}");
    format!("{} {}", text(&token["token_type"]), text(&token["token"]))
}

async fn json_of(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

/// Opens an upload in parts with a token; returns where the parts go, and the file's URL.
async fn open(sim: &Sim, token: &str) -> (String, String) {
    let post = sim.http.post(sim.url("files/upload/multipart")).header("authorization", token);
    let post = post.header("content-type", "image/png").header("X-Fal-File-Name", "photo.png");
    let opened = json_of(post).await;
    let url = text(&opened["access_url"]).to_owned();
    (format!("{url}/multipart/{}", text(&opened["uploadId"])), url)
}

#[tokio::test]
async fn a_token_is_enough_to_upload_and_the_upload_can_be_edited() {
    let sim = Sim::start(quick()).await;
    let bytes = photo(96, 64);

    let post = sim.http.post(sim.url("files/upload")).header("authorization", token(&sim).await);
    let post = post.header("content-type", "image/png").header("X-Fal-File-Name", "../photo.png");
    let uploaded = json_of(post.body(bytes.clone())).await;

    let url = text(&uploaded["access_url"]);
    assert!(url.ends_with("/photo.png"), "{url}");
    let served = sim.http.get(url).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "image/png");
    assert!(served.bytes().await.unwrap() == bytes);
    let input = json!({"prompt": "from the CDN", "image_urls": [url]});
    assert_eq!(sim.run(SEEDREAM, &input).await.0, 200);
    sim.running.stop().await;
}

#[tokio::test]
async fn an_upload_without_a_good_token_is_refused() {
    let sim = Sim::start(quick()).await;
    let post = |path: &str| sim.http.post(sim.url(path)).body("bytes");

    for refused in [
        post("files/upload"),
        post("files/upload").header("authorization", "Bearer nonsense"),
        with_key(post("files/upload")),
        post("files/upload/multipart"),
        post("storage/auth/token"),
        post("storage/upload/initiate-multipart"),
    ] {
        assert_eq!(refused.send().await.unwrap().status(), 401);
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn parts_are_put_together_by_number_whatever_their_order() {
    let sim = Sim::start(quick()).await;
    let token = token(&sim).await;
    let bytes = photo(96, 64);
    let (parts, url) = open(&sim, &token).await;
    let (start, end) = bytes.split_at(bytes.len() / 2);

    let mut named = Vec::new();
    for (number, part) in [(2, end), (1, start)] {
        let put = sim.http.put(format!("{parts}/{number}")).header("authorization", &token);
        let answer = put.body(part.to_vec()).send().await.unwrap();
        let etag = answer.headers()["etag"].to_str().unwrap().to_owned();
        named.push(json!({"partNumber": number, "etag": etag}));
    }
    assert_eq!(sim.http.get(&url).send().await.unwrap().status(), 404);
    let complete = sim.http.post(format!("{parts}/complete")).header("authorization", &token);
    json_of(complete.json(&json!({"parts": named}))).await;

    assert!(sim.download(&url).await == bytes);
    let again = sim.http.post(format!("{parts}/complete")).header("authorization", &token);
    let again = again.json(&json!({"parts": named})).send().await.unwrap();
    assert_eq!(again.status(), 404);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_place_for_parts_is_filled_without_a_key() {
    let sim = Sim::start(quick()).await;
    let initiate = with_key(sim.http.post(sim.url("storage/upload/initiate-multipart")));
    let file = json!({"content_type": "image/png", "file_name": "photo.png"});
    let places = json_of(initiate.json(&file)).await;
    let (place, query) = text(&places["upload_url"]).split_once('?').unwrap();

    let put = sim.http.put(format!("{place}/1?{query}")).body("whole");
    let part = json_of(put).await;
    let complete = sim.http.post(format!("{place}/complete?{query}"));
    json_of(complete.json(&json!({"parts": [part]}))).await;

    let served = sim.http.get(text(&places["file_url"])).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "image/png");
    assert_eq!(served.text().await.unwrap(), "whole");
    sim.running.stop().await;
}

#[tokio::test]
async fn parts_that_did_not_come_do_not_make_a_file() {
    let sim = Sim::start(quick()).await;
    let token = token(&sim).await;
    let (parts, url) = open(&sim, &token).await;
    let put = sim.http.put(format!("{parts}/1")).body("one");
    assert_eq!(put.send().await.unwrap().status(), 404, "a part without the token");
    let put = sim.http.put(format!("{parts}/1")).header("authorization", &token);
    let one = json_of(put.body("one")).await;
    let two = json!({"partNumber": 2, "etag": one["etag"]});
    let changed = json!({"partNumber": 1, "etag": "\"another\""});

    for named in [json!([]), json!([one, two]), json!([changed])] {
        let complete = sim.http.post(format!("{parts}/complete")).header("authorization", &token);
        let answer = complete.json(&json!({"parts": named})).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{named}");
    }
    for number in ["0", "10001"] {
        let put = sim.http.put(format!("{parts}/{number}")).header("authorization", &token);
        assert_eq!(put.body("x").send().await.unwrap().status(), 400, "{number}");
    }
    assert_eq!(sim.http.get(&url).send().await.unwrap().status(), 404);
    sim.running.stop().await;
}

#[tokio::test]
async fn a_locked_account_gets_no_token() {
    let sim = Sim::start(quick()).await;
    sim.faults(json!([{"at": "token", "status": 403}])).await;

    let post = with_key(sim.http.post(sim.url("storage/auth/token")));

    assert_eq!(post.json(&json!({})).send().await.unwrap().status(), 403);
    sim.running.stop().await;
}
