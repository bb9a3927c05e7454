//! The key itself, as its holder sends it.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    error::Unspecified,
    rand::{SecureRandom, SystemRandom},
};
use secrecy::{ExposeSecret, SecretString};

use crate::store::{Sha256, sha256};

/// Bytes of randomness: too many to guess, so that a plain hash of a key is as good as a slow one.
const RANDOM_BYTES: usize = 32;

/// Characters of the whole: 32 bytes take 43 in Base64.
const LENGTH: usize = Token::MARK.len() + 43;

/// Characters that are kept: enough to tell all keys apart, and few enough to leave 208 bits unknown.
const PREFIX_LENGTH: usize = Token::MARK.len() + 8;

/// A key as its holder sends it.
#[derive(Clone)]
pub struct Token(SecretString);

/// SHA-256 of a key.
#[derive(Clone, Copy)]
pub struct Digest(Sha256);

/// A text that cannot be a key. It is not shown, because it may be one with a typing error.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an API key is dk_ and 43 letters, digits, - or _")]
pub struct Malformed;

impl Token {
    /// What each key begins with, so that it is recognised as one wherever it turns up.
    pub const MARK: &str = "dk_";

    /// Makes a new key. Fails where the machine has no randomness.
    pub fn generate() -> Result<Self, Unspecified> {
        let mut random = [0; RANDOM_BYTES];
        SystemRandom::new().fill(&mut random)?;
        Ok(Self(format!("{}{}", Self::MARK, URL_SAFE_NO_PAD.encode(random)).into()))
    }

    /// How it begins, which is no secret.
    pub fn prefix(&self) -> &str {
        self.0.expose_secret().get(..PREFIX_LENGTH).unwrap_or_default()
    }

    /// Its digest, which is kept in its place.
    pub fn digest(&self) -> Digest {
        Digest(sha256(self.0.expose_secret().as_bytes()))
    }

    /// The key itself, to be shown to its holder once.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl FromStr for Token {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let rest = text.strip_prefix(Self::MARK).ok_or(Malformed)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.len() == LENGTH && rest.bytes().all(fits) {
            Ok(Self(text.into()))
        } else {
            Err(Malformed)
        }
    }
}

impl Digest {
    /// The bytes that are kept.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads bytes that were kept; `None` where their number is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Whether both are of the same key; compared in constant time.
    pub fn is_same(&self, other: &Self) -> bool {
        constant_time_eq::constant_time_eq_32(&self.0, &other.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.prefix())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_another_and_is_read_as_it_is_shown() {
        let (one, other) = (Token::generate().unwrap(), Token::generate().unwrap());

        let read: Token = one.secret().expose_secret().parse().unwrap();

        assert_eq!(read.prefix(), one.prefix());
        assert!(read.digest().is_same(&one.digest()));
        assert_ne!(one.prefix(), other.prefix());
        assert!(!one.digest().is_same(&other.digest()));
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_and_nothing_shows_one() {
        let token = Token::generate().unwrap();
        let text = token.secret().expose_secret().to_owned();
        let (short, long) = (&text[..text.len() - 1], format!("{text}x"));
        let foreign = text.replace("dk_", "sk_");
        let strange = format!("dk_{}", "é".repeat(20));
        for wrong in ["", "dk_", short, &long, &foreign, &strange, &text.replace("dk_", "dk_ ")] {
            assert_eq!(wrong.parse::<Token>().unwrap_err(), Malformed, "{wrong}");
        }
        let shown = format!("{token:?} {:?}", token.digest());
        assert!(shown.contains(token.prefix()) && !shown.contains(&text[20..]), "{shown}");
    }
}
