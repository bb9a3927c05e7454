//! Tags of submissions: fal silently drops those it does not take, so they are checked here
//! (source: fal-js, `headers.ts`).

use std::{collections::HashSet, fmt, str::FromStr};

const MOST_TAGS: usize = 10;
const LONGEST_KEY: usize = 64;
const LONGEST_VALUE: usize = 256;
const LONGEST_TEXT: usize = 1024;

/// The prefix that fal reserves for its own tags.
const RESERVED: &str = "fal.";

/// `key=value` pairs separated by commas, all of which fal takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tags(String);

/// Why fal would not take a tag. The tag itself is not shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TagsProblem {
    /// Not `key=value`.
    #[error("every tag must look like key=value")]
    NoPair,
    /// A key with a character that is not allowed, with none, or with too many.
    #[error("a key must have 1 to {LONGEST_KEY} of a-z, 0-9, '.', '_' and '-'")]
    Key,
    /// A key that is reserved for fal.
    #[error("keys that start with {RESERVED} are fal's own")]
    Reserved,
    /// A key that is there already.
    #[error("each key may be there once")]
    Twice,
    /// A value with characters that a header cannot hold, with none, or with too many.
    #[error("a value must have 1 to {LONGEST_VALUE} printable ASCII characters")]
    Value,
    /// Too many pairs.
    #[error("there may be at most {MOST_TAGS} tags")]
    TooMany,
    /// Too much in all.
    #[error("all tags together may have at most {LONGEST_TEXT} characters")]
    TooLong,
}

impl Tags {
    /// The text as it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tags {
    type Err = TagsProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut keys = HashSet::new();
        let mut pairs = Vec::new();
        for pair in text.split(',').map(str::trim) {
            let (key, value) = pair.split_once('=').ok_or(TagsProblem::NoPair)?;
            check(key, value)?;
            if !keys.insert(key) {
                return Err(TagsProblem::Twice);
            }
            pairs.push(pair);
        }
        let text = pairs.join(",");
        if pairs.len() > MOST_TAGS {
            Err(TagsProblem::TooMany)
        } else if text.len() > LONGEST_TEXT {
            Err(TagsProblem::TooLong)
        } else {
            Ok(Self(text))
        }
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn check(key: &str, value: &str) -> Result<(), TagsProblem> {
    let in_key = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    let in_value = |byte: u8| matches!(byte, b' '..=b'~');
    if !(1..=LONGEST_KEY).contains(&key.len()) || !key.bytes().all(in_key) {
        Err(TagsProblem::Key)
    } else if key.starts_with(RESERVED) {
        Err(TagsProblem::Reserved)
    } else if !(1..=LONGEST_VALUE).contains(&value.len()) || !value.bytes().all(in_value) {
        Err(TagsProblem::Value)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_tags_are_sent_as_they_are_without_the_spaces_between() {
        let tags: Tags = "team=photos, env=prod,ratio=a=b".parse().unwrap();

        assert_eq!(tags.as_str(), "team=photos,env=prod,ratio=a=b");
    }

    #[test]
    fn every_tag_that_fal_would_drop_is_refused() {
        let many: Vec<String> = (0..11).map(|n| format!("k{n}=v")).collect();
        let long: Vec<String> = (0..5).map(|n| format!("k{n}={}", "v".repeat(250))).collect();
        for (text, problem) in [
            ("team", TagsProblem::NoPair),
            ("team=photos,", TagsProblem::NoPair),
            ("Team=photos", TagsProblem::Key),
            ("=photos", TagsProblem::Key),
            (&format!("{}=v", "k".repeat(65)), TagsProblem::Key),
            ("fal.team=photos", TagsProblem::Reserved),
            ("team=a,team=b", TagsProblem::Twice),
            ("team=", TagsProblem::Value),
            ("team=größer", TagsProblem::Value),
            (&format!("k={}", "v".repeat(257)), TagsProblem::Value),
            (&many.join(","), TagsProblem::TooMany),
            (&long.join(","), TagsProblem::TooLong),
        ] {
            assert_eq!(text.parse::<Tags>(), Err(problem), "{text}");
        }
    }
}
