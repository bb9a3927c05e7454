//! The grade of a print: how it changes the colours of the picture.

use super::Dice;
use super::colour::{Colour, hsl, level, mix};
use super::mood::Mood;

/// The colours of one print.
pub(crate) struct Grade {
    /// The colour of the frame and of the band below the picture.
    pub(crate) paper: Colour,
    /// The colour of the letters.
    pub(crate) ink: Colour,
    /// For each brightness, from dark to light: the colour that it is drawn to.
    tones: Vec<Colour>,
    /// For each level of the picture's own colours, from 0 to 255: its new level.
    curve: Vec<u8>,
    /// How far the colours are drawn to the tones; 256 is all the way.
    strength: i32,
    pub(crate) mirrored: bool,
    /// How much light the edges lose; 256 is all of it.
    pub(crate) vignette: i32,
}

impl Grade {
    /// Chooses by the prompt's words, and leaves the rest to the dice.
    pub(crate) fn choose(prompt: &str, dice: &Dice) -> Self {
        let mood = Mood::of(prompt);
        let hue = match mood.hue {
            // Another seed gives another shade of the colour that was asked for.
            Some(hue) => hue + 360 + dice.roll(0, 37) - 18,
            None => dice.roll(0, 360),
        };
        // How far the hue of the light tones is from that of the dark ones.
        let apart = dice.pick(1, [28, 60, 150, 180, 320]);
        let saturation = mood.saturation;
        let dim = if mood.dark { 40 } else { 0 };

        let shadow = hsl(hue, saturation, 28);
        let middle = hsl(hue + apart / 12, saturation, 136 - dim);
        let light = hsl(hue + apart, saturation / 4 * 3, 232 - dim);
        let dark_paper = mood.dark || dice.roll(2, 3) == 0;
        let (paper, ink) = if dark_paper {
            (hsl(hue, saturation / 6, 20), hsl(hue + apart, saturation / 3, 232))
        } else {
            (hsl(hue + apart, saturation / 4, 243), hsl(hue, saturation / 2, 34))
        };
        let steps = dice.pick(3, [0, 0, 0, 5, 7]);
        Self {
            paper,
            ink,
            tones: tones(shadow, middle, light, steps),
            curve: curve(steps),
            strength: 160 + i32::from(dice.roll(4, 80)),
            mirrored: dice.roll(5, 3) == 0,
            vignette: 30 + i32::from(dice.roll(6, 80)),
        }
    }

    /// The colour that a pixel gets, with `light` of 256 falling on it.
    ///
    /// The paper shows through transparent pixels.
    pub(crate) fn of(&self, [red, green, blue, alpha]: [u8; 4], light: i32) -> Colour {
        let brightness = (77 * u16::from(red) + 150 * u16::from(green) + 29 * u16::from(blue)) >> 8;
        let tone = self.tones.get(usize::from(brightness)).copied().unwrap_or(self.paper);
        let own = [self.curved(red), self.curved(green), self.curved(blue)];
        let graded = mix([0, 0, 0], mix(own, tone, self.strength), light);
        if alpha == u8::MAX {
            return graded;
        }
        mix(self.paper, graded, i32::from(alpha))
    }

    /// Three tones that represent the grade.
    pub(crate) fn swatches(&self) -> [Colour; 3] {
        [48, 128, 216].map(|tone| self.tones.get(tone).copied().unwrap_or(self.ink))
    }

    fn curved(&self, of: u8) -> u8 {
        self.curve.get(usize::from(of)).copied().unwrap_or(of)
    }
}

fn tones(shadow: Colour, middle: Colour, light: Colour, steps: i32) -> Vec<Colour> {
    let tone = |brightness: u8| {
        let at = i32::from(stepped(brightness, steps));
        if at < 128 { mix(shadow, middle, at * 2) } else { mix(middle, light, (at - 128) * 2) }
    };
    (0..=u8::MAX).map(tone).collect()
}

/// More contrast, and fewer levels when the grade has steps.
fn curve(steps: i32) -> Vec<u8> {
    let bent = |of: u8| {
        let at = i32::from(stepped(of, steps));
        // Halfway between a straight line and the smooth step 3x^2 - 2x^3.
        let smooth = at * at * (765 - 2 * at) / (255 * 255);
        level(i32::midpoint(at, smooth))
    };
    (0..=u8::MAX).map(bent).collect()
}

fn stepped(of: u8, steps: i32) -> u8 {
    if steps == 0 {
        return of;
    }
    level(i32::from(of) * steps / 256 * 255 / (steps - 1))
}
