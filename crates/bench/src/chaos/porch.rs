//! The address to which fal sends its webhooks: hands them to the API replicas in turn, and remembers some.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes},
};

use super::{lock, server::Server};

/// How many webhooks are remembered.
const REMEMBERED: usize = 200;

/// The headers of a webhook that matter.
const HEADERS: [&str; 5] = [
    "content-type",
    "x-fal-webhook-request-id",
    "x-fal-webhook-user-id",
    "x-fal-webhook-timestamp",
    "x-fal-webhook-signature",
];

/// A webhook as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Webhook {
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

/// The porch, which serves until it is dropped.
pub(crate) struct Porch {
    pub(crate) port: u16,
    shared: web::Data<Shared>,
    _server: Server,
}

struct Shared {
    http: reqwest::Client,
    /// Ports of the API replicas.
    apis: Mutex<Vec<u16>>,
    next: AtomicUsize,
    remembered: Mutex<VecDeque<Webhook>>,
    taken: AtomicUsize,
}

impl Porch {
    pub(super) fn open(http: reqwest::Client) -> anyhow::Result<Self> {
        let shared = web::Data::from(Arc::new(Shared {
            http,
            apis: Mutex::default(),
            next: AtomicUsize::default(),
            remembered: Mutex::default(),
            taken: AtomicUsize::default(),
        }));
        let data = shared.clone();
        let server = Server::open(move |app| {
            app.app_data(data.clone()).default_service(web::to(pass_on));
        })?;
        Ok(Self { port: server.port, shared, _server: server })
    }

    /// Says where the API replicas are.
    pub(super) fn lead_to(&self, apis: Vec<u16>) {
        *lock(&self.shared.apis) = apis;
    }

    /// The webhooks that came last, oldest first.
    pub(crate) fn remembered(&self) -> Vec<Webhook> {
        lock(&self.shared.remembered).iter().cloned().collect()
    }

    /// How many webhooks a replica accepted.
    pub(crate) fn taken(&self) -> usize {
        self.shared.taken.load(Ordering::Relaxed)
    }
}

async fn pass_on(request: HttpRequest, body: Bytes, porch: web::Data<Shared>) -> HttpResponse {
    let header = |name| Some((name, request.headers().get(name)?.to_str().ok()?.to_owned()));
    let headers: Vec<_> = HEADERS.into_iter().filter_map(header).collect();
    let webhook = Webhook { path: request.path().to_owned(), headers, body };
    let Some(port) = porch.next_api() else {
        return HttpResponse::BadGateway().finish();
    };
    let answer = webhook.post(&porch.http, port).await;
    porch.remember(webhook);
    match answer {
        Ok(status) => {
            if status.is_success() {
                porch.taken.fetch_add(1, Ordering::Relaxed);
            }
            let status = actix_web::http::StatusCode::from_u16(status.as_u16());
            HttpResponse::build(status.unwrap_or_default()).finish()
        }
        Err(_away) => HttpResponse::BadGateway().finish(),
    }
}

impl Webhook {
    /// Sends it to an API replica.
    pub(crate) async fn post(
        &self,
        http: &reqwest::Client,
        port: u16,
    ) -> reqwest::Result<reqwest::StatusCode> {
        let mut request = http.post(format!("http://127.0.0.1:{port}{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        Ok(request.body(self.body.clone()).send().await?.status())
    }
}

impl Shared {
    fn next_api(&self) -> Option<u16> {
        let apis = lock(&self.apis);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        apis.get(turn.checked_rem(apis.len())?).copied()
    }

    fn remember(&self, webhook: Webhook) {
        let mut remembered = lock(&self.remembered);
        if remembered.len() >= REMEMBERED {
            remembered.pop_front();
        }
        remembered.push_back(webhook);
    }
}
