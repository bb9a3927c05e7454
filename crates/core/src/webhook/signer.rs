//! Signs deliveries.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ring::hmac;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Secrets;

/// Signs deliveries with one or two secrets.
#[derive(Clone, Debug)]
pub struct Signer(Vec<hmac::Key>);

impl Signer {
    /// A signer that uses these secrets.
    pub fn new(secrets: &Secrets) -> Self {
        Self(secrets.keys().map(|key| hmac::Key::new(hmac::HMAC_SHA256, key)).collect())
    }

    /// The headers of an attempt at a delivery. `id` is the delivery's, the same at each attempt; `at` is when
    /// the attempt is made.
    pub fn headers(&self, id: Uuid, at: OffsetDateTime, body: &[u8]) -> HeaderMap {
        let timestamp = at.unix_timestamp();
        let mut signed = format!("{id}.{timestamp}.").into_bytes();
        signed.extend_from_slice(body);
        let signature = |key| format!("v1,{}", STANDARD.encode(hmac::sign(key, &signed)));
        let signatures: Vec<String> = self.0.iter().map(signature).collect();
        let texts = [
            ("webhook-id", id.to_string()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, text) in texts {
            if let Ok(value) = text.parse() {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use standardwebhooks::Webhook;
    use time::Duration;

    use super::*;

    fn secret(byte: u8) -> String {
        format!("whsec_{}", STANDARD.encode([byte; 32]))
    }

    fn signed(secrets: &str, age: Duration) -> HeaderMap {
        let secrets: Secrets = secrets.parse().unwrap();
        #[expect(clippy::disallowed_methods, reason = "the verifier's clock is the machine's")]
        let at = OffsetDateTime::now_utc() - age;
        Signer::new(&secrets).headers(Uuid::now_v7(), at, b"{}")
    }

    fn verifies(secret: &str, headers: &HeaderMap, body: &[u8]) -> bool {
        Webhook::new(secret).unwrap().verify(body, headers).is_ok()
    }

    #[test]
    fn a_receiver_with_the_published_crate_verifies_what_is_signed() {
        let headers = signed(&secret(1), Duration::ZERO);

        assert!(verifies(&secret(1), &headers, b"{}"));
        assert!(!verifies(&secret(1), &headers, b"{ }"));
        assert!(!verifies(&secret(2), &headers, b"{}"));
        assert!(!verifies(&secret(1), &signed(&secret(1), Duration::hours(1)), b"{}"));
    }

    #[test]
    fn while_a_secret_is_replaced_either_verifies() {
        let both: Secrets = format!("{} {}", secret(1), secret(2)).parse().unwrap();
        let headers = signed(&format!("{} {}", secret(1), secret(2)), Duration::ZERO);

        for text in both.texts() {
            assert!(verifies(text.expose_secret(), &headers, b"{}"));
        }
        assert!(!verifies(&secret(3), &headers, b"{}"));
    }
}
