//! The words below the picture: the prompt, and a note that the edit is simulated.

use super::canvas::{Area, Canvas};
use super::colour::mix;
use super::font;
use super::grade::Grade;

/// How many lines of a prompt are printed at most.
const MOST_LINES: usize = 3;

/// The height of a line of letters, in dots.
const LINE: u32 = 10;

/// The space between the prompt and the note, in dots.
const GAP: u32 = 4;

/// The words of a print and the room they take.
pub(crate) struct Caption {
    /// The width of the paper around the picture.
    pub(crate) margin: u32,
    /// The height of the paper below it.
    pub(crate) band: u32,
    height: u32,
    width: u32,
    lines: Vec<String>,
    note: String,
    /// How many pixels wide a dot of the prompt's letters is, and one of the note's.
    dot: u32,
    small_dot: u32,
}

impl Caption {
    /// Sets a prompt for a print of this size, in as many lines as fit.
    pub(crate) fn set(prompt: &str, seed: u64, (width, height): (u32, u32)) -> Self {
        let margin = (width.min(height) / 24).max(1);
        let dot = ((width + 150) / 330).max(1);
        let small_dot = (dot * 2 / 3).max(1);
        let room = width.saturating_sub(2 * margin) / (font::ADVANCE * dot);
        let mut lines = wrap(prompt, usize::try_from(room).unwrap_or(0).max(1));

        let band = |lines: &[String]| {
            let count = u32::try_from(lines.len()).unwrap_or(0);
            2 * margin + count * LINE * dot + (LINE + GAP) * small_dot
        };
        while band(&lines) > height / 2 && lines.len() > 1 {
            lines.pop();
        }
        Self {
            margin,
            band: band(&lines).min(height / 2).max(1),
            height,
            width,
            lines,
            note: format!("SIMULATED EDIT  SEED {seed}"),
            dot,
            small_dot,
        }
    }

    /// Prints the words into the band, and the grade's tones next to the note.
    pub(crate) fn print(&self, canvas: &mut Canvas, grade: &Grade) {
        let mut top = self.height.saturating_sub(self.band) + self.margin;
        for line in &self.lines {
            font::print(canvas, line, (self.margin, top), self.dot, grade.ink);
            top += LINE * self.dot;
        }
        top += GAP * self.small_dot;
        let faint = mix(grade.paper, grade.ink, 150);
        font::print(canvas, &self.note, (self.margin, top), self.small_dot, faint);

        let side = 7 * self.small_dot;
        let mut left = self.width.saturating_sub(self.margin);
        for swatch in grade.swatches().into_iter().rev() {
            left = left.saturating_sub(side);
            let (width, height) = (side, side);
            canvas.fill(Area { left, top, width, height }, swatch);
            left = left.saturating_sub(self.small_dot);
        }
    }
}

/// Breaks a text into lines of at most `room` letters, and ends a text that is too long with dots.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let word: String = word.chars().take(room).collect();
        let full = lines.len() == MOST_LINES;
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(&word);
            }
            Some(line) if full => {
                *line = line.chars().take(room.saturating_sub(3)).collect();
                line.push_str("...");
                break;
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn words_are_wrapped_and_what_is_over_is_dotted() {
        assert_eq!(wrap("make it a rainy night", 10), ["make it a", "rainy", "night"]);
        assert_eq!(wrap("one two three four five six", 7), ["one two", "three", "four..."]);
        assert!(wrap("", 10).is_empty());
    }
}
