//! A job's state when it was read, and the JSON that is sent of it.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use darkroom_core::{job::Job, links::Links};

use crate::{conditional::Tag, jobs::JobView, json};

/// A job's state when it was read.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) job: Job,
    /// The JSON made of it last. One is enough: nearly all clients come through the same address, with the same links.
    written: Mutex<Option<Arc<Written>>>,
}

/// A job's JSON.
#[derive(Debug)]
pub(crate) struct Written {
    /// The links in it.
    links: Links,
    /// JSON.
    pub(crate) body: Bytes,
    /// The body's tag.
    pub(crate) tag: Tag,
}

impl Snapshot {
    pub(crate) fn new(job: Job) -> Self {
        Self { job, written: Mutex::default() }
    }

    /// Tells this state of the job from its others: the time of its last change in microseconds.
    pub(crate) fn revision(&self) -> i128 {
        self.job.updated_at.unix_timestamp_nanos() / 1_000
    }

    /// Whether the job has ended: nothing of it changes any more, unless it is tried again or deleted.
    pub(crate) fn has_ended(&self) -> bool {
        self.job.status.has_ended()
    }

    /// About how many bytes of memory it takes.
    pub(crate) fn weight(&self) -> usize {
        let webhook = self.job.webhook.as_ref().map_or(0, |webhook| webhook.url.as_str().len());
        let metadata = self.job.metadata.as_ref().map_or(0, |metadata| metadata.to_string().len());
        // The JSON holds most of it a second time.
        2 * (self.job.prompt.len() + webhook + metadata + 300 * self.job.images.len()) + 1_500
    }

    /// The job as JSON with these links, for one use: taken from what is kept where that has the same links, else made
    /// and not kept.
    pub(crate) fn body(&self, links: &Links) -> Bytes {
        let kept = self.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept.filter(|written| written.links.are_as(links)) {
            Some(written) => written.body.clone(),
            None => json_of(&self.job, links).into(),
        }
    }

    /// The same without what only the job's caller may know: where webhooks go, and the metadata.
    pub(crate) fn body_for_guests(&self, links: &Links) -> Bytes {
        let job = Job { webhook: None, metadata: None, ..self.job.clone() };
        json_of(&job, links).into()
    }

    /// The job as JSON with these links, kept for the next request.
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
        let body = json_of(job, links);
        // Boxed, to give back the spare capacity of the `Vec`.
        Self { links: links.clone(), tag: Tag::of(&body), body: body.into_boxed_slice().into() }
    }
}

fn json_of(job: &Job, links: &Links) -> Vec<u8> {
    json::write(&JobView::new(job, links)).into_bytes()
}
