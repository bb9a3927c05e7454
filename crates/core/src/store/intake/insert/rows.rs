//! What is inserted: a list for each column, so that one statement takes any number of rows.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    job::JobId,
    store::{image::sides, intake::draft::Draft},
    webhook::Webhook,
};

/// The columns of `jobs`.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) models: Vec<&'a str>,
    pub(super) priorities: Vec<i16>,
    pub(super) run_ats: Vec<Option<OffsetDateTime>>,
    pub(super) prompts: Vec<&'a str>,
    pub(super) options: Vec<serde_json::Value>,
    pub(super) api_keys: Vec<Option<Uuid>>,
    pub(super) metadata: Vec<Option<&'a serde_json::Value>>,
    pub(super) parents: Vec<Option<Uuid>>,
    pub(super) request_hashes: Vec<Option<&'a [u8]>>,
    pub(super) cached: Vec<bool>,
    pub(super) seeds: Vec<Option<i64>>,
    pub(super) webhook_urls: Vec<Option<&'a str>>,
    /// Joined by commas: PostgreSQL has no array of arrays of different lengths.
    pub(super) webhook_events: Vec<Option<String>>,
    pub(super) reserved_micros: Vec<i64>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(drafts: &'a [Draft]) -> Self {
        let mut rows = Self::default();
        for draft in drafts {
            let Draft { id, new, parent, request_hash, reusable, .. } = draft;
            rows.ids.push(id.0);
            rows.models.push(&new.model);
            rows.priorities.push(new.priority);
            rows.run_ats.push(new.run_at);
            rows.prompts.push(&new.prompt);
            rows.options.push(new.options.stored());
            rows.api_keys.push(new.api_key.map(|key| key.0));
            rows.metadata.push(new.metadata.as_ref());
            rows.parents.push(parent.as_ref().map(|parent| parent.job.0));
            rows.request_hashes.push(request_hash.as_ref().map(|hash| &hash[..]));
            rows.cached.push(reusable.is_some());
            rows.seeds.push(reusable.as_ref().and_then(|reusable| reusable.seed));
            rows.webhook_urls.push(new.webhook.as_ref().map(|webhook| webhook.url.as_str()));
            rows.webhook_events.push(new.webhook.as_ref().map(Webhook::event_names));
            rows.reserved_micros.push(draft.reserved_micros());
        }
        rows
    }

    pub(super) fn jobs(&self) -> Vec<JobId> {
        self.ids.iter().copied().map(JobId).collect()
    }
}

/// The columns of `images`.
#[derive(Debug, Default)]
pub(super) struct Pictures<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) jobs: Vec<Uuid>,
    pub(super) positions: Vec<i16>,
    pub(super) media_types: Vec<&'a str>,
    pub(super) widths: Vec<i32>,
    pub(super) heights: Vec<i32>,
    pub(super) digests: Vec<&'a [u8]>,
    pub(super) files: Vec<&'a [u8]>,
}

impl<'a> Pictures<'a> {
    pub(super) fn of(drafts: &'a [Draft]) -> Self {
        let mut rows = Self::default();
        for draft in drafts {
            for ((position, (id, digest)), image) in
                (0..).zip(&draft.pictures).zip(&draft.new.inputs)
            {
                let (width, height) = sides(image);
                rows.ids.push(id.0);
                rows.jobs.push(draft.id.0);
                rows.positions.push(position);
                rows.media_types.push(image.media_type.as_str());
                rows.widths.push(width);
                rows.heights.push(height);
                rows.digests.push(digest);
                rows.files.push(&image.data);
            }
        }
        rows
    }
}
