//! A job as it stood when it was read, and its answer as it is sent.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::http::header::{EntityTag, HeaderValue};
use bytes::Bytes;
use darkroom_core::{job::Job, links::Links};

use crate::jobs::JobView;

/// A job that was read.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) job: Job,
    /// As it was last written out: nearly all clients come through the same address.
    written: Mutex<Option<Arc<Written>>>,
}

/// A job as it is sent.
#[derive(Debug)]
pub(crate) struct Written {
    /// As its links were written.
    links: Links,
    /// JSON.
    pub(crate) body: Bytes,
    /// Of the body.
    pub(crate) tag: Tag,
}

/// Names what is sent.
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) entity: EntityTag,
    /// As it is sent.
    pub(crate) header: HeaderValue,
}

impl Snapshot {
    pub(crate) fn new(job: Job) -> Self {
        Self { job, written: Mutex::default() }
    }

    /// Names this state of the job among its others: microseconds of its last change.
    pub(crate) fn revision(&self) -> i128 {
        self.job.updated_at.unix_timestamp_nanos() / 1_000
    }

    /// Nothing about it changes any more, unless it is tried again or deleted.
    pub(crate) fn has_ended(&self) -> bool {
        self.job.status.has_ended()
    }

    /// About as many bytes as it takes.
    pub(crate) fn weight(&self) -> usize {
        let webhook = self.job.webhook.as_ref().map_or(0, |webhook| webhook.url.as_str().len());
        let metadata = self.job.metadata.as_ref().map_or(0, |metadata| metadata.to_string().len());
        // What is written out holds most of it once more.
        2 * (self.job.prompt.len() + webhook + metadata + 300 * self.job.images.len()) + 1_500
    }

    /// As JSON, with these links, for one who is told of it once: it is not kept, but where it is kept already it is
    /// not written again.
    pub(crate) fn body(&self, links: &Links) -> Bytes {
        let kept = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept.filter(|written| written.links.are_as(links)) {
            Some(written) => written.body.clone(),
            None => json(&self.job, links).into(),
        }
    }

    /// The same, without what its caller alone is to know: where webhooks go, and what is attached to it.
    pub(crate) fn body_for_guests(&self, links: &Links) -> Bytes {
        let job = Job { webhook: None, metadata: None, ..self.job.clone() };
        json(&job, links).into()
    }

    /// With these links; kept for the next who asks.
    pub(crate) fn written(&self, links: &Links) -> Arc<Written> {
        let mut kept = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(written) = kept.as_ref().filter(|written| written.links.are_as(links)) {
            return Arc::clone(written);
        }
        let written = Arc::new(Written::new(&self.job, links));
        *kept = Some(Arc::clone(&written));
        written
    }
}

impl Written {
    fn new(job: &Job, links: &Links) -> Self {
        let body = json(job, links);
        // Without the room that writing left over.
        Self { links: links.clone(), tag: tag_of(&body), body: body.into_boxed_slice().into() }
    }
}

fn json(job: &Job, links: &Links) -> Vec<u8> {
    // A view has nothing that JSON cannot hold.
    serde_json::to_vec(&JobView::new(job, links)).unwrap_or_default()
}

/// A strong tag of what is sent.
pub(crate) fn tag_of(body: &[u8]) -> Tag {
    let hash = ring::digest::digest(&ring::digest::SHA256, body);
    let text = hash.as_ref().iter().take(16).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").ok();
        text
    });
    let entity = EntityTag::new_strong(text);
    let header = HeaderValue::try_from(entity.to_string());
    // Digits are always one.
    let header = header.unwrap_or_else(|_malformed| HeaderValue::from_static("\"\""));
    Tag { entity, header }
}
