//! Genuine webhooks of fal are told from others.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use base64::{
    Engine,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use darkroom_core::fal::{Malformed, Notice, WebhookError, WebhookHeaders, Webhooks};
use futures_util::future::join_all;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time as clock;

use crate::fal_server::{Reply, Server};

const BODY: &[u8] =
    br#"{"request_id":"r-1","gateway_request_id":"r-2","status":"OK","payload":null}"#;

/// The part of fal that webhooks need: a server with its keys, and a verifier.
struct Fal {
    server: Server,
    published: Arc<Mutex<Reply>>,
    webhooks: Webhooks,
}

/// A webhook.
#[derive(Clone)]
struct Sent {
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

impl Fal {
    async fn start(key_set: &Value) -> Self {
        let published = Arc::new(Mutex::new(Reply::json(200, key_set)));
        let current = Arc::clone(&published);
        let server = Server::start(move |_| current.lock().unwrap().clone()).await;
        let webhooks = Webhooks::new(&server.settings(&[])).unwrap();
        Self { server, published, webhooks }
    }

    fn publish(&self, reply: Reply) {
        *self.published.lock().unwrap() = reply;
    }

    async fn verify(&self, sent: &Sent) -> Result<Notice, WebhookError> {
        let headers = WebhookHeaders {
            request_id: "r-1",
            user_id: "user",
            timestamp: &sent.timestamp,
            signature: &sent.signature,
        };
        self.webhooks.verify(&headers, &sent.body).await
    }
}

fn key() -> Ed25519KeyPair {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap()
}

fn key_set(keys: &[&Ed25519KeyPair]) -> Value {
    let public = |key: &&Ed25519KeyPair| json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.public_key())});
    json!({"keys": keys.iter().map(public).collect::<Vec<_>>()})
}

