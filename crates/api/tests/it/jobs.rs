//! Jobs: made, read, listed, deleted.

use serde_json::Value;

use crate::app::{App, form, photo};

#[tokio::test]
async fn a_posted_job_is_answered_at_once_as_pending_with_its_address() {
    let app = App::start().await;

    let response = app.post(form(photo(), "make it rain")).await;

    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let job: Value = response.json().await.unwrap();
    assert_eq!(job["status"], "pending");
    assert_eq!(job["prompt"], "make it rain");
    assert_eq!(job["result_image_url"], Value::Null);
    assert_eq!(location, app.url(&format!("/api/jobs/{}", job["id"].as_str().unwrap())));
    let found: Value = app.client.get(location).send().await.unwrap().json().await.unwrap();
    assert_eq!(found, job);
}

#[tokio::test]
async fn a_post_that_is_repeated_makes_another_job() {
    let app = App::start().await;

    let (first, second) = (app.new_job().await, app.new_job().await);

    assert_ne!(first["id"], second["id"]);
    assert_eq!(app.stored_jobs().await, 2);
}

#[tokio::test]
async fn a_job_always_has_the_fields_that_clients_know() {
    let app = App::start().await;

    let job = app.new_job().await;

    for field in ["id", "prompt", "status", "result_image_url", "created_at", "updated_at"] {
        assert!(job.get(field).is_some(), "{field} is missing: {job}");
    }
    let created = job["created_at"].as_str().unwrap();
    assert!(created.ends_with('Z') && created.contains('T'), "{created} is not RFC 3339 in UTC");
}

#[tokio::test]
async fn the_list_is_a_bare_array_newest_first_and_links_to_the_next_page() {
    let app = App::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(app.new_job().await["id"].clone());
    }
    ids.reverse();

    let mut seen = Vec::new();
    let mut next = Some(app.url("/api/jobs?limit=2"));
    while let Some(url) = next {
        let response = app.client.get(url).send().await.unwrap();
        next = response.headers().get("link").map(|link| {
            let link = link.to_str().unwrap();
            link.split(['<', '>']).nth(1).unwrap().to_owned()
        });
        let page: Vec<Value> = response.json().await.unwrap();
        seen.extend(page.into_iter().map(|job| job["id"].clone()));
    }

    assert_eq!(seen, ids);
}

#[tokio::test]
async fn a_deleted_job_is_gone_with_its_image() {
    let app = App::start().await;
    let job = app.new_job().await;
    let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());

    let deleted = app.client.delete(app.url(&path)).send().await.unwrap();

    assert_eq!(deleted.status(), 204);
    assert_eq!(app.get(&path).await.status(), 404);
    let image = app.client.get(job["input_image_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(image.status(), 404);
    assert_eq!(app.client.delete(app.url(&path)).send().await.unwrap().status(), 404);
}
