//! HTTPS, with a certificate made for the test.

use std::io::ErrorKind;
use std::net::TcpListener;

use darkroom_fal_sim::{Settings, Tls, start};
use reqwest::Certificate;
use serde_json::Value;

use crate::support::{Sim, photo, quick, text};

/// A certificate for this machine's loopback address, and its key.
fn certificate() -> Tls {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    Tls {
        certificates: made.cert.pem().into_bytes(),
        key: made.signing_key.serialize_pem().into_bytes(),
    }
}

#[tokio::test]
async fn a_client_that_trusts_the_certificate_is_served_over_https_alone() {
    let tls = certificate();
    let trusted = Certificate::from_pem(&tls.certificates).unwrap();
    let mut sim = Sim::start(Settings { tls: Some(tls), ..quick() }).await;
    sim.http = reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().unwrap();

    let bytes = photo(96, 64);
    let url = sim.upload("image/png", bytes.clone()).await;

    assert!(url.starts_with(&format!("https://127.0.0.1:{}/", sim.running.port())), "{url}");
    assert!(sim.download(&url).await == bytes);
    let plain = url.replacen("https", "http", 1);
    assert!(sim.http.get(plain).send().await.is_err());
    sim.running.stop().await;
}

#[tokio::test]
async fn every_url_of_an_answer_is_public() {
    let public_url = Some("https://queue.example.test/".parse().unwrap());
    let sim = Sim::start(Settings { public_url, ..quick() }).await;
    let address = format!("http://127.0.0.1:{}/", sim.running.port());

    let announced = sim.http.post(format!("{address}storage/upload/initiate"));
    let announced = crate::support::with_key(announced).json(&serde_json::json!({}));
    let places: Value = announced.send().await.unwrap().json().await.unwrap();

    assert!(text(&places["upload_url"]).starts_with("https://queue.example.test/files/"));
    assert!(text(&places["file_url"]).starts_with("https://queue.example.test/files/"));
    sim.running.stop().await;
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_at_the_start_and_no_key_is_printed() {
    let good = certificate();
    let printed = format!("{good:?}");
    assert!(!printed.contains("key"), "{printed}");

    for (certificates, key) in [
        (b"no certificate".to_vec(), good.key.clone()),
        (good.certificates.clone(), b"no key".to_vec()),
        (good.certificates, certificate().key),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let settings = Settings { tls: Some(Tls { certificates, key }), ..quick() };
        let refusal = start(listener, settings).await.err().unwrap();
        assert_eq!(refusal.kind(), ErrorKind::InvalidInput);
    }
}
