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

/// A job in its current state.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobView {
    /// The job's id. Later jobs have greater ids.
    id: Uuid,
    /// What to do with the pictures.
    prompt: String,
    /// The job's place in its life.
    #[schema(value_type = JobStatus)]
    status: Status,
    /// The model that makes the edit: an endpoint at fal.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    model: String,
    /// The options that were sent with the prompt; those that were not sent are left out.
    #[schema(value_type = OptionsSchema)]
    options: Value,
    /// The seed that made the results; null where the model does not tell it.
    #[schema(required)]
    seed: Option<i64>,
    /// Jobs of higher priority go first; 0 if none was sent.
    #[schema(minimum = -100, maximum = 100, example = 0)]
    priority: i16,
    /// The moment before which it does not start; null if it may start at once.
    #[schema(required)]
    #[serde(with = "rfc3339::option")]
    run_at: Option<OffsetDateTime>,
    /// The address that is told of the job's events by webhook; null if none was sent.
    #[schema(required)]
    webhook_url: Option<String>,
    /// The events that the address is told of.
    #[schema(example = json!([]))]
    webhook_events: Vec<&'static str>,
    /// Whether it was completed at once, at no cost, with another job's results for the same request.
    cached: bool,
    /// The job whose result it edits; null if it edits none, or if that job is deleted.
    #[schema(required)]
    parent_id: Option<Uuid>,
    /// The data that its caller attached to it; null if none.
    #[schema(required, value_type = Option<HashMap<String, Value>>)]
    metadata: Option<Value>,
    /// Address of the first result; null until the job is completed.
    #[schema(required)]
    result_image_url: Option<String>,
    /// All results, in order; empty until the job is completed.
    result_images: Vec<ImageView>,
    /// Address of the first picture that was given.
    #[schema(required)]
    input_image_url: Option<String>,
    /// All pictures that were given, in order.
    input_images: Vec<ImageView>,
    /// The address of its events, which a browser's `EventSource` can follow, too.
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
    /// The address of the file.
    url: String,
    /// The address of a smaller version, 320 pixels wide.
    thumbnail_url: String,
    /// Width in pixels.
    width: u32,
    /// Height in pixels.
    height: u32,
    /// The file's media type.
    #[schema(example = "image/jpeg")]
    content_type: String,
    /// Size of the file in bytes.
    size: u64,
    /// For a result: whether the model's safety checker blanked it; null where the model does not say.
    #[schema(required)]
    blanked: Option<bool>,
}

/// The options that were sent with the prompt. A seed may be greater than a double can hold exactly.
#[derive(ToSchema)]
#[schema(as = Options)]
#[expect(dead_code, reason = "documents the wire form of a type of the core")]
struct OptionsSchema {
    /// How many pictures to make.
    #[schema(nullable = false, minimum = 1)]
    num_images: Option<u8>,
    /// The seed that was asked for.
    #[schema(nullable = false, minimum = 0)]
    seed: Option<i64>,
    /// The result's size: `WIDTHxHEIGHT` in pixels, or a name that the model knows.
    #[schema(nullable = false, example = "2048x1536")]
    image_size: Option<String>,
    /// The result's proportions: `WIDTH:HEIGHT`, or `auto`.
    #[schema(nullable = false, example = "4:3")]
    aspect_ratio: Option<String>,
    /// The result's resolution, by a name that the model knows.
    #[schema(nullable = false, example = "2K")]
    resolution: Option<String>,
    /// The result's format.
    #[schema(nullable = false, example = "png")]
    output_format: Option<String>,
    /// Whether the model's safety checker looks at the result.
    #[schema(nullable = false)]
    enable_safety_checker: Option<bool>,
    /// How tolerant the model's safety check is.
    #[schema(nullable = false)]
    safety_tolerance: Option<u8>,
}

/// Why a job failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
pub(crate) struct FailureView {
    /// Identifies the failure, for programs: `docs/errors.md` lists all codes.
    #[schema(example = "content_policy")]
    code: String,
    /// What went wrong, in a sentence for people.
    message: String,
}

fn event_names(webhook: &Webhook) -> impl Iterator<Item = &'static str> {
    webhook.events.iter().map(|event| event.as_str())
}

impl JobView {
    /// Shows a job, with these links.
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
        // Results are archived before the job completes, and may still change until then.
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
