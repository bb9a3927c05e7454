//! Signs webhooks: Ed25519 over ids, time and a hash of the body
//! (fal docs: webhooks, signature).

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::clock;
use crate::state::State;

/// The only user of this stand-in.
const USER_ID: &str = "darkroom-sim-user";

/// A header of a webhook.
type Header = (&'static str, String);

/// The key of this stand-in, and one for forged signatures.
pub(crate) struct Keys {
    own: Ed25519KeyPair,
    forged: Ed25519KeyPair,
}

impl Keys {
    /// Makes the keys, or reads its own from a state.
    pub(crate) fn open(state: Option<&State>) -> io::Result<Self> {
        let own = match state {
            Some(state) => state.webhook_key(generate)?,
            None => generate()?,
        };
        Ok(Self { own: read(&own)?, forged: read(&generate()?)? })
    }

    /// The public key, in base64url with padding, as it was seen in fal's own key set.
    pub(crate) fn jwks(&self) -> Value {
        let x = URL_SAFE.encode(self.own.public_key());
        json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "x": x}]})
    }

    /// The headers of a webhook, with a timestamp this many seconds from now.
    pub(super) fn sign(&self, id: Uuid, from_now: i64, body: &[u8]) -> [Header; 4] {
        sign(&self.own, id, from_now, body)
    }

    /// The same headers, signed with another key.
    pub(super) fn forge(&self, id: Uuid, body: &[u8]) -> [Header; 4] {
        sign(&self.forged, id, 0, body)
    }
}

/// A new key, as PKCS#8.
fn generate() -> io::Result<Vec<u8>> {
    Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
        .map(|document| document.as_ref().to_vec())
        .map_err(|error| io::Error::other(error.to_string()))
}

fn read(key: &[u8]) -> io::Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8(key).map_err(|error| io::Error::other(error.to_string()))
}

fn sign(key: &Ed25519KeyPair, id: Uuid, from_now: i64, body: &[u8]) -> [Header; 4] {
    let timestamp = clock::now().unix_timestamp() + from_now;
    let message = format!("{id}\n{USER_ID}\n{timestamp}\n{}", hex(&Sha256::digest(body)));
    let signature = key.sign(message.as_bytes());
    [
        ("X-Fal-Webhook-Request-Id", id.to_string()),
        ("X-Fal-Webhook-User-Id", USER_ID.to_owned()),
        ("X-Fal-Webhook-Timestamp", timestamp.to_string()),
        ("X-Fal-Webhook-Signature", hex(signature.as_ref())),
    ]
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}
