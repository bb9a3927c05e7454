//! A form of OpenAI's clients, with the boundary `XX`.

#![no_main]

use darkroom_api::fuzzing::openai_form;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    assert!(
        openai_form("multipart/form-data; boundary=XX", data).is_some(),
        "there is nothing to read it with"
    );
});
