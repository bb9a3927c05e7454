//! How long a client waits for its answer.

use std::time::Duration;

use actix_web::http::header::HeaderMap;

/// By default, the clients give up after 600 seconds and retry, which would be another edit to pay for. So they are
/// answered before (source: openai-python, `_constants.py`).
const LONGEST: Duration = Duration::from_secs(570);

/// The headers in which they say after how many seconds they give up (source: openai-python, `_base_client.py`;
/// openai-node, `client.ts`).
const SAID: [&str; 2] = ["x-stainless-read-timeout", "x-stainless-timeout"];

/// The time kept for the answer's way back; less for a client that waits only for a short time.
const WAY_BACK: Duration = Duration::from_secs(10);

/// How long this client may be kept waiting.
pub(super) fn patience(headers: &HeaderMap) -> Duration {
    let said = SAID.iter().filter_map(|name| {
        let seconds = headers.get(*name)?.to_str().ok()?.parse().ok()?;
        let said = Duration::try_from_secs_f64(seconds).ok()?;
        Some(said.saturating_sub(WAY_BACK.min(said / 4)))
    });
    said.min().map_or(LONGEST, |said| said.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_client_is_answered_before_it_gives_up() {
        for (header, said, milliseconds) in [
            ("x-stainless-read-timeout", "600", 570_000),
            ("x-stainless-read-timeout", "600.0", 570_000),
            ("x-stainless-read-timeout", "100.5", 90_500),
            ("x-stainless-timeout", "20", 15_000),
            ("x-stainless-timeout", "1e300", 570_000),
            ("x-stainless-timeout", "-1", 570_000),
            ("x-stainless-timeout", "None", 570_000),
            ("x-another", "20", 570_000),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HeaderName::from_static(header), HeaderValue::from_static(said));

            assert_eq!(patience(&headers), Duration::from_millis(milliseconds), "{header}: {said}");
        }
    }
}
