//! Parameters that no operation takes, or that come twice: refused by name wherever parameters are read.

use reqwest::Method;

use crate::{
    app::{App, problem},
    events::{Events, show_processing},
};

#[tokio::test]
async fn a_parameter_that_is_unknown_or_comes_twice_is_refused_by_every_operation_that_takes_any() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
    let image = job["input_image_url"].as_str().unwrap();
    let image = image.strip_prefix(&app.url("")).unwrap().to_owned();

    for (method, path, taken) in [
        (Method::GET, "/api/jobs", "limit=1"),
        (Method::GET, "/api/jobs", "model=x"),
        (Method::GET, "/api/jobs", "metadata.order=7"),
        (Method::POST, "/api/jobs", "wait=1"),
        (Method::GET, &path, "wait=0"),
        (Method::GET, &format!("{path}/events"), "expires=1"),
        (Method::GET, &format!("{path}/events"), "lastEventId=1"),
        (Method::GET, "/api/events", "lastEventId=1"),
        (Method::GET, "/api/usage", "from=2026-01-31"),
        (Method::GET, &image, "w=320"),
        (Method::GET, &image, "signature=x"),
    ] {
        let name = taken.split('=').next().unwrap();
        for (query, code, field) in [
            (format!("nonsense={taken}"), "unknown_parameter", "nonsense"),
            (format!("{taken}&{taken}"), "duplicate_parameter", name),
        ] {
            let request = app.client.request(method.clone(), app.url(&format!("{path}?{query}")));
            let told = problem(request.send().await.unwrap(), 422, code).await;
            assert_eq!(told["field"], field, "{path}?{query}");
        }
    }
}

#[tokio::test]
async fn whoever_cannot_send_the_header_names_its_last_event_in_a_parameter() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}/events", job["id"].as_str().unwrap());
    let first = Events::of(app.get(&path).await).next().await.unwrap();

    let mut back = Events::of(app.get(&format!("{path}?lastEventId={}", first.id)).await);
    show_processing(&app).await;
    assert_eq!(back.next().await.unwrap().data["status"], "processing");

    let all = format!("/api/events?lastEventId={}", first.id);
    let missed = Events::of(app.get(&all).await).next().await.unwrap();
    assert_eq!(missed.data["status"], "processing");
    for path in [path.as_str(), "/api/events"] {
        for id in ["rubbish", "%2B5", "%205", "1000000000000000000"] {
            let url = app.url(&format!("{path}?lastEventId={id}"));
            // Also beside a header that is right.
            let get = app.client.get(url).header("Last-Event-ID", &first.id);
            let told = problem(get.send().await.unwrap(), 400, "invalid_event_id").await;
            assert_eq!(told["field"], "lastEventId");
        }
    }
}
