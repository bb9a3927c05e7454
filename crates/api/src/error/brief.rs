//! Keeps refusals brief, although they quote what was sent.

use std::fmt::{self, Display, Write};

/// Writes a value out, and cuts it off after this many bytes.
pub(super) fn brief(value: impl Display, most: usize) -> String {
    let mut brief = Brief { text: String::new(), most };
    if write!(brief, "{value}").is_err() {
        brief.text.push('…');
    }
    brief.text
}

/// A text that fails to grow beyond its bound, so that the rest of a long value is not written at all.
struct Brief {
    text: String,
    most: usize,
}

impl Write for Brief {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most - self.text.len();
        let (kept, rest) = text.split_at(text.floor_char_boundary(room));
        self.text.push_str(kept);
        if rest.is_empty() { Ok(()) } else { Err(fmt::Error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_is_cut_off_between_two_characters() {
        assert_eq!(brief("seven", 5), "seven");
        assert_eq!(brief("eleven", 5), "eleve…");
        assert_eq!(brief("éé", 3), "é…");
        assert_eq!(brief(format_args!("{}{}", "ab", "cd"), 3), "abc…");
        assert_eq!(brief(format_args!("{}{}", "ab", "cd"), 2), "ab…");
    }
}
