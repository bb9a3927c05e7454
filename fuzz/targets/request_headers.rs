//! Headers that say what is wanted, a line each; and a file of some length.

#![no_main]

use std::str;

use darkroom_api::fuzzing::headers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((length, lines)) = data.split_first() else { return };
    let Ok(lines) = str::from_utf8(lines) else { return };
    let lines: Vec<_> = lines.lines().filter_map(|line| line.split_once(": ")).collect();
    headers(&lines, u64::from(*length) << 4);
});
