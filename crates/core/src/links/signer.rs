//! Signs what a link leads to and when it expires (HMAC-SHA-256), and recognises what it signed.

use std::{str::FromStr, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use secrecy::{ExposeSecret, SecretSlice};

use super::{LinkSignature, Linked};

/// Characters of the shortest secret; a shorter one could be guessed.
const SHORTEST: usize = 32;

/// Secrets that links are signed with: the first signs; links signed with the second, which it replaces, still hold.
#[derive(Clone, Debug)]
pub struct LinkSecrets(Vec<SecretSlice<u8>>);

/// A text that holds no secrets. It is not shown, because it may be close to one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "must have at least 32 characters; or be two of these with a space between, of which the first signs"
)]
pub struct LinkSecretsProblem;

/// Signs links, and recognises them.
#[derive(Clone, Debug)]
pub(super) struct Signer {
    keys: Vec<hmac::Key>,
    /// The least seconds that a link holds.
    lifetime: u64,
}

impl Signer {
    /// Links hold for `lifetime` at least, and for at most twice as long.
    pub(super) fn new(secrets: &LinkSecrets, lifetime: Duration) -> Self {
        Self::of(&secrets.0, lifetime)
    }

    pub(super) fn of(secrets: &[SecretSlice<u8>], lifetime: Duration) -> Self {
        let key =
            |secret: &SecretSlice<u8>| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret());
        Self { keys: secrets.iter().map(key).collect(), lifetime: lifetime.as_secs().max(1) }
    }

    /// When links expire that are written at `now`. It is the same moment for a whole `lifetime`: if links changed each
    /// second, so would the answers that hold them.
    pub(super) fn expiry(&self, now: u64) -> u64 {
        (now / self.lifetime).saturating_add(2).saturating_mul(self.lifetime)
    }

    pub(super) fn sign(&self, linked: Linked, expires: u64) -> String {
        let message = linked.message(expires);
        let sign = |key| URL_SAFE_NO_PAD.encode(hmac::sign(key, message.as_bytes()));
        self.keys.first().map(sign).unwrap_or_default()
    }

    /// Whether we signed a link to this; compared in constant time. Its expiry is not looked at.
    pub(super) fn is_authentic(&self, linked: Linked, signature: &LinkSignature) -> bool {
        let LinkSignature { expires, signature } = signature;
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        let message = linked.message(*expires);
        self.keys.iter().any(|key| hmac::verify(key, message.as_bytes(), &signature).is_ok())
    }
}

impl FromStr for LinkSecrets {
    type Err = LinkSecretsProblem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let secrets: Vec<&str> = text.split_whitespace().collect();
        let are_long = secrets.iter().all(|secret| secret.chars().count() >= SHORTEST);
        if matches!(secrets.len(), 1 | 2) && are_long {
            Ok(Self(secrets.into_iter().map(|secret| secret.as_bytes().to_vec().into()).collect()))
        } else {
            Err(LinkSecretsProblem)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{
        super::{Links, Signing},
        *,
    };
    use crate::{job::JobId, store::ImageId};

    fn signer(secrets: &str) -> Signer {
        Signer::new(&secrets.parse().unwrap(), Duration::from_hours(1))
    }

    fn image(number: u128) -> ImageId {
        ImageId(Uuid::from_u128(number))
    }

    fn links(base: &str, signer: Signer) -> Links {
        let expires = signer.expiry(10_000);
        let signing = Signing { signer: signer.into(), expires, latest: u64::MAX };
        Links { base: base.into(), signing: Some(signing) }
    }

    fn signature(link: &str) -> LinkSignature {
        let (_, query) = link.split_once("expires=").unwrap();
        let (expires, signature) = query.split_once("&signature=").unwrap();
        LinkSignature { expires: expires.parse().unwrap(), signature: signature.to_owned() }
    }

    #[test]
    fn a_link_is_recognised_for_its_own_image_moment_and_secret_only() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let link = links("http://x", signer(&old)).thumbnail(image(1));
        let known = signature(&link);
        let one = Linked::Image(image(1));

        assert!(link.starts_with(&format!("http://x/api/images/{}?w=320&expires=", image(1))));
        assert!(signer(&old).is_authentic(one, &known));
        assert!(!signer(&old).is_authentic(Linked::Image(image(2)), &known));
        let later = LinkSignature { expires: known.expires + 1, ..known.clone() };
        assert!(!signer(&old).is_authentic(one, &later));
        assert!(!signer(&new).is_authentic(one, &known));
        for other in ["", "é", "AAAA", &known.signature[1..]] {
            let other = LinkSignature { signature: other.to_owned(), ..known.clone() };
            assert!(!signer(&old).is_authentic(one, &other), "{other:?}");
        }
    }

    #[test]
    fn a_link_to_the_events_of_a_job_opens_them_alone_though_an_image_had_its_id() {
        let secret = "a".repeat(32);
        let (job, image) = (JobId(Uuid::from_u128(1)), image(1));
        let links = links("http://x", signer(&secret));
        let (events, picture) = (links.events(job), links.image(image));
        let opens = |linked, link: &str| signer(&secret).is_authentic(linked, &signature(link));

        assert!(events.starts_with(&format!("http://x/api/jobs/{job}/events?expires=")));
        assert!(opens(Linked::Events(job), &events));
        assert!(!opens(Linked::Events(JobId(Uuid::from_u128(2))), &events));
        assert!(!opens(Linked::Image(image), &events));
        assert!(!opens(Linked::Events(job), &picture));
    }

    #[test]
    fn the_old_secret_holds_while_the_new_one_signs() {
        let (old, new) = ("a".repeat(32), "b".repeat(32));
        let both = signer(&format!("{new} {old}"));
        let one = Linked::Image(image(1));
        let signed_by = |signer: Signer| signature(&links("", signer).image(image(1)));

        assert!(both.is_authentic(one, &signed_by(signer(&old))));
        let new_one = signed_by(both);
        assert!(signer(&new).is_authentic(one, &new_one));
        assert!(!signer(&old).is_authentic(one, &new_one));
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
    fn links_that_are_renewed_expire_later_but_not_later_than_they_may() {
        let mut links = links("", signer(&"a".repeat(32)));
        let expiry = |links: &Links| signature(&links.events(JobId(Uuid::nil()))).expires;

        assert_eq!(expiry(&links), 14_400);
        links.renew_at(20_000);
        assert_eq!(expiry(&links), 25_200);
        let mut links = links.until(15_000);
        assert_eq!(expiry(&links), 15_000);
        links.renew_at(30_000);
        assert_eq!(expiry(&links), 15_000);
    }

    #[test]
    fn what_can_be_guessed_is_no_secret() {
        let two = ["a".repeat(32), "b".into()].join(" ");
        // The last has 32 bytes.
        for wrong in ["", "short", &"a".repeat(31), &two, &"é".repeat(16)] {
            assert_eq!(wrong.parse::<LinkSecrets>().unwrap_err(), LinkSecretsProblem);
        }
        let shown = format!("{:?}", "hunter2".repeat(5).parse::<LinkSecrets>());
        assert!(!shown.contains("hunter2") && !shown.contains("104, 117"), "{shown}");
    }
}
