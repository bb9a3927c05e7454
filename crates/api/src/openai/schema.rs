//! OpenAI's form, as the contract describes it.

/// The form that OpenAI's clients post. Other fields, and values that cannot be honoured, are refused by name.
///
/// OpenAI's fields for what is not available here (such as `background`, `input_fidelity`, `moderation`,
/// `output_compression`, `partial_images`, `quality`, `stream`) are accepted if they are empty or have OpenAI's default
/// value. `mask` and `markup` are accepted only if they are empty.
#[derive(utoipa::ToSchema)]
#[schema(as = OpenAiEditForm)]
#[expect(dead_code, reason = "documents the multipart body, which is read as a stream")]
pub(crate) struct EditFormSchema {
    /// The picture to edit: JPEG, PNG, WebP or GIF (first frame). For models that take several pictures, send it
    /// several times; `image[]` means the same.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    image: Vec<u8>,
    /// What to do with the picture, in up to 5,000 characters.
    #[schema(min_length = 1, max_length = 5000, example = "make it look like a woodcut")]
    prompt: String,
    /// The id of a model, as `GET /api/models` lists it. If it is left out, or names one of OpenAI's own models
    /// (`gpt-image-…`, `chatgpt-image-…`, `dall-e-…`), the default model makes the edit.
    #[schema(nullable = false, example = "")]
    model: Option<String>,
    /// How many pictures to make; 1 if left out.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    n: Option<u8>,
    /// The result's size: `WIDTHxHEIGHT` in pixels, or `auto`, the default: the proportions of the picture.
    #[schema(nullable = false, example = "auto")]
    size: Option<String>,
    /// How to answer: `b64_json`, the default, puts the files into the answer as OpenAI's image models do; `url` puts
    /// their addresses there.
    #[schema(nullable = false, pattern = "^(b64_json|url)?$", example = "url")]
    response_format: Option<String>,
    /// The result's format: `png`, `jpeg` or `webp`, if the model takes this option.
    #[schema(nullable = false, pattern = "^(jpeg|png|webp)?$", example = "")]
    output_format: Option<String>,
    /// Kept in the job's `metadata` under this name.
    #[schema(nullable = false, example = "")]
    user: Option<String>,
    /// Kept in the job's `metadata` under this name.
    #[schema(nullable = false, example = "")]
    safety_identifier: Option<String>,
    /// This and all fields that follow are not OpenAI's; they mean what they mean in `POST /api/jobs`. OpenAI's Python
    /// client sends them as `extra_body`.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    seed: Option<i64>,
    /// The result's proportions, in place of `size`.
    #[schema(nullable = false, example = "")]
    aspect_ratio: Option<String>,
    /// The result's resolution, by a name that the model knows, such as `2K`.
    #[schema(nullable = false, example = "")]
    resolution: Option<String>,
    /// Whether the model's safety checker looks at the result: `true` or `false`.
    #[schema(value_type = String, required = false, pattern = "^(true|false)?$", example = "")]
    enable_safety_checker: Option<bool>,
    /// How tolerant the model's safety check is; a higher number lets more pass.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    safety_tolerance: Option<u8>,
    /// Jobs of higher priority go first: -100 to 100; 0 if left out.
    #[schema(value_type = String, required = false, pattern = "^(-?[0-9]+)?$", example = "")]
    priority: Option<i16>,
    /// Whether another job's results may be used: `default`, `prefer` or `bypass`.
    #[schema(nullable = false, pattern = "^(default|prefer|bypass)?$", example = "")]
    cache: Option<String>,
}
