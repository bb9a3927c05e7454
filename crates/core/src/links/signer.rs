//! Signs an image's id and a moment (HMAC-SHA-256), and tells whether it did.

use std::{str::FromStr, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};

use crate::store::ImageId;

/// Less can be guessed.
const SHORTEST: usize = 32;

/// Secrets that links are signed with: the first signs; links of the second, which it took the place of, still hold.
#[derive(Clone, Debug)]
pub struct LinkSecrets(Vec<SecretSlice<u8>>);

/// A text that holds no secrets. It is not repeated: it may be close to one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "must have at least 32 characters; or be two of these, the new one first, with a space between"
)]
pub struct LinkSecretsProblem;

/// Signs links, and recognises them.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    keys: Vec<hmac::Key>,
    /// Seconds that a link holds at least.
    lifetime: u64,
}

impl Signer {
    /// Links hold for `lifetime` at least, and for less than twice as long.
    pub(super) fn new(secrets: &LinkSecrets, lifetime: Duration) -> Self {
        Self::of(&secrets.0, lifetime)
    }

    pub(super) fn of(secrets: &[SecretSlice<u8>], lifetime: Duration) -> Self {
        let key =
            |secret: &SecretSlice<u8>| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret());
        Self { keys: secrets.iter().map(key).collect(), lifetime: lifetime.as_secs().max(1) }
    }

    /// When links end that are written now. The same for a whole stretch of time: an answer whose links changed each
    /// second would be another one each second.
    pub(super) fn expiry(&self, now: u64) -> u64 {
        (now / self.lifetime).saturating_add(2).saturating_mul(self.lifetime)
    }

    pub(super) fn sign(&self, image: ImageId, expires: u64) -> String {
        let sign = |key| URL_SAFE_NO_PAD.encode(hmac::sign(key, &message(image, expires)));
        self.keys.first().map(sign).unwrap_or_default()
    }

    /// Whether a link to this image is ours; compared in constant time. Whether it has expired is another question.
    pub(super) fn is_authentic(&self, image: ImageId, expires: u64, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let message = message(image, expires);
        self.keys.iter().any(|key| hmac::verify(key, &message, &signature).is_ok())
    }
}

fn message(image: ImageId, expires: u64) -> Vec<u8> {
    format!("{image}\n{expires}").into_bytes()
}

impl FromStr for LinkSecrets {
    type Err = LinkSecretsProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let secrets: Vec<&str> = text.split_whitespace().collect();
        let are_long = secrets.iter().all(|secret| secret.len() >= SHORTEST);
        if matches!(secrets.len(), 1 | 2) && are_long {
            Ok(Self(secrets.into_iter().map(|secret| secret.as_bytes().to_vec().into()).collect()))
        } else {
            Err(LinkSecretsProblem)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Links, *};

    fn signer(secrets: &str) -> Signer {
        Signer::new(&secrets.parse().unwrap(), Duration::from_hours(1))
    }

    fn image(number: u128) -> ImageId {
        ImageId(uuid::Uuid::from_u128(number))
    }

    fn links(base: &str, signer: Signer) -> Links {
        let expires = signer.expiry(10_000);
        Links { base: base.into(), signing: Some((signer.into(), expires)) }
    }

    /// Moment and signature of a link.
    fn parts(link: &str) -> (u64, String) {
        let (_, query) = link.split_once("expires=").unwrap();
        let (expires, signature) = query.split_once("&signature=").unwrap();
        (expires.parse().unwrap(), signature.to_owned())
    }

    #[test]
    fn a_link_is_recognised_for_its_own_image_moment_and_secret_only() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let link = links("http://x", signer(&old)).thumbnail(image(1));
        let (expires, signature) = parts(&link);

        assert!(link.starts_with(&format!("http://x/api/images/{}?w=320&expires=", image(1))));
        assert!(signer(&old).is_authentic(image(1), expires, &signature));
        assert!(!signer(&old).is_authentic(image(2), expires, &signature));
        assert!(!signer(&old).is_authentic(image(1), expires + 1, &signature));
        assert!(!signer(&new).is_authentic(image(1), expires, &signature));
        for other in ["", "é", "AAAA", &signature[1..]] {
            assert!(!signer(&old).is_authentic(image(1), expires, other), "{other}");
        }
    }

    #[test]
    fn the_old_secret_holds_while_the_new_one_signs() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let both = signer(&format!("{new} {old}"));
        let signed_by = |signer: Signer| parts(&links("", signer).image(image(1)));

        let (expires, signature) = signed_by(signer(&old));
        assert!(both.is_authentic(image(1), expires, &signature));
        let (expires, signature) = signed_by(both);
        assert!(signer(&new).is_authentic(image(1), expires, &signature));
        assert!(!signer(&old).is_authentic(image(1), expires, &signature));
    }

    #[test]
    fn links_hold_for_as_long_as_they_must_and_are_the_same_for_a_while() {
        let signer = signer(&"a".repeat(32));
        for now in [0, 1, 3_599, 3_600, 1_800_000_000] {
            let holds = signer.expiry(now) - now;
            assert!((3_600..=7_200).contains(&holds), "{now}: {holds}");
        }
        assert_eq!(signer.expiry(3_600), signer.expiry(7_199));
    }

    #[test]
    fn what_can_be_guessed_is_no_secret() {
        for wrong in ["", "short", &"a".repeat(31), &["a".repeat(32), "b".into()].join(" ")] {
            assert_eq!(wrong.parse::<LinkSecrets>().unwrap_err(), LinkSecretsProblem);
        }
        let shown = format!("{:?}", "hunter2".repeat(5).parse::<LinkSecrets>());
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }
}
