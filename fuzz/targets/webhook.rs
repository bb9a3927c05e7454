//! A webhook of anybody's: keys, headers and body, with a zero byte after each but the last.

#![no_main]

use std::str;

use darkroom_core::{
    fal::WebhookHeaders,
    fuzzing::{notice, webhook_is_genuine},
};
use libfuzzer_sys::fuzz_target;

/// When the genuine seed was signed, in Unix seconds.
const NOW: i64 = 1_790_000_000;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(6, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let keys = part();
    let mut text = || str::from_utf8(part()).unwrap_or_default();
    let headers = WebhookHeaders {
        request_id: text(),
        user_id: text(),
        timestamp: text(),
        signature: text(),
    };
    let body = part();

    notice(body);
    if webhook_is_genuine(keys, &headers, body, NOW) {
        let longer = [body, b" "].concat();
        assert!(!webhook_is_genuine(keys, &headers, &longer, NOW), "any body is genuine");
        assert!(!webhook_is_genuine(keys, &headers, body, NOW + 601), "it is genuine for ever");
    }
});
