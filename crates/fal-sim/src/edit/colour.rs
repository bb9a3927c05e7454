//! Colours, in whole numbers so that every machine mixes them alike.

/// Red, green and blue.
pub(crate) type Colour = [u8; 3];

/// A colour from its hue in degrees, and its saturation and lightness, both of 255.
pub(crate) fn hsl(hue: u16, saturation: u8, lightness: u8) -> Colour {
    let hue = i32::from(hue % 360);
    let (saturation, lightness) = (i32::from(saturation), i32::from(lightness));
    let chroma = (255 - (2 * lightness - 255).abs()) * saturation / 255;
    let second = chroma * (60 - (hue % 120 - 60).abs()) / 60;
    let base = lightness - chroma / 2;
    let (red, green, blue) = match hue / 60 {
        0 => (chroma, second, 0),
        1 => (second, chroma, 0),
        2 => (0, chroma, second),
        3 => (0, second, chroma),
        4 => (second, 0, chroma),
        _ => (chroma, 0, second),
    };
    [level(base + red), level(base + green), level(base + blue)]
}

/// A number as a colour level, clamped at both ends.
pub(crate) fn level(number: i32) -> u8 {
    u8::try_from(number.clamp(0, 255)).unwrap_or(u8::MAX)
}

/// Mixes two levels: `part` / 256 of the way from one to the other.
pub(crate) fn mix_level(from: u8, to: u8, part: i32) -> u8 {
    let (from, to) = (i32::from(from), i32::from(to));
    level((from * (256 - part) + to * part) >> 8)
}

/// Mixes two colours: `part` / 256 of the way from one to the other.
pub(crate) fn mix([r, g, b]: Colour, [to_r, to_g, to_b]: Colour, part: i32) -> Colour {
    [mix_level(r, to_r, part), mix_level(g, to_g, part), mix_level(b, to_b, part)]
}
