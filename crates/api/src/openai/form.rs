//! The form, for the contract.

/// What OpenAI's clients post. Fields that are not listed, and values that cannot be honoured, are refused by name;
/// what says the default of what cannot be had (`background`, `input_fidelity`, `markup`, `mask`, `moderation`,
/// `output_compression`, `partial_images`, `quality`, `stream`) is taken.
#[derive(utoipa::ToSchema)]
#[schema(as = OpenAiEditForm)]
#[expect(dead_code, reason = "documents the multipart body, which is read as a stream")]
pub(crate) struct EditFormSchema {
    /// The picture to edit: JPEG, PNG, WebP or GIF (first frame). Several times for models that take several
    /// pictures; `image[]` means the same.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    image: Vec<u8>,
    /// What to do with it, in up to 5,000 characters.
    #[schema(min_length = 1, max_length = 5000, example = "make it look like a woodcut")]
    prompt: String,
    /// A model, as `GET /api/models` lists it. The default one unless said, and where it is one of OpenAI's own
    /// (`gpt-image-…`, `chatgpt-image-…`, `dall-e-…`).
    #[schema(nullable = false, example = "")]
    model: Option<String>,
    /// How many pictures to make; 1 unless said.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    n: Option<u8>,
    /// `WIDTHxHEIGHT` in pixels, or `auto`, as without: the proportions of the picture.
    #[schema(nullable = false, example = "auto")]
    size: Option<String>,
    /// `b64_json`, as without: the files in the answer, as OpenAI's image models do; `url`: their addresses.
    #[schema(nullable = false, pattern = "^(b64_json|url)?$", example = "url")]
    response_format: Option<String>,
    /// `png`, `jpeg` or `webp`, where the model lets it be chosen.
    #[schema(nullable = false, pattern = "^(jpeg|png|webp)?$", example = "")]
    output_format: Option<String>,
    /// Kept in the job's `metadata` under this name.
    #[schema(nullable = false, example = "")]
    user: Option<String>,
    /// Kept in the job's `metadata` under this name.
    #[schema(nullable = false, example = "")]
    safety_identifier: Option<String>,
    /// This and all that follows are not OpenAI's: as `POST /api/jobs` takes them. Its Python client sends them as `extra_body`.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    seed: Option<i64>,
    /// In place of `size`.
    #[schema(nullable = false, example = "")]
    aspect_ratio: Option<String>,
    /// As a word of the model's such as `2K`.
    #[schema(nullable = false, example = "")]
    resolution: Option<String>,
    /// `true` or `false`.
    #[schema(value_type = String, required = false, pattern = "^(true|false)?$", example = "")]
    enable_safety_checker: Option<bool>,
    /// More is more.
    #[schema(value_type = String, required = false, pattern = "^[0-9]*$", example = "")]
    safety_tolerance: Option<u8>,
    /// -100 to 100.
    #[schema(value_type = String, required = false, pattern = "^(-?[0-9]+)?$", example = "")]
    priority: Option<i16>,
    /// `default`, `prefer` or `bypass`.
    #[schema(nullable = false, pattern = "^(default|prefer|bypass)?$", example = "")]
    cache: Option<String>,
}
