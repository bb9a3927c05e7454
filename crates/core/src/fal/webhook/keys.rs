//! fal's public keys, as a JSON Web Key Set (source: fal's page on webhooks; RFC 8037).

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;

use crate::fal::malformed::{Malformed, hint, hints, parse};

/// The most keys that are read, as each may be tried on each webhook; fal has one or two.
const MOST_KEYS: usize = 32;

const KEY_BYTES: usize = 32;

/// Takes keys with and without padding: fal's were seen with it, and the standard has none.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Keys that fal's webhooks may be signed with; at least one.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Keys(Vec<[u8; KEY_BYTES]>);

#[derive(Deserialize)]
struct KeySet {
    #[serde(deserialize_with = "hints")]
    keys: Vec<Option<Key>>,
}

#[derive(Deserialize)]
struct Key {
    #[serde(default, rename = "kty", deserialize_with = "hint")]
    family: Option<String>,
    #[serde(default, rename = "crv", deserialize_with = "hint")]
    curve: Option<String>,
    x: String,
}

impl Keys {
    /// Reads a key set. Keys of other kinds are left out.
    pub(crate) fn read(json: &[u8]) -> Result<Self, Malformed> {
        let set: KeySet = parse(json)?;
        let keys: Vec<_> =
            set.keys.into_iter().flatten().filter_map(Key::bytes).take(MOST_KEYS).collect();
        if keys.is_empty() { Err(Malformed::Field("keys".into())) } else { Ok(Self(keys)) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8; KEY_BYTES]> {
        self.0.iter()
    }
}

impl Key {
    fn bytes(self) -> Option<[u8; KEY_BYTES]> {
        let is_ed25519 = self.family.is_none_or(|family| family == "OKP")
            && self.curve.is_none_or(|curve| curve == "Ed25519");
        let bytes = BASE64.decode(self.x.trim()).ok().filter(|_| is_ed25519)?;
        bytes.try_into().ok()
    }
}
