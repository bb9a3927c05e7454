//! A form of anybody's, with the boundary `XX`.

#![no_main]

use darkroom_api::fuzzing::upload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    upload("multipart/form-data; boundary=XX", data);
});
