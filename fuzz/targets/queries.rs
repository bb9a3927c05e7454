//! The queries of the list, of the usage, and of a link to an image: nobody makes a signature that holds.

#![no_main]

use std::str;

use darkroom_api::fuzzing::{link_query, list_query, usage_query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(query) = str::from_utf8(data) else { return };
    list_query(query);
    usage_query(query);
    assert!(!link_query(query), "a guess opens an image");
});
