//! Range requests for images.

use reqwest::{Method, Response, header::HeaderMap};

use crate::app::{App, photo, problem};

/// An image that is served, and its tag.
struct Image {
    app: App,
    url: String,
    bytes: Vec<u8>,
    tag: String,
}

impl Image {
    async fn serve() -> Self {
        let app = App::start().await;
        let job = app.new_job().await;
        let url = job["input_image_url"].as_str().unwrap().to_owned();
        let answer = app.client.get(&url).send().await.unwrap();
        assert_eq!(answer.headers()["accept-ranges"], "bytes");
        let tag = answer.headers()["etag"].to_str().unwrap().to_owned();
        Self { app, url, bytes: photo(), tag }
    }

    async fn ask(&self, method: Method, headers: &[(&'static str, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| {
            (name.parse().unwrap(), value.parse::<reqwest::header::HeaderValue>().unwrap())
        });
        let request = self.app.client.request(method, &self.url);
        request.headers(headers.collect::<HeaderMap>()).send().await.unwrap()
    }

    async fn get(&self, headers: &[(&'static str, &str)]) -> Response {
        self.ask(Method::GET, headers).await
    }

    async fn assert_is_whole(&self, answer: Response) {
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("content-range"));
        assert_eq!(answer.bytes().await.unwrap(), self.bytes);
    }
}

#[tokio::test]
async fn a_range_is_answered_with_that_part_of_the_image() {
    let image = Image::serve().await;
    let length = image.bytes.len();
    let last = length - 1;

    for (range, part) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=10-99".to_owned(), 10..100),
        ("bytes=100-".to_owned(), 100..length),
        ("bytes=-7".to_owned(), length - 7..length),
        (format!("bytes={last}-99999999"), last..length),
        ("bytes=0-".to_owned(), 0..length),
    ] {
        let answer = image.get(&[("range", &range)]).await;

        let headers = answer.headers().clone();
        assert_eq!(answer.status(), 206, "{range}");
        let told = format!("bytes {}-{}/{length}", part.start, part.end - 1);
        assert_eq!(headers["content-range"], told, "{range}");
        assert_eq!(headers["content-length"], part.len().to_string(), "{range}");
        assert_eq!(headers["content-type"], "image/jpeg");
        assert_eq!(headers["etag"], image.tag.as_str());
        assert!(headers["cache-control"].to_str().unwrap().contains("immutable"));
        assert_eq!(answer.bytes().await.unwrap(), image.bytes[part], "{range}");
    }
}

#[tokio::test]
async fn an_image_that_is_fetched_in_parts_is_the_image() {
    let image = Image::serve().await;
    let mut fetched = Vec::new();

    while fetched.len() < image.bytes.len() {
        let range = format!("bytes={}-{}", fetched.len(), fetched.len() + 199);
        let part = image.get(&[("range", &range), ("if-range", &image.tag)]).await;
        assert_eq!(part.status(), 206);
        fetched.extend_from_slice(&part.bytes().await.unwrap());
    }

    assert_eq!(fetched, image.bytes);
}

#[tokio::test]
async fn a_range_after_the_end_is_refused_with_the_length() {
    let image = Image::serve().await;
    let length = image.bytes.len();

    for range in [format!("bytes={length}-"), "bytes=-0".to_owned()] {
        let refused = image.get(&[("range", &range)]).await;

        assert_eq!(refused.headers()["content-range"], format!("bytes */{length}"), "{range}");
        let told = problem(refused, 416, "range_not_satisfiable").await;
        assert_eq!(told["field"], "Range");
    }
}

#[tokio::test]
async fn several_ranges_and_malformed_ones_are_answered_with_the_whole_image() {
    let image = Image::serve().await;

    for range in ["bytes=0-1,5-6", "bytes=9-3", "bytes=x-y", "lines=0-1", "nonsense"] {
        image.assert_is_whole(image.get(&[("range", range)]).await).await;
    }
}

#[tokio::test]
async fn a_part_of_another_image_than_the_client_has_is_not_sent() {
    let image = Image::serve().await;
    let weak = format!("W/{}", image.tag);
    let date = "Sat, 29 Oct 1994 19:43:31 GMT";

    let same = image.get(&[("range", "bytes=0-9"), ("if-range", &image.tag)]).await;
    assert_eq!(same.status(), 206);
    for other in ["\"another\"", &weak, date, "nonsense"] {
        let answer = image.get(&[("range", "bytes=0-9"), ("if-range", other)]).await;
        image.assert_is_whole(answer).await;
    }
}

#[tokio::test]
async fn a_client_that_has_the_image_is_sent_no_part_of_it() {
    let image = Image::serve().await;

    let answer = image.get(&[("range", "bytes=0-9"), ("if-none-match", &image.tag)]).await;

    assert_eq!(answer.status(), 304);
    assert_eq!(answer.headers()["etag"], image.tag.as_str());
}

#[tokio::test]
async fn a_head_tells_the_length_of_the_whole_image_whatever_the_range() {
    let image = Image::serve().await;

    for headers in [&[][..], &[("range", "bytes=0-9")], &[("range", "bytes=9999999-")]] {
        let head = image.ask(Method::HEAD, headers).await;

        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["content-length"], image.bytes.len().to_string());
        assert_eq!(head.headers()["accept-ranges"], "bytes");
        assert_eq!(head.headers()["etag"], image.tag.as_str());
        assert!(head.bytes().await.unwrap().is_empty());
    }
}
