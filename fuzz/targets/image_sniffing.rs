//! A picture of anybody's: what is looked at without decoding, and what is decoded after that.

#![no_main]

use darkroom_core::images::{Fit, inspect, prepare};
use libfuzzer_sys::{Corpus, fuzz_target};

/// Decoding more only takes longer.
const MAX_PIXELS: u64 = 65_536;

/// Small enough that pictures are scaled down and encoded again, too.
const FIT: Fit = Fit { max_side: 128, max_bytes: 8_192 };

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(picture) = inspect(data, MAX_PIXELS) else {
        return Corpus::Keep;
    };
    let (width, height) = (u64::from(picture.width), u64::from(picture.height));
    assert!((1..=MAX_PIXELS).contains(&(width * height)), "{width} x {height}");
    if let Ok(prepared) = prepare(&data.to_vec().into(), MAX_PIXELS, FIT) {
        // What is handed on is a picture that is taken in turn.
        let again = inspect(&prepared.data, MAX_PIXELS).expect("what was made is whole");
        assert_eq!(again.media_type, prepared.media_type);
        assert_eq!((again.width, again.height), (prepared.width, prepared.height));
    }
    Corpus::Keep
});
