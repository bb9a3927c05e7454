//! Every layout and every word of fal's errors, and how each is classified.

use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::*;

fn refused(status: u16, body: &str) -> Error {
    refused_with(status, &[], body)
}

fn refused_with(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Error {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
        .collect();
    let status = StatusCode::from_u16(status).unwrap();
    Error::Refused(Refusal::read(status, &headers, body.as_bytes()))
}

/// As a model answers: a list of entries.
fn by_model(status: u16, word: &str) -> Error {
    let entry = json!({"loc": ["body", "prompt"], "msg": "no", "type": word, "input": "secret"});
    refused(status, &json!({"detail": [entry]}).to_string())
}

/// As the queue answers: a sentence and a word.
fn by_queue(status: u16, word: &str) -> Error {
    refused(status, &json!({"detail": "Sorry", "error_type": word}).to_string())
}

#[test]
fn every_word_of_the_queue_has_its_class() {
    for (word, status, class, code) in [
        ("request_timeout", 504, Class::Retry, "provider_timeout"),
        ("startup_timeout", 504, Class::Retry, "provider_timeout"),
        ("runner_scheduling_failure", 503, Class::Retry, "provider_error"),
        ("runner_connection_timeout", 503, Class::Retry, "provider_error"),
        ("runner_disconnected", 503, Class::Retry, "provider_error"),
        ("runner_connection_refused", 503, Class::Retry, "provider_error"),
        ("runner_connection_error", 503, Class::Retry, "provider_error"),
        ("runner_incomplete_response", 502, Class::Retry, "provider_error"),
        ("runner_server_error", 500, Class::Retry, "provider_error"),
        ("internal_error", 500, Class::Retry, "provider_error"),
        ("client_disconnected", 499, Class::Never, "provider_cancelled"),
        ("client_cancelled", 499, Class::Never, "provider_cancelled"),
        ("bad_request", 400, Class::Never, "provider_refused"),
        ("a_word_of_tomorrow", 503, Class::Retry, "provider_error"),
    ] {
        let error = by_queue(status, word);
        assert_eq!((error.class(), &*error.failure().code), (class, code), "{word}");
        assert!(!error.is_passing(), "{word} ends the request");
    }
}

#[test]
fn every_word_of_the_models_has_its_class() {
    for (word, status, class, code) in [
        ("internal_server_error", 500, Class::Retry, "provider_error"),
        ("generation_timeout", 504, Class::Retry, "provider_timeout"),
        ("downstream_service_error", 400, Class::Retry, "provider_error"),
        ("downstream_service_error", 500, Class::Retry, "provider_error"),
        ("downstream_service_unavailable", 500, Class::Retry, "provider_error"),
        ("content_policy_violation", 422, Class::Never, "content_policy"),
        ("no_media_generated", 422, Class::Never, "nothing_made"),
        ("image_too_small", 422, Class::Never, "image_too_small"),
        ("image_too_large", 422, Class::Never, "image_too_large"),
        ("file_too_large", 422, Class::Never, "image_too_large"),
        ("image_load_error", 422, Class::Never, "image_unreadable"),
        ("unsupported_image_format", 422, Class::Never, "image_unreadable"),
        ("face_detection_error", 422, Class::Never, "no_face"),
        ("file_download_error", 422, Class::Retry, "provider_error"),
        ("feature_not_supported", 422, Class::Never, "provider_refused"),
        ("greater_than", 422, Class::Never, "invalid_option"),
        ("one_of", 422, Class::Never, "invalid_option"),
        ("missing", 422, Class::Never, "provider_refused"),
        ("value_error.missing", 422, Class::Never, "provider_refused"),
        ("a_word_of_tomorrow", 422, Class::Never, "provider_refused"),
    ] {
        let error = by_model(status, word);
        assert_eq!((error.class(), &*error.failure().code), (class, code), "{word}");
        assert_eq!(error.worthwhile_tries(), 1, "{word}");
    }
}

#[test]
fn the_account_is_told_from_the_request() {
    let locked = r#"{"detail":"User is locked. Reason: Exhausted balance. Top up your balance."}"#;
    let admin = r#"{"detail":"User is locked. Reason: Admin lock."}"#;
    let unknown = r#"{"detail":"No user found for Key ID and Secret"}"#;
    for (status, body, class, code) in [
        (403, locked, Class::Halt, "provider_balance"),
        (403, admin, Class::Halt, "provider_account"),
        (401, unknown, Class::Halt, "provider_account"),
        (429, "", Class::Later, "provider_busy"),
        (404, r#"{"status":"NOT_FOUND"}"#, Class::Retry, "provider_lost_request"),
        (402, "", Class::Halt, "provider_balance"),
    ] {
        let error = refused(status, body);
        assert_eq!((error.class(), &*error.failure().code), (class, code), "{body}");
    }
}

#[test]
fn a_partners_refusal_in_words_is_a_content_policy() {
    let error = refused(400, r#"{"detail":"Request blocked due to safety violations"}"#);

    assert_eq!(error.class(), Class::Never);
    assert_eq!(error.failure().code, "content_policy");
}

#[test]
fn what_stands_before_fal_may_hiccup_and_ends_nothing() {
    for body in ["<html><center>nginx</center></html>", "", "[1, 2", "null"] {
        let error = refused(504, body);
        assert!(error.is_passing() && error.worthwhile_tries() > 1, "{body}");
    }
}

#[test]
fn what_does_not_speak_fals_json_refuses_nothing_for_good() {
    for status in [301, 307, 404, 407, 421] {
        let error = refused(status, "<html>proxy</html>");
        assert_eq!(error.class(), Class::Retry, "{status}");
        assert!(!error.is_unknown_request(), "{status}");
    }
    assert!(refused(404, r#"{"status":"NOT_FOUND"}"#).is_unknown_request());
}

#[test]
fn what_does_not_speak_fals_json_says_nothing_of_a_request() {
    for status in [302, 400, 403, 404, 407, 413, 422, 502] {
        let error = refused(status, "<html>proxy</html>");
        assert!(error.is_of_a_gateway() && error.worthwhile_tries() > 1, "{status}");
    }
    for error in [by_model(422, "no"), by_queue(500, "runner_server_error"), Error::Silent] {
        assert!(!error.is_of_a_gateway(), "{error}");
    }
}

#[test]
fn a_result_that_is_not_there_yet_is_asked_for_again() {
    let error = refused(400, r#"{"detail":"Request is still in progress"}"#);

    assert!(error.is_passing());
}

#[test]
fn a_hint_that_another_try_is_useless_is_believed() {
    let body = r#"{"detail":"Sorry","error_type":"runner_server_error"}"#;

    for hint in [("x-fal-retryable", "false"), ("x-fal-needs-retry", "0")] {
        assert_eq!(refused_with(500, &[hint], body).class(), Class::Never);
    }
    for hint in [("x-fal-retryable", "true"), ("x-fal-needs-retry", "1")] {
        assert_eq!(refused_with(500, &[hint], body).class(), Class::Retry);
    }
}

#[test]
fn a_result_that_came_but_cannot_be_used_is_not_said_to_be_out_of_reach() {
    let gone = Error::OutputGone(StatusCode::NOT_FOUND);
    for error in [Error::NoPicture, Error::TooLarge { limit: 1 }, gone] {
        let failure = error.failure();
        assert_eq!(failure.code, "result_unusable");
        assert!(failure.message.contains("not a picture that can be used, or"), "{failure:?}");
    }
}

#[test]
fn nothing_that_fal_echoes_is_shown() {
    let error = by_model(422, "secret words\nof a user");

    let shown = format!("{error} {error:?} {:?}", error.failure());
    assert!(!shown.contains("secret words") && !shown.contains("\"secret\""), "{shown}");
}

#[test]
fn only_what_the_request_itself_came_to_is_not_charged_for() {
    let own = [by_model(422, "content_policy_violation"), by_queue(500, "runner_server_error")];
    assert!(own.iter().all(Error::is_of_the_request));
    let others = [
        refused(404, r#"{"status":"NOT_FOUND"}"#),
        refused(403, "<html>proxy</html>"),
        refused(404, "<html>proxy</html>"),
        Error::NoPicture,
        Error::Silent,
    ];
    assert!(!others.iter().any(Error::is_of_the_request));
}
