//! A page of fal's list of requests: what is found there can be asked for.

#![no_main]

use darkroom_core::fuzzing::listed;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some(request_id) = listed(data, "https://v3.fal.media/a") else { return };
    assert!(
        request_id.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#%".contains(&byte)),
        "{request_id} leads elsewhere"
    );
});
