//! A receiver of webhooks.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::support::{INTERVAL, PATIENCE, Sim, text};

/// A webhook as it arrived.
#[derive(Clone)]
pub(crate) struct Webhook {
    headers: Vec<(String, String)>,
    bytes: Bytes,
}

struct Inbox {
    /// The status codes to answer with, in this order; 200 after the last.
    codes: Mutex<Vec<u16>>,
    webhooks: Mutex<Vec<Webhook>>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Inbox>,
    server: ServerHandle,
}

impl Receiver {
    /// Listens, and answers with these codes first.
    pub(crate) fn start(codes: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?job=7", listener.local_addr().unwrap());
        let mut codes = codes.to_vec();
        codes.reverse();
        let inbox = Arc::new(Inbox { codes: Mutex::new(codes), webhooks: Mutex::default() });
        let data = web::Data::from(Arc::clone(&inbox));
        let app = move || App::new().app_data(data.clone()).default_service(web::to(take));
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap();
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, inbox, server: handle }
    }

    /// Waits until this many have arrived.
    pub(crate) async fn webhooks(&self, count: usize) -> Vec<Webhook> {
        let come = async {
            loop {
                let come = self.inbox.webhooks.lock().unwrap().clone();
                if come.len() >= count {
                    return come;
                }
                tokio::time::sleep(INTERVAL).await;
            }
        };
        tokio::time::timeout(PATIENCE, come).await.unwrap()
    }

    pub(crate) async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn take(request: HttpRequest, bytes: Bytes, inbox: web::Data<Inbox>) -> HttpResponse {
    let header = |(name, value): (&_, &actix_web::http::header::HeaderValue)| {
        (ToString::to_string(name), value.to_str().unwrap().to_owned())
    };
    let headers = request.headers().iter().map(header).collect();
    inbox.webhooks.lock().unwrap().push(Webhook { headers, bytes });
    let code = inbox.codes.lock().unwrap().pop().unwrap_or(200);
    let mut answer = HttpResponse::build(StatusCode::from_u16(code).unwrap());
    answer.insert_header(("Location", "/elsewhere")).finish()
}

impl Webhook {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        &found.unwrap().1
    }

    /// How old its timestamp is, in seconds.
    pub(crate) fn age(&self) -> i64 {
        let timestamp: i64 = self.header("x-fal-webhook-timestamp").parse().unwrap();
        OffsetDateTime::from(std::time::SystemTime::now()).unix_timestamp() - timestamp
    }

    /// Whether the stand-in's own key set verifies it.
    pub(crate) async fn is_genuine(&self, sim: &Sim) -> bool {
        let answer = sim.http.get(sim.url(".well-known/jwks.json")).send().await.unwrap();
        let keys: Value = answer.json().await.unwrap();
        assert_eq!(
            (&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]),
            (&"OKP".into(), &"Ed25519".into())
        );
        let key = base64::engine::general_purpose::URL_SAFE.decode(text(&keys["keys"][0]["x"]));
        let hex = |byte: &u8| format!("{byte:02x}");
        let hash: String = Sha256::digest(&self.bytes).iter().map(hex).collect();
        let message = [
            self.header("x-fal-webhook-request-id"),
            self.header("x-fal-webhook-user-id"),
            self.header("x-fal-webhook-timestamp"),
            &hash,
        ]
        .join("\n");
        let digits = self.header("x-fal-webhook-signature").as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        let signature: Vec<u8> = digits.map(|pair| byte(pair).unwrap()).collect();
        let key = UnparsedPublicKey::new(&ED25519, key.unwrap());
        key.verify(message.as_bytes(), &signature).is_ok()
    }
}
