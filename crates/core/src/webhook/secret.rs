//! What deliveries are signed with, and receivers verify with.

use std::str::FromStr;

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretSlice, SecretString};

use crate::{
    db::{Error, Pool},
    store,
};

/// What a secret's text begins with (source: the Standard Webhooks specification).
const PREFIX: &str = "whsec_";

/// Lengths that a secret may have, in bytes (source: the Standard Webhooks specification).
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Name of the secret that all replicas share where none is configured.
const STORED: &str = "webhook_out";

/// Secrets that each delivery is signed with: one, or two while one replaces the other.
#[derive(Clone, Debug)]
pub struct Secrets(Vec<SecretSlice<u8>>);

/// A text that holds no secrets. It is not shown, because it may be close to one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("must be whsec_ and base64 of 24 to 64 bytes; or two of these, with a space between")]
pub struct SecretProblem;

impl Secrets {
    /// The configured ones, or the one that all replicas share, made by the first of them that needs it.
    pub async fn load(configured: Option<&Self>, pool: &Pool) -> Result<Self, Error> {
        match configured {
            Some(configured) => Ok(configured.clone()),
            None => Ok(Self(vec![store::secret(pool, STORED).await?])),
        }
    }

    /// The secrets in the form that receivers take, in order.
    pub fn texts(&self) -> Vec<SecretString> {
        let text = |key: &SecretSlice<u8>| {
            format!("{PREFIX}{}", STANDARD.encode(key.expose_secret())).into()
        };
        self.0.iter().map(text).collect()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(ExposeSecret::expose_secret)
    }
}

impl FromStr for Secrets {
    type Err = SecretProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let secrets: Vec<_> = text.split_whitespace().map(parse).collect::<Result<_, _>>()?;
        if matches!(secrets.len(), 1 | 2) { Ok(Self(secrets)) } else { Err(SecretProblem) }
    }
}

fn parse(text: &str) -> Result<SecretSlice<u8>, SecretProblem> {
    let encoded = text.strip_prefix(PREFIX).ok_or(SecretProblem)?;
    let key = STANDARD.decode(encoded).map_err(|_malformed| SecretProblem)?;
    if LENGTHS.contains(&key.len()) { Ok(key.into()) } else { Err(SecretProblem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: usize) -> String {
        format!("whsec_{}", STANDARD.encode(vec![7; bytes]))
    }

    #[test]
    fn one_or_two_secrets_are_read_and_shown_as_they_were_written() {
        let two = format!("{} {}", text(24), text(64));
        for written in [text(32), two] {
            let secrets: Secrets = written.parse().unwrap();
            let shown: Vec<String> =
                secrets.texts().iter().map(|text| text.expose_secret().to_owned()).collect();
            assert_eq!(shown.join(" "), written);
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_repeated() {
        let three = [text(32), text(32), text(32)].join(" ");
        let no_prefix = STANDARD.encode([7; 32]);
        for wrong in ["", "whsec_", "whsec_!", &text(23), &text(65), &three, &no_prefix] {
            assert_eq!(wrong.parse::<Secrets>().unwrap_err(), SecretProblem, "{wrong}");
        }
        assert!(!format!("{:?}", text(32).parse::<Secrets>()).contains(&STANDARD.encode([7; 3])));
    }
}
