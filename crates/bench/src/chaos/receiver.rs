//! The receiver of the callers' webhooks: refuses some at first, and remembers all that it took.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use actix_web::{
    HttpRequest, HttpResponse,
    web::{self, Bytes},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{lock, server::Server};

/// A webhook that was taken.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Delivery {
    /// Its `webhook-id`, which is the same each time that it is sent.
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
    /// How many requests were no readable webhook.
    unreadable: usize,
}

/// The receiver, which serves until it is dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    inbox: web::Data<Mutex<Inbox>>,
    _server: Server,
}

impl Receiver {
    pub(super) fn open() -> anyhow::Result<Self> {
        let inbox = web::Data::from(Arc::<Mutex<Inbox>>::default());
        let data = inbox.clone();
        let server = Server::open(move |app| {
            app.app_data(data.clone()).default_service(web::to(take));
        })?;
        Ok(Self { port: server.port, inbox, _server: server })
    }

    /// The webhooks that were taken, in order; one that was sent more than once is there more than once.
    pub(crate) fn taken(&self) -> Vec<Delivery> {
        lock(&self.inbox).taken.clone()
    }

    /// How many requests were no readable webhook.
    pub(crate) fn unreadable(&self) -> usize {
        lock(&self.inbox).unreadable
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
    // Refuses one in eight, the first time that it comes: the last hexadecimal digit of an id is random.
    if id.ends_with(['0', '8']) && inbox.refused.insert(id.to_owned()) {
        return HttpResponse::InternalServerError().finish();
    }
    let (id, job, event) = (id.to_owned(), message.data.id, message.r#type);
    inbox.taken.push(Delivery { id, job, event });
    HttpResponse::NoContent().finish()
}
