//! What the addresses in answers begin with.

use serde_json::Value;

use crate::{app::App, raw::Connection};

/// The address of jobs, as a client that sends these headers is told it.
async fn told(app: &App, headers: &[(&str, &str)]) -> String {
    let mut get = app.client.get(app.url("/"));
    for (name, value) in headers {
        get = get.header(*name, *value);
    }
    let told: Value = get.send().await.unwrap().json().await.unwrap();
    told["links"]["jobs"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn addresses_begin_with_the_public_url_where_one_is_set() {
    let app = App::start_with(&[("PUBLIC_URL", "https://edit.example/base/")]).await;

    let job = app.new_job().await;

    let url = job["input_image_url"].as_str().unwrap();
    assert!(url.starts_with("https://edit.example/base/api/images/"), "{url}");
}

#[tokio::test]
async fn addresses_are_paths_where_a_client_does_not_say_what_it_calls_the_server() {
    let app = App::start().await;
    let mut nameless = Connection::open(app.address).await;

    nameless.send(b"GET / HTTP/1.0\r\n\r\n").await;

    let (status, told) = nameless.answer().await;
    assert_eq!(status, 200, "{told}");
    assert!(told.contains("\"jobs\":\"/api/jobs\""), "{told}");
}

#[tokio::test]
async fn addresses_begin_as_each_client_or_its_proxy_calls_the_server() {
    let app = App::start().await;
    let proxied: [(&str, &str); 3] = [
        ("host", "inside:8000"),
        ("x-forwarded-host", "edit.example"),
        ("x-forwarded-proto", "https"),
    ];
    let endless = "x".repeat(260);
    let too_long = [("host", endless.as_str())];
    let cases: [(&[(&str, &str)], &str); 9] = [
        (&[("host", "edit.example")], "http://edit.example/api/jobs"),
        (&[("host", "EDIT.example:80")], "http://edit.example/api/jobs"),
        (&[("host", "edit.example:8080")], "http://edit.example:8080/api/jobs"),
        (&proxied, "https://edit.example/api/jobs"),
        (&proxied[..2], "http://edit.example/api/jobs"),
        (
            &[("forwarded", "for=192.0.2.1;host=other.example;proto=https")],
            "https://other.example/api/jobs",
        ),
        (&[("host", "[::1]:8000")], "http://[::1]:8000/api/jobs"),
        (&[("host", "not a host")], "/api/jobs"),
        (&too_long, "/api/jobs"),
    ];

    // Twice, as what one client was told is remembered, and must not be told to the next.
    for (headers, address) in cases.iter().chain(&cases) {
        assert_eq!(told(&app, headers).await, *address, "{headers:?}");
    }
}

#[tokio::test]
async fn of_an_address_in_a_requests_line_the_scheme_counts_and_not_the_host() {
    let app = App::start().await;
    let mut proxying = Connection::open(app.address).await;

    proxying.send(b"GET https://other.example/ HTTP/1.1\r\nhost: edit.example\r\n\r\n").await;

    let (status, told) = proxying.answer().await;
    assert_eq!(status, 200, "{told}");
    assert!(told.contains("\"jobs\":\"https://edit.example/api/jobs\""), "{told}");
}
