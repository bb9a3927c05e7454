//! The colours that a prompt's words ask for.

/// The colour a prompt asks for.
pub(crate) struct Mood {
    /// Degrees; `None` leaves it to chance.
    pub(crate) hue: Option<u16>,
    /// Of 255.
    pub(crate) saturation: u8,
    pub(crate) dark: bool,
}

const HUES: &[(&str, u16)] = &[
    ("red", 2),
    ("fire", 12),
    ("sunset", 18),
    ("autumn", 24),
    ("orange", 28),
    ("warm", 32),
    ("vintage", 36),
    ("sepia", 36),
    ("desert", 38),
    ("gold", 44),
    ("yellow", 50),
    ("spring", 96),
    ("forest", 128),
    ("green", 130),
    ("jungle", 140),
    ("teal", 178),
    ("ocean", 192),
    ("sea", 194),
    ("ice", 200),
    ("snow", 204),
    ("winter", 206),
    ("cold", 210),
    ("rain", 214),
    ("blue", 220),
    ("night", 232),
    ("purple", 276),
    ("violet", 272),
    ("neon", 304),
    ("pink", 330),
    ("rose", 344),
];

const GREYS: &[&str] = &["monochrome", "grey", "gray", "noir", "black-and-white"];
const FADED: &[&str] = &["sepia", "vintage", "film", "faded", "snow", "winter", "pastel"];
const DARK: &[&str] = &["night", "noir", "dark", "midnight", "storm"];

impl Mood {
    /// Reads a prompt; the first word that names a hue decides on it.
    pub(crate) fn of(prompt: &str) -> Self {
        let prompt = prompt.to_lowercase().replace("black and white", "black-and-white");
        let words: Vec<&str> =
            prompt.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
        let says = |list: &[&str]| words.iter().any(|word| list.contains(word));
        let hue = |word: &&str| {
            let of_the_word = HUES.iter().find(|(name, _)| is_form_of(word, name));
            of_the_word.map(|(_, hue)| *hue)
        };
        Self {
            hue: words.iter().find_map(hue),
            saturation: if says(GREYS) {
                0
            } else if says(FADED) {
                96
            } else {
                190
            },
            dark: says(DARK),
        }
    }
}

/// `golden`, `rainy` and `reds` are forms of `gold`, `rain` and `red`.
fn is_form_of(word: &str, name: &str) -> bool {
    word.strip_prefix(name).is_some_and(|rest| ["", "s", "y", "en", "ish"].contains(&rest))
}

#[cfg(test)]
mod tests {
    use super::Mood;

    #[test]
    fn a_prompt_may_name_its_colours() {
        assert_eq!(Mood::of("Make it a rainy street").hue, Some(214));
        assert_eq!(Mood::of("golden light, then blue").hue, Some(44));
        assert_eq!(Mood::of("a bored cat").hue, None);
        assert_eq!(Mood::of("in black and white").saturation, 0);
        assert!(Mood::of("At midnight").dark);
    }
}