fn sign(key: &Ed25519KeyPair, from_now: i64, body: &[u8]) -> Sent {
    let now = OffsetDateTime::from(SystemTime::now()).unix_timestamp();
    let timestamp = (now + from_now).to_string();
    let hash = hex(digest(&SHA256, body).as_ref());
    let message = format!("r-1\nuser\n{timestamp}\n{hash}");
    let signature = hex(key.sign(message.as_bytes()).as_ref());
    Sent { timestamp, signature, body: body.to_vec() }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn is_unauthentic(verified: &Result<Notice, WebhookError>) -> bool {
    matches!(verified, Err(WebhookError::Unauthentic))
}

/// Lets time pass without really waiting.
async fn pass(time: Duration) {
    clock::pause();
    clock::advance(time).await;
    clock::resume();
}

#[tokio::test]
async fn a_genuine_webhook_is_believed_and_the_keys_are_fetched_once_without_ours() {
    let key = key();
    let fal = Fal::start(&key_set(&[&self::key(), &key])).await;
    let bad = br#"{"request_id":"r-1","status":"ERROR","error":"Invalid status code: 422"}"#;

    let good = fal.verify(&sign(&key, 0, BODY)).await.unwrap();
    let bad = fal.verify(&sign(&key, 0, bad)).await.unwrap();

    assert_eq!(good, Notice { request_id: "r-1".into(), ok: true });
    assert_eq!(bad, Notice { request_id: "r-1".into(), ok: false });
    let asked = fal.server.only();
    assert_eq!((&*asked.line, asked.header("authorization")), ("GET /.well-known/jwks.json", None));
}

#[tokio::test]
async fn keys_are_read_with_and_without_padding_and_others_are_left_out() {
    let key = key();
    let padded = URL_SAFE.encode(key.public_key());
    assert!(padded.ends_with('='));
    for x in [&*padded, padded.trim_end_matches('=')] {
        let fal = Fal::start(&json!({"keys": [
            {"kty": "RSA", "n": "x", "e": "AQAB"}, null, {"kty": "OKP", "crv": "X25519", "x": x},
            {"x": "AAAA"}, {"x": x, "kty": null, "crv": 7}]}))
        .await;
        assert!(fal.verify(&sign(&key, 0, BODY)).await.unwrap().ok, "{x}");
    }
}

#[tokio::test]
async fn whatever_was_changed_on_the_way_is_not_believed() {
    let key = key();
    let fal = Fal::start(&key_set(&[&key])).await;
    let genuine = sign(&key, 0, BODY);
    let with = |change: fn(&mut Sent)| {
        let mut sent = genuine.clone();
        change(&mut sent);
        sent
    };
    let changed = [
        with(|sent| sent.body[3] ^= 1),
        with(|sent| sent.body.push(b' ')),
        with(|sent| sent.timestamp.insert(0, '0')),
        with(|sent| sent.timestamp.insert(0, '+')),
        with(|sent| sent.timestamp.clear()),
        with(|sent| sent.timestamp = u64::MAX.to_string()),
        with(|sent| sent.signature.clear()),
        with(|sent| sent.signature = "0".repeat(128)),
        with(|sent| sent.signature = "é".repeat(64)),
        with(|sent| sent.signature = sent.signature.replace(|_| true, "+")),
        sign(&self::key(), 0, BODY),
    ];
    for sent in &changed {
        assert!(is_unauthentic(&fal.verify(sent).await), "{} {}", sent.timestamp, sent.signature);
    }
    assert!(fal.verify(&genuine).await.is_ok());
}

#[tokio::test]
async fn five_minutes_are_new_and_more_are_old_on_either_side() {
    let key = key();
    let fal = Fal::start(&key_set(&[&key])).await;
    for from_now in [-290, 290] {
        assert!(fal.verify(&sign(&key, from_now, BODY)).await.is_ok(), "{from_now}");
    }
    for from_now in [-310, 310, -1_000_000_000] {
        let verified = fal.verify(&sign(&key, from_now, BODY)).await;
        assert!(is_unauthentic(&verified), "{from_now}");
    }
}

#[tokio::test]
async fn a_webhook_that_cannot_be_fals_has_no_keys_fetched() {
    let fal = Fal::start(&key_set(&[&key()])).await;

    assert!(is_unauthentic(&fal.verify(&sign(&key(), 1_000, BODY)).await));

    assert!(fal.server.seen().is_empty());
}

#[tokio::test]
async fn a_new_key_is_fetched_when_none_fits_but_not_more_often_than_once_a_minute() {
    let (old, new) = (key(), key());
    let fal = Fal::start(&key_set(&[&old])).await;
    assert!(fal.verify(&sign(&old, 0, BODY)).await.is_ok());
    fal.publish(Reply::json(200, &key_set(&[&new])));

    let at_once = fal.verify(&sign(&new, 0, BODY)).await;
    pass(Duration::from_secs(61)).await;
    let after_a_minute = fal.verify(&sign(&new, 0, BODY)).await;
    let forged: Vec<_> =
        join_all((0..20).map(|_| async { fal.verify(&sign(&key(), 0, BODY)).await })).await;

    assert!(is_unauthentic(&at_once));
    assert!(after_a_minute.is_ok());
    assert!(forged.iter().all(is_unauthentic));
    assert_eq!(fal.server.seen().len(), 2);
}

#[tokio::test]
async fn keys_are_kept_for_a_day_and_no_longer() {
    let key = key();
    let fal = Fal::start(&key_set(&[&key])).await;
    assert!(fal.verify(&sign(&key, 0, BODY)).await.is_ok());

    fal.publish(Reply::text(503, &[], ""));
    pass(Duration::from_hours(23)).await;
    assert!(fal.verify(&sign(&key, 0, BODY)).await.is_ok());
    pass(Duration::from_hours(1)).await;
    let stale = fal.verify(&sign(&key, 0, BODY)).await;

    assert!(matches!(stale, Err(WebhookError::KeysUnavailable(_))), "{stale:?}");
    assert_eq!(fal.server.seen().len(), 2);
}

#[tokio::test]
async fn many_webhooks_at_once_have_the_keys_fetched_once() {
    let key = key();
    let fal = Fal::start(&key_set(&[&key])).await;

    let sent = sign(&key, 0, BODY);
    let verified = join_all((0..20).map(|_| fal.verify(&sent))).await;

    assert!(verified.iter().all(Result::is_ok));
    fal.server.only();
}

#[tokio::test]
async fn without_keys_nothing_is_believed_and_fal_is_left_alone_for_a_moment() {
    let key = key();
    let fal = Fal::start(&json!({})).await;
    for reply in [
        Reply::text(503, &[], ""),
        Reply::json(200, &json!({"keys": []})),
        Reply::json(200, &json!({"keys": null})),
        Reply::text(200, &[], &"x".repeat(100_000)),
        Reply::default(),
    ] {
        fal.publish(reply);
        for _ in 0..5 {
            let verified = fal.verify(&sign(&key, 0, BODY)).await;
            assert!(matches!(verified, Err(WebhookError::KeysUnavailable(_))), "{verified:?}");
        }
        pass(Duration::from_secs(4)).await;
    }
    assert_eq!(fal.server.seen().len(), 5);
    fal.publish(Reply::json(200, &key_set(&[&key])));
    assert!(fal.verify(&sign(&key, 0, BODY)).await.is_ok());
}

#[tokio::test]
async fn a_genuine_body_that_says_nothing_names_what_is_missing() {
    let key = key();
    let fal = Fal::start(&key_set(&[&key])).await;
    for (body, field) in [
        (&br#"{"status":"OK"}"#[..], "request_id"),
        (br#"{"status":"OK","request_id":"../r"}"#, "request_id"),
        (br#"{"status":"COMPLETED","request_id":"r-1"}"#, "status"),
        (br#"{"request_id":"r-1"}"#, "status"),
    ] {
        let error = fal.verify(&sign(&key, 0, body)).await.unwrap_err();
        let expected = Malformed::Field(field.into());
        assert!(
            matches!(&error, WebhookError::Malformed(named) if *named == expected),
            "{error:?}"
        );
    }
    let error = fal.verify(&sign(&key, 0, b"status=OK")).await.unwrap_err();
    assert!(matches!(error, WebhookError::Malformed(Malformed::NotJson { .. })), "{error:?}");
}
