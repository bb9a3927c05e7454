//! A job as clients see it.

use darkroom_core::{
    job::{Job, Status},
    links::Links,
    store::StoredImage,
    webhook::Webhook,
};
use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, serde::rfc3339};
use utoipa::ToSchema;
use uuid::Uuid;

/// A job as it stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// Later jobs have greater ids.
    id: Uuid,
    /// What was asked for.
    prompt: String,
    /// Where the job is in its life.
    #[schema(value_type = JobStatus)]
    status: Status,
    /// The endpoint at fal that edits.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    model: String,
    /// What was wished beside the prompt; only what was said is in it.
    #[schema(value_type = OptionsSchema)]
    options: Value,
    /// The seed that made the results; null where the model does not tell it.
    #[schema(required)]
    seed: Option<i64>,
    /// Higher goes first; 0 unless said.
    #[schema(minimum = -100, maximum = 100, example = 0)]
    priority: i16,
    /// When it is to start; null is at once.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    run_at: Option<OffsetDateTime>,
    /// Who is told how the job ends; null is nobody.
    #[schema(required)]
    webhook_url: Option<String>,
    /// Of what it is told.
    #[schema(example = json!([]))]
    webhook_events: Vec<&'static str>,
    /// Whether it was completed at once, for nothing, with the results of the same request.
    cached: bool,
    /// Whose result it edits; null where it edits none, or that job is deleted.
    #[schema(required)]
    parent_id: Option<Uuid>,
    /// What its caller attached to it; null where that is nothing.
    #[schema(required, value_type = Option<HashMap<String, Value>>)]
    metadata: Option<Value>,
    /// Address of the first result; null until the job is completed.
    #[schema(required)]
    result_image_url: Option<String>,
    /// All results, in order.
    result_images: Vec<ImageView>,
    /// Address of the first picture that was given.
    #[schema(required)]
    input_image_url: Option<String>,
    /// All pictures that were given, in order.
    input_images: Vec<ImageView>,
    /// Where to follow it, with a browser's `EventSource`, too.
    events_url: String,
    /// Why the job failed; null unless it did.
    #[schema(required)]
    error: Option<FailureView>,
    /// When the job was accepted.
    #[serde(with = "rfc3339")]
    created_at: OffsetDateTime,
    /// When the status last changed.
    #[serde(with = "rfc3339")]
    updated_at: OffsetDateTime,
}

/// A job's place in its life: `pending` until fal has it, `processing` until it ends.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "documents the wire form of a type of the core")]
pub(crate) enum JobStatus {
    Pending,
    Processing,
    Completed,
    Failed,
    Cancelled,
}

/// A stored image.
#[derive(Serialize, ToSchema)]
#[schema(as = Image)]
pub(crate) struct ImageView {
    /// Where to fetch it.
    url: String,
    /// Where to fetch a small one, 320 pixels wide.
    thumbnail_url: String,
    /// In pixels.
    width: u32,
    /// In pixels.
    height: u32,
    /// Media type.
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// In bytes.
    size: u64,
    /// Of a result: whether the model's safety checker blanked it; null where the model does not say.
    #[schema(required)]
    blanked: Option<bool>,
}

/// What was wished beside the prompt. A seed goes beyond what a double holds.
#[derive(ToSchema)]
#[schema(as = Options)]
#[expect(dead_code, reason = "documents the wire form of a type of the core")]
struct OptionsSchema {
    #[schema(nullable = false, minimum = 1)]
    num_images: Option<u8>,
    #[schema(nullable = false, minimum = 0)]
    seed: Option<i64>,
    #[schema(nullable = false, example = "2048x1536")]
    image_size: Option<String>,
    #[schema(nullable = false, example = "4:3")]
    aspect_ratio: Option<String>,
    #[schema(nullable = false, example = "2K")]
    resolution: Option<String>,
    #[schema(nullable = false, example = "png")]
    output_format: Option<String>,
    #[schema(nullable = false)]
    enable_safety_checker: Option<bool>,
    #[schema(nullable = false)]
    safety_tolerance: Option<u8>,
}

/// Why a job failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureView {
    /// Stable, for programs.
    #[schema(example = "content_policy")]
    code: String,
    /// A sentence, for people.
    message: String,
}

fn event_names(webhook: &Webhook) -> impl Iterator<Item = &'static str> {
    webhook.events.iter().map(|event| event.as_str())
}

impl JobView {
    /// With these links.
    pub(crate) fn new(job: &Job, links: &Links) -> Self {
        let view = |image: &StoredImage| ImageView {
            url: links.image(image.id),
            thumbnail_url: links.thumbnail(image.id),
            width: image.width,
            height: image.height,
            content_type: image.media_type.clone(),
            size: image.bytes,
            blanked: image.blanked,
        };
        let inputs: Vec<ImageView> =
            job.images.iter().filter(|image| !image.is_result).map(view).collect();
        // Outputs are archived before the job completes; until then they may still change.
        let shown = job.status == Status::Completed;
        let results: Vec<ImageView> =
            job.images.iter().filter(|image| shown && image.is_result).map(view).collect();
        Self {
            id: job.id.0,
            prompt: job.prompt.clone(),
            status: job.status,
            model: job.model.clone(),
            options: job.options.clone(),
            seed: job.seed,
            priority: job.priority,
            run_at: job.run_at,
            webhook_url: job.webhook.as_ref().map(|webhook| webhook.url.to_string()),
            webhook_events: job.webhook.iter().flat_map(event_names).collect(),
            cached: job.cached,
            parent_id: job.parent.map(|parent| parent.0),
            metadata: job.metadata.clone(),
            result_image_url: results.first().map(|image| image.url.clone()),
            result_images: results,
            input_image_url: inputs.first().map(|image| image.url.clone()),
            input_images: inputs,
            events_url: links.events(job.id),
            error: job.failure.as_ref().map(|failure| FailureView {
                code: failure.code.clone(),
                message: failure.message.clone(),
            }),
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}
