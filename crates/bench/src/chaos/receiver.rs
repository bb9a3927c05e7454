//! Who is told how jobs end: takes webhooks of Darkroom's, refuses some at first, and remembers all.

use std::{
    collections::HashSet,
    net::{Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    web::{self, Bytes},
};
use serde::Deserialize;
use uuid::Uuid;

/// A webhook that was taken.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Delivery {
    /// The same each time that it is sent.
    pub(crate) id: String,
    pub(crate) job: Uuid,
    /// `job.completed`, and so on.
    pub(crate) event: String,
}

#[derive(Deserialize)]
struct Message {
    r#type: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    id: Uuid,
}

#[derive(Default)]
struct Inbox {
    refused: HashSet<String>,
    taken: Vec<Delivery>,
    /// What was no webhook at all.
    unreadable: usize,
}

/// The receiver, until it is dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    inbox: web::Data<Mutex<Inbox>>,
    server: ServerHandle,
}

impl Receiver {
    pub(super) fn open() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let inbox = web::Data::from(Arc::<Mutex<Inbox>>::default());
        let data = inbox.clone();
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).default_service(web::to(take))
        });
        let server = server.workers(1).disable_signals().listen(listener)?.run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self { port, inbox, server: handle })
    }

    /// What was taken, in order; the same more than once where it was sent more than once.
    pub(crate) fn taken(&self) -> Vec<Delivery> {
        lock(&self.inbox).taken.clone()
    }

    /// How much was no webhook.
    pub(crate) fn unreadable(&self) -> usize {
        lock(&self.inbox).unreadable
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // The command to stop is sent by the call; the future only waits for its effect.
        drop(self.server.stop(false));
    }
}

async fn take(request: HttpRequest, body: Bytes, inbox: web::Data<Mutex<Inbox>>) -> HttpResponse {
    let id = request.headers().get("webhook-id").and_then(|id| id.to_str().ok());
    let message = serde_json::from_slice::<Message>(&body).ok();
    let mut inbox = lock(&inbox);
    let (Some(id), Some(message)) = (id, message) else {
        inbox.unreadable += 1;
        return HttpResponse::BadRequest().finish();
    };
    // One in eight, the first time. Its last digit is random.
    if id.ends_with(['0', '8']) && inbox.refused.insert(id.to_owned()) {
        return HttpResponse::InternalServerError().finish();
    }
    let (id, job, event) = (id.to_owned(), message.data.id, message.r#type);
    inbox.taken.push(Delivery { id, job, event });
    HttpResponse::NoContent().finish()
}

fn lock(inbox: &Mutex<Inbox>) -> MutexGuard<'_, Inbox> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner)
}
