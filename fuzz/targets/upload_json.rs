//! A JSON body of anybody's.

#![no_main]

use darkroom_api::fuzzing::upload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    assert!(upload("application/json", data).is_some(), "there is nothing to read it with");
});
