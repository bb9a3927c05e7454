//! Whether a webhook was signed just now, with one of the given keys. Nothing here waits or fetches.

use ring::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};
use time::OffsetDateTime;

use super::Keys;

/// How far fal's clock and ours may be apart, either way (source: fal's page on webhooks).
const MAX_SKEW_SECONDS: u64 = 300;

const SIGNATURE_BYTES: usize = 64;

/// The longest id that is accepted; none of fal's is longer.
const MAX_ID_BYTES: usize = 256;

/// The headers of a webhook that count; each must be there.
#[derive(Clone, Copy, Debug)]
pub struct WebhookHeaders<'a> {
    /// `X-Fal-Webhook-Request-Id`
    pub request_id: &'a str,
    /// `X-Fal-Webhook-User-Id`
    pub user_id: &'a str,
    /// `X-Fal-Webhook-Timestamp`: Unix seconds.
    pub timestamp: &'a str,
    /// `X-Fal-Webhook-Signature`: of Ed25519, in hex.
    pub signature: &'a str,
}

/// Headers that are well-formed and recent.
pub(crate) struct Signed<'a> {
    headers: &'a WebhookHeaders<'a>,
    signature: [u8; SIGNATURE_BYTES],
}

impl<'a> Signed<'a> {
    /// `None` where fal cannot have sent them just now.
    pub(crate) fn read(headers: &'a WebhookHeaders<'a>, now: OffsetDateTime) -> Option<Self> {
        let is_id = |id: &str| id.len() <= MAX_ID_BYTES && id.bytes().all(|b| b.is_ascii_graphic());
        // A line break in an id would let one message be read as another.
        if !is_id(headers.request_id) || !is_id(headers.user_id) {
            return None;
        }
        let digits = headers.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let sent: i64 = headers.timestamp.parse().ok().filter(|_| digits)?;
        let is_new = sent.abs_diff(now.unix_timestamp()) <= MAX_SKEW_SECONDS;
        let signature = unhex(headers.signature)?;
        is_new.then_some(Self { headers, signature })
    }

    /// The text that is signed: four lines, the last of which is the body's hash.
    fn message(&self, body: &[u8]) -> String {
        let WebhookHeaders { request_id, user_id, timestamp, .. } = self.headers;
        let hash = hex(digest(&SHA256, body).as_ref());
        format!("{request_id}\n{user_id}\n{timestamp}\n{hash}")
    }
}

/// Whether one of the keys signed the headers with this body.
pub(crate) fn is_genuine(keys: &Keys, signed: &Signed<'_>, body: &[u8]) -> bool {
    let message = signed.message(body);
    keys.iter().any(|key| {
        let key = UnparsedPublicKey::new(&ED25519, key);
        key.verify(message.as_bytes(), &signed.signature).is_ok()
    })
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

fn unhex(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut bytes = [0; SIGNATURE_BYTES];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| value.try_into().ok());
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = *digits else { return None };
        let (high, low): (u8, u8) = (value(high)?, value(low)?);
        *byte = (high << 4) | low;
    }
    Some(bytes)
}
