//! The stand-in's faults: a few at all times, and more in a storm. Each text is a list of faults in its own format.

/// The faults at all times.
const ALWAYS: &str = r#"
    {"at": "run", "latency": {"log_normal": {"median": 1.5, "sigma": 0.6}}},
    {"at": "webhook", "rate": 0.15, "delivery": "duplicate"},
    {"at": "webhook", "rate": 0.15, "latency": {"uniform": [0.5, 8]}},
    {"at": "webhook", "rate": 0.1, "delivery": "missing"},
    {"at": "webhook", "rate": 0.05, "delivery": "forged"},
    {"at": "webhook", "rate": 0.05, "delivery": "no_payload"},
    {"at": "submit", "rate": 0.02, "status": 429, "headers": {"Retry-After": "1"}},
    {"at": "run", "rate": 0.02, "error_type": "runner_disconnected"}"#;

/// The faults that a storm adds, by its name.
const STORMS: [(&str, &str); 16] = [
    ("answers to submissions are lost", r#"{"at": "submit", "rate": 0.5, "reset": "after"}"#),
    ("answers to submissions break off", r#"{"at": "submit", "rate": 0.5, "reset": "midway"}"#),
    (
        "submissions are taken and answered with 502",
        r#"{"at": "submit", "rate": 0.5, "status": 502, "shape": "nginx", "processed": true}"#,
    ),
    (
        "submissions are answered with 503 or reset",
        r#"{"at": "submit", "rate": 0.4, "status": 503}, {"at": "submit", "rate": 0.4, "reset": "before"}"#,
    ),
    (
        "too many requests",
        r#"{"at": "submit", "rate": 0.7, "status": 429, "headers": {"Retry-After": "2"}}"#,
    ),
    (
        "everything is slow",
        r#"{"at": "submit", "latency": {"uniform": [0.5, 4]}}, {"at": "status", "latency": {"uniform": [0.5, 4]}},
           {"at": "result", "latency": {"uniform": [0.5, 4]}}, {"at": "download", "bytes_per_second": 2000}"#,
    ),
    (
        "results are answered with 5xx",
        r#"{"at": "result", "rate": 0.6, "status": 504, "shape": "nginx"}, {"at": "result", "rate": 0.3, "status": 500}"#,
    ),
    (
        "nobody is told how far requests are",
        r#"{"at": "status", "rate": 0.9, "status": 503, "shape": "nginx"}, {"at": "stream", "status": 503, "shape": "nginx"}"#,
    ),
    (
        "streams break off, and requests are not found",
        r#"{"at": "stream", "rate": 0.8, "reset": "midway"}, {"at": "status", "rate": 0.5, "status": 404}"#,
    ),
    (
        "runners are lost",
        r#"{"at": "run", "rate": 0.4, "error_type": "runner_connection_error"}, {"at": "run", "rate": 0.3, "requeue": 2}"#,
    ),
    (
        "prompts are refused, and pictures blanked",
        r#"{"at": "run", "rate": 0.3, "error_type": "content_policy_violation"}, {"at": "run", "rate": 0.3, "nsfw": true}"#,
    ),
    (
        "uploads fail",
        r#"{"at": "initiate", "rate": 0.5, "status": 500}, {"at": "upload", "rate": 0.5, "reset": "midway"}"#,
    ),
    (
        "downloads fail",
        r#"{"at": "download", "rate": 0.4, "reset": "midway"}, {"at": "download", "rate": 0.4, "status": 503, "shape": "nginx"}"#,
    ),
    (
        "answers are lost and the list of requests is away",
        r#"{"at": "submit", "rate": 0.3, "reset": "after"}, {"at": "history", "rate": 0.8, "status": 503, "shape": "nginx"}"#,
    ),
    (
        "cancellations are ignored or fail, and webhooks are missing",
        r#"{"at": "cancel", "rate": 0.5, "ignored": true}, {"at": "cancel", "rate": 0.4, "status": 500},
           {"at": "webhook", "rate": 0.8, "delivery": "missing"}"#,
    ),
    (
        "the account is not accepted",
        r#"{"at": "submit", "status": 401}, {"at": "initiate", "status": 401}"#,
    ),
];

/// How many kinds of storms there are.
pub(super) const KINDS: usize = STORMS.len();

/// The name of a storm.
pub(super) fn name(number: usize) -> &'static str {
    STORMS.get(number).map_or("nothing", |(name, _)| name)
}

/// The stand-in's faults, in a storm or without.
pub(super) fn faults(seed: u64, storm: Option<usize>) -> String {
    let storm = storm.and_then(|number| STORMS.get(number));
    let storm = storm.map_or_else(String::new, |(_, lines)| format!(", {lines}"));
    format!(r#"{{"seed": {seed}, "faults": [{ALWAYS}{storm}]}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_storm_is_json() {
        for storm in (0..KINDS).map(Some).chain([None]) {
            let faults: serde_json::Value = serde_json::from_str(&faults(7, storm)).unwrap();
            assert!(faults["faults"].as_array().unwrap().len() >= 8, "{storm:?}");
        }
    }
}
