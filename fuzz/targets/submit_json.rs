//! The answer to a submission: whatever is in it, the key goes to fal alone.

#![no_main]

use darkroom_core::{config::LIVE_QUEUE_URL, fuzzing::submission};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(submission) = submission(data) else { return };
    for url in [&submission.status_url, &submission.response_url, &submission.cancel_url] {
        assert!(url.as_str().starts_with(LIVE_QUEUE_URL), "{url} is somebody else's");
    }
});
