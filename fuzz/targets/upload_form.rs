//! A form of anybody's, with the boundary `XX`.

#![no_main]

use darkroom_api::fuzzing::upload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    assert!(
        upload("multipart/form-data; boundary=XX", data).is_some(),
        "there is nothing to read it with"
    );
});
