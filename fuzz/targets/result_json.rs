//! What a model made, or an error of any layout.

#![no_main]

use darkroom_core::fuzzing::{refusal, result};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(output) = result(data) {
        assert!(!output.images.is_empty(), "a result without pictures");
    }
    assert!(refusal(data).to_string().len() < 200, "an error says too much");
});
