//! Liveness, readiness and the pages about the service.

use darkroom_testing::eventually;
use serde_json::Value;

use crate::app::App;

#[tokio::test]
async fn the_root_tells_what_this_is_and_links_to_the_rest() {
    let app = App::start().await;

    let root: Value = app.get("/").await.json().await.unwrap();

    assert_eq!(root["name"], "Darkroom");
    for (name, link) in root["links"].as_object().unwrap() {
        let status = app.client.get(link.as_str().unwrap()).send().await.unwrap().status();
        assert_eq!(status, 200, "{name}: {link}");
    }
}

#[tokio::test]
async fn the_service_is_not_ready_on_an_older_schema() {
    let app = App::start().await;
    assert_eq!(app.get("/ready").await.status(), 200);

    darkroom_testing::forget_last_migration(&app.database.pool).await;

    let response = eventually("that is seen", async || {
        Some(app.get("/ready").await).filter(|response| response.status() == 503)
    })
    .await;
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["database"], &body["schema"]), (&Value::Bool(true), &Value::Bool(false)));
}

#[tokio::test]
async fn whoever_asks_whether_it_is_ready_cannot_keep_the_database_busy() {
    let (app, line) = App::start_counted().await;

    for _ in 0..50 {
        assert_eq!(app.get("/ready").await.status(), 200);
    }

    assert!(line.count("_sqlx_migrations") < 25, "{:#?}", line.sent());
}

#[tokio::test]
async fn the_pages_that_explain_the_api_need_nothing_from_elsewhere() {
    let app = App::start().await;

    let swagger = app.get("/docs/").await.text().await.unwrap();
    let redoc = app.get("/redoc").await.text().await.unwrap();

    for page in [swagger, redoc] {
        assert!(page.contains("<script"), "{page}");
        assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "{page}");
    }
    let script = app.get("/redoc/redoc.standalone.js").await;
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    let script = script.text().await.unwrap();
    assert!(script.trim_end().ends_with("redoc.standalone.js.map"), "the script is cut off");
}

#[tokio::test]
async fn whether_the_contract_and_its_pages_are_there_can_be_asked_without_them() {
    let app = App::start().await;

    for path in ["/api-docs/openapi.json", "/redoc"] {
        let head = app.client.head(app.url(path)).send().await.unwrap();

        assert_eq!(head.status(), 200, "{path}");
        let length = head.headers()["content-length"].to_str().unwrap().to_owned();
        assert_eq!(length, app.get(path).await.bytes().await.unwrap().len().to_string());
    }
}
