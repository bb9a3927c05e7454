//! Jobs with their images, as the database gives them.

use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    job::{Failure, Job, JobId, Status},
    store::{ImageId, StoredImage},
    webhook::Webhook,
};

/// A job beside one of its images; a job with several comes in as many rows, one after the other.
pub(super) struct JobImageRow {
    pub(super) id: Uuid,
    pub(super) prompt: String,
    pub(super) model: String,
    pub(super) options: Value,
    pub(super) seed: Option<i64>,
    pub(super) priority: i16,
    pub(super) run_at: Option<OffsetDateTime>,
    pub(super) webhook_url: Option<String>,
    pub(super) webhook_events: Option<Vec<String>>,
    pub(super) status: Status,
    pub(super) failure_code: Option<String>,
    pub(super) failure_message: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
    pub(super) image_id: Option<Uuid>,
    pub(super) role: Option<String>,
    pub(super) blanked: Option<bool>,
    pub(super) media_type: Option<String>,
    pub(super) width: Option<i32>,
    pub(super) height: Option<i32>,
    pub(super) bytes: Option<i32>,
}

impl JobImageRow {
    pub(super) fn gather(rows: Vec<Self>) -> Vec<Job> {
        let mut jobs: Vec<Job> = Vec::new();
        for mut row in rows {
            let image = row.take_image();
            match jobs.last_mut() {
                Some(job) if job.id.0 == row.id => job.images.extend(image),
                _ => jobs.push(Job { images: image.into_iter().collect(), ..row.into_job() }),
            }
        }
        jobs
    }

    fn take_image(&mut self) -> Option<StoredImage> {
        Some(StoredImage {
            id: ImageId(self.image_id?),
            is_result: self.role.as_deref() == Some("result"),
            blanked: self.blanked,
            media_type: self.media_type.take()?,
            width: self.width?.unsigned_abs(),
            height: self.height?.unsigned_abs(),
            bytes: u64::from(self.bytes?.unsigned_abs()),
        })
    }

    fn into_job(self) -> Job {
        let failure = self.failure_code.zip(self.failure_message);
        Job {
            id: JobId(self.id),
            prompt: self.prompt,
            model: self.model,
            options: self.options,
            seed: self.seed,
            priority: self.priority,
            run_at: self.run_at,
            webhook: Webhook::stored(self.webhook_url, self.webhook_events),
            status: self.status,
            failure: failure.map(|(code, message)| Failure { code, message }),
            created_at: self.created_at,
            updated_at: self.updated_at,
            images: Vec::new(),
        }
    }
}
