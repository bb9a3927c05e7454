//! Any text in a prompt comes back as it was written, or is refused with a reason.

use crate::app::{App, form, photo, problem};

#[tokio::test]
async fn prompts_of_all_scripts_come_back_as_they_were() {
    let app = App::start().await;
    let longest = "é".repeat(5000);
    let prompts = [
        "emoji 🦀👩‍👩‍👧‍👦 and a flag 🇺🇦",
        "مساء ممطر مع أضواء النيون",
        "שלום \u{202e}right-to-left",
        "quotes \" ' ` and \\ and \r\n two lines\ttab",
        "'; drop table jobs; --",
        "  spaces around  ",
        longest.as_str(),
    ];

    for prompt in prompts {
        let job: serde_json::Value = app.post(form(photo(), prompt)).await.json().await.unwrap();
        let path = format!("/api/jobs/{}", job["id"].as_str().unwrap());
        let found: serde_json::Value = app.get(&path).await.json().await.unwrap();
        assert_eq!(found["prompt"], prompt);
    }
}

#[tokio::test]
async fn prompts_that_cannot_be_kept_are_refused_with_a_reason() {
    let app = App::start().await;
    let too_long = "é".repeat(5001);
    let far_too_long = "x".repeat(100_000);
    let refused = [
        ("", "empty_field"),
        (" \n\t ", "empty_field"),
        ("a\0b", "invalid_character"),
        (too_long.as_str(), "too_long"),
        (far_too_long.as_str(), "too_long"),
    ];

    for (prompt, code) in refused {
        let body = problem(app.post(form(photo(), prompt)).await, 422, code).await;
        assert_eq!(body["field"], "prompt");
    }
    app.assert_nothing_is_stored().await;
}
