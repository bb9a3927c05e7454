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

/// What the refusal means where it is the answer to asking for a result.
fn of_result(status: u16, body: &str) -> Error {
    refused(status, body).of_result()
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
        let end = error.of_result();
        assert_eq!((end.class(), &*end.failure().code), (class, code), "{word} ends the request");
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
        let end = error.of_result();
        assert_eq!((end.class(), &*end.failure().code), (class, code), "{word}");
        assert_eq!(end.worthwhile_tries(), 1, "{word}");
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
        let error = of_result(504, body);
        assert_eq!(error.class(), Class::Later, "{body}");
        assert!(error.worthwhile_tries() > 1, "{body}");
    }
}

#[test]
fn what_does_not_speak_fals_json_refuses_nothing_for_good_and_says_nothing_of_a_request() {
    for status in [301, 302, 307, 400, 403, 404, 407, 410, 413, 415, 421, 422, 502] {
        let page = "<html>proxy</html>";
        for error in [refused(status, page), of_result(status, page)] {
            assert_eq!(error.class(), Class::Later, "{status}");
            assert!(error.worthwhile_tries() > 1 && !error.is_free(), "{status}");
            assert!(!error.is_unknown_request() && !error.is_about_account(), "{status}");
        }
    }
}

#[test]
fn what_is_not_there_any_more_is_asked_for_again_and_then_another_attempt_is_worth_it() {
    for status in [404, 410] {
        for body in [r#"{"status":"NOT_FOUND"}"#, r#"{"detail":"Gone"}"#] {
            let error = of_result(status, body);

            assert!(error.is_unknown_request() && error.is_not_found(), "{status} {body}");
            assert_eq!((error.class(), error.worthwhile_tries()), (Class::Retry, 8), "{body}");
            assert_eq!(error.failure().code, "provider_lost_request");
            assert!(!error.is_free(), "nobody knows how it ended");
        }
    }
}

/// What a refusal of a call and a result with the same answer mean.
#[test]
fn a_status_about_the_account_or_the_call_is_another_thing_where_a_request_ended_with_it() {
    let plain = r#"{"detail":"No"}"#;
    let top_up = r#"{"detail":"You may not top up the brightness"}"#;
    let policy = r#"{"detail":"Blocked due to safety violations"}"#;
    let limit = r#"{"detail":"Wait","error_type":"concurrent_requests_limit"}"#;
    for (status, body, call, end, code) in [
        (401, plain, Class::Halt, Class::Halt, "provider_refused"),
        (402, plain, Class::Halt, Class::Halt, "provider_refused"),
        (403, plain, Class::Halt, Class::Halt, "provider_refused"),
        (403, top_up, Class::Halt, Class::Halt, "provider_refused"),
        (403, policy, Class::Halt, Class::Halt, "content_policy"),
        (408, plain, Class::Later, Class::Retry, "provider_error"),
        (409, plain, Class::Later, Class::Retry, "provider_error"),
        (429, plain, Class::Later, Class::Retry, "provider_error"),
        (429, limit, Class::Later, Class::Retry, "provider_error"),
    ] {
        let (refused, ended) = (refused(status, body), of_result(status, body));

        assert_eq!((refused.class(), ended.class()), (call, end), "{status} {body}");
        assert_eq!(ended.failure().code, code, "{status} {body}");
        // It may be about the account or the call after all, so it is tried for long, and may be paid for.
        assert_eq!((ended.worthwhile_tries(), ended.is_free()), (8, false), "{status} {body}");
        assert!(!ended.is_about_account(), "{status} {body}");
    }
}

#[test]
fn a_result_that_is_not_there_yet_is_asked_for_again() {
    let error = of_result(400, r#"{"detail":"Request is still in progress"}"#);

    assert_eq!(error.class(), Class::Later);
    assert!(!error.is_free());
}

#[test]
fn a_wait_that_fal_asks_for_is_known_and_bounded() {
    for (said, wait) in [("7", Some(7)), ("86400", Some(300)), ("-1", None), ("tomorrow", None)] {
        let error = refused_with(429, &[("retry-after", said)], "");
        assert_eq!(error.retry_after(), wait.map(Duration::from_secs), "{said}");
    }
    assert_eq!(refused(429, "").retry_after(), None);
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
    for error in own {
        assert!(!error.is_free(), "a call that is refused says nothing of a request");
        assert!(error.of_result().is_free());
    }
    let others = [
        of_result(404, r#"{"status":"NOT_FOUND"}"#),
        of_result(403, "<html>proxy</html>"),
        of_result(404, "<html>proxy</html>"),
        Error::NoPicture,
        Error::Silent,
    ];
    assert!(!others.iter().any(Error::is_free));
}
