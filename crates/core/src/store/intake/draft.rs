//! Drafts: jobs that are about to be made, with what was found for them.

use time::OffsetDateTime;

use super::{parent::Found, reuse::Reusable};
use crate::{
    api_key::ApiKeyId,
    job::{Job, JobId, NewJob, Status},
    queue::Place,
    store::{ImageId, Sha256, StoredImage, sha256},
};

/// A job that is about to be made.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) id: JobId,
    pub(super) new: NewJob,
    /// Ids and digests of the pictures that were sent, in order.
    pub(super) pictures: Vec<(ImageId, Sha256)>,
    pub(super) parent: Option<Found>,
    pub(super) request_hash: Option<Sha256>,
    pub(super) reusable: Option<Reusable>,
}

impl Draft {
    /// A draft of what was asked for; nothing has been looked up for it yet.
    pub(super) fn of(new: NewJob) -> Self {
        let pictures =
            new.inputs.iter().map(|input| (ImageId::generate(), sha256(&input.data))).collect();
        Self {
            id: JobId::generate(),
            new,
            pictures,
            parent: None,
            request_hash: None,
            reusable: None,
        }
    }

    /// How many bytes its pictures have.
    pub(super) fn bytes(&self) -> usize {
        self.new.inputs.iter().map(|input| input.data.len()).sum()
    }

    /// Digests of the files that are edited, in order.
    pub(super) fn digests(&self) -> Vec<Sha256> {
        match &self.parent {
            Some(parent) => vec![parent.sha256],
            None => self.pictures.iter().map(|(_, digest)| *digest).collect(),
        }
    }

    /// Its API key, where that has limits of its own.
    pub(super) fn limited_key(&self) -> Option<ApiKeyId> {
        self.new.api_key.filter(|_| self.new.has_limits)
    }

    /// Whether nothing has to be looked at before or after it is inserted.
    pub(super) fn is_made_at_once(&self) -> bool {
        self.copies_nothing() && self.limited_key().is_none()
    }

    /// Whether it needs neither a parent's picture nor another job's results.
    pub(super) fn copies_nothing(&self) -> bool {
        self.new.parent.is_none() && !self.new.cache.is_some_and(|cache| cache.is_looked_into)
    }

    /// What it may cost, in millionths of a US dollar; 0 where it has no API key or reuses results.
    pub(super) fn reserved_micros(&self) -> i64 {
        let is_paid_for = self.new.api_key.is_some() && self.reusable.is_none();
        if is_paid_for { self.new.cost_micros } else { 0 }
    }

    /// Its place in the queue; `None` where it is answered with another job's results.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        self.reusable.is_none().then_some(Place {
            job: self.id,
            model: &self.new.model,
            api_key: self.new.api_key,
            priority: self.new.priority,
            run_at: self.new.run_at,
            deadline: self.new.deadline,
            attempts_before: 0,
        })
    }

    /// The job, once it is inserted.
    pub(super) fn made(self, at: OffsetDateTime) -> Job {
        let new = self.new;
        let images = self.pictures.iter().zip(new.inputs).map(|((id, _), input)| StoredImage {
            id: *id,
            is_result: false,
            blanked: None,
            media_type: input.media_type.as_str().into(),
            width: input.width,
            height: input.height,
            bytes: u64::try_from(input.data.len()).unwrap_or(u64::MAX),
        });
        Job {
            id: self.id,
            api_key: new.api_key,
            prompt: new.prompt,
            model: new.model,
            options: new.options.stored(),
            seed: self.reusable.as_ref().and_then(|reusable| reusable.seed),
            priority: new.priority,
            run_at: new.run_at,
            webhook: new.webhook,
            metadata: new.metadata,
            cached: self.reusable.is_some(),
            parent: self.parent.map(|parent| parent.job),
            status: if self.reusable.is_some() { Status::Completed } else { Status::Pending },
            failure: None,
            created_at: at,
            updated_at: at,
            images: images.collect(),
        }
    }
}
