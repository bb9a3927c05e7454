//! Answers to edits that fail: none that makes the clients pay for another edit.

use darkroom_core::store;

use super::{Made, ask, complete, error, fail};
use crate::app::{App, form, photo};

#[tokio::test]
async fn a_failed_edit_is_told_by_its_kind_and_never_asked_for_again() {
    let app = App::start().await;
    let (users, ours) = ("image_generation_user_error", "server_error");
    for (failure, status, kind, code, param) in [
        ("content_policy", 400, users, "moderation_blocked", None),
        ("image_too_small", 400, users, "image_too_small", Some("image")),
        ("nothing_made", 400, users, "nothing_made", Some("prompt")),
        ("provider_refused", 400, users, "provider_refused", None),
        ("provider_error", 502, ours, "provider_error", None),
        ("submission_unknown", 502, ours, "submission_unknown", None),
        ("provider_timeout", 504, ours, "provider_timeout", None),
        ("deadline_exceeded", 504, ours, "deadline_exceeded", None),
    ] {
        let (answer, ()) = tokio::join!(ask(&app, form(photo(), "x")), fail(&app, failure));

        assert_eq!(answer.headers()["x-should-retry"], "false");
        let location = answer.headers()["location"].to_str().unwrap();
        assert!(location.ends_with(answer.headers()["x-request-id"].to_str().unwrap()));
        let error = error(answer, status, kind, code).await;
        assert_eq!(error["param"].as_str(), param, "{error}");
        assert_eq!(error["message"], "It cannot be.");
    }
}

#[tokio::test]
async fn an_edit_all_of_whose_pictures_were_blanked_is_moderated() {
    let app = App::start().await;
    let blank = Made { is_blanked: true, ..Made::png(photo()) };

    let (answer, ()) = tokio::join!(ask(&app, form(photo(), "x")), complete(&app, vec![blank]));

    error(answer, 400, "image_generation_user_error", "moderation_blocked").await;
}

#[tokio::test]
async fn an_edit_that_is_cancelled_or_deleted_is_a_conflict_that_is_not_asked_for_again() {
    let app = App::start().await;
    let newest = async || {
        darkroom_testing::eventually("there is a job", async || {
            let page = store::Page { before: None, limit: 1 };
            let listed = store::list(&app.database.pool, page, &store::Filter::default()).await;
            listed.unwrap().jobs.into_iter().find(|job| !job.status.has_ended())
        })
        .await
        .id
    };

    let (answer, ()) = tokio::join!(ask(&app, form(photo(), "x")), async {
        let path = format!("/api/jobs/{}/cancel", newest().await);
        app.client.post(app.url(&path)).send().await.unwrap();
    });
    assert_eq!(answer.headers()["x-should-retry"], "false");
    error(answer, 409, "invalid_request_error", "job_cancelled").await;

    let (answer, ()) = tokio::join!(ask(&app, form(photo(), "x")), async {
        let path = format!("/api/jobs/{}", newest().await);
        app.client.delete(app.url(&path)).send().await.unwrap();
    });
    assert_eq!(answer.headers()["x-should-retry"], "false");
    error(answer, 409, "invalid_request_error", "job_deleted").await;
}

/// The clients retry an answer that breaks off.
#[tokio::test]
async fn an_answer_whose_picture_is_deleted_while_it_is_sent_ends_early_and_does_not_break_off() {
    let app = App::start().await;
    // More than the sockets' buffers hold.
    let large = vec![7; 24 * 1024 * 1024];
    let asked = ask(&app, form(photo(), "x"));
    let (mut answer, ()) = tokio::join!(asked, complete(&app, vec![Made::png(large)]));
    let mut body = answer.chunk().await.unwrap().unwrap().to_vec();

    let location = answer.headers()["location"].to_str().unwrap();
    let deleted = app.client.delete(location).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    while let Some(chunk) = answer.chunk().await.unwrap() {
        body.extend_from_slice(&chunk);
    }

    assert!(body.starts_with(b"{\"created\":"));
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_err());
}
