//! Pixels in memory, eight bits a channel.

/// A decoded picture.
#[derive(Debug)]
pub(super) struct Pixels {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) kind: Kind,
    /// Row by row from the top, channels side by side.
    pub(super) data: Vec<u8>,
}

/// What the channels of a pixel are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// One channel.
    Grey,
    /// Grey and alpha, not premultiplied.
    GreyAlpha,
    /// Red, green, blue.
    Rgb,
    /// Red, green, blue and alpha, not premultiplied.
    Rgba,
    /// Inks: cyan, magenta, yellow, black; 255 is full ink.
    Cmyk,
}

impl Kind {
    /// Bytes of a pixel.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }

    /// Whether the last channel is transparency.
    pub(super) fn has_alpha(self) -> bool {
        matches!(self, Self::GreyAlpha | Self::Rgba)
    }
}

impl Pixels {
    /// Drops the alpha channel of a picture without a transparent pixel.
    pub(super) fn without_idle_alpha(self) -> Self {
        let (pixels, _) = self.data.as_chunks::<4>();
        if self.kind != Kind::Rgba || pixels.iter().any(|[.., alpha]| *alpha < u8::MAX) {
            return self;
        }
        let data = pixels.iter().flat_map(|[red, green, blue, _]| [*red, *green, *blue]).collect();
        Self { kind: Kind::Rgb, data, ..self }
    }
}
