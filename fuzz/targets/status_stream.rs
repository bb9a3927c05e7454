//! A status stream in any pieces. The first byte says how many of the next are sizes of pieces.

#![no_main]

use darkroom_core::fuzzing::reports;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((count, rest)) = data.split_first() else { return };
    let (sizes, stream) = rest.split_at(usize::from(*count % 16).min(rest.len()));
    let whole = reports(&[stream]);
    assert_eq!(reports(&pieces(sizes, stream)), whole, "it matters how the bytes come");
});

fn pieces<'a>(sizes: &[u8], mut stream: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle().take(stream.len()) {
        let (piece, rest) = stream.split_at(usize::from(*size).min(stream.len()));
        pieces.push(piece);
        stream = rest;
    }
    pieces.push(stream);
    pieces
}
