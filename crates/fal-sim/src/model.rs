//! The dialects of the edit models: which fields each reads and writes
//! (fal docs: models; the table of other popular edit models).

use image::ImageFormat;

/// The field that brings the input pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureField {
    /// `image_url`, one picture.
    One,
    /// `image_urls`, a list.
    Many,
    /// Either, for an endpoint that is not known here.
    Either,
}

/// What is peculiar to one endpoint.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) pictures: PictureField,
    /// The format of the output when the input does not choose one.
    pub(crate) format: ImageFormat,
    /// Whether one generation may give several pictures (`max_images`).
    pub(crate) max_images: bool,
    /// What the output says beside its pictures.
    pub(crate) says: &'static [Said],
}

/// Something an output says beside its pictures.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Said {
    Seed,
    Prompt,
    Timings,
    Nsfw,
    Description,
}

/// What the models say that have a safety checker of the diffusion kind.
const AT_LENGTH: &[Said] = &[Said::Seed, Said::Prompt, Said::Timings, Said::Nsfw];

const SEEDREAM: Model = Model {
    pictures: PictureField::Many,
    format: ImageFormat::Jpeg,
    max_images: true,
    says: &[Said::Seed],
};

/// The dialect of an endpoint id; the ones that are not listed get a forgiving one.
pub(crate) fn dialect(endpoint_id: &str) -> Model {
    match endpoint_id {
        "fal-ai/bytedance/seedream/v4/edit" | "bytedance/seedream/v5/lite/edit" => SEEDREAM,
        "fal-ai/bytedance/seedream/v4.5/edit" => Model { says: &[], ..SEEDREAM },
        "bytedance/seedream/v5/pro/edit" => Model { says: &[], max_images: false, ..SEEDREAM },
        "fal-ai/flux-pro/kontext" | "fal-ai/flux-pro/kontext/max" | "fal-ai/flux-kontext/dev" => {
            Model { pictures: PictureField::One, max_images: false, says: AT_LENGTH, ..SEEDREAM }
        }
        "fal-ai/flux-pro/kontext/multi" => Model { max_images: false, says: AT_LENGTH, ..SEEDREAM },
        "fal-ai/qwen-image-edit" => Model {
            pictures: PictureField::One,
            format: ImageFormat::Png,
            max_images: false,
            says: AT_LENGTH,
        },
        "fal-ai/nano-banana/edit" | "fal-ai/nano-banana-pro/edit" | "fal-ai/nano-banana-2/edit" => {
            Model {
                format: ImageFormat::Png,
                max_images: false,
                says: &[Said::Description],
                ..SEEDREAM
            }
        }
        "fal-ai/gpt-image-1.5/edit" | "openai/gpt-image-2/edit" => {
            Model { format: ImageFormat::Png, max_images: false, says: &[], ..SEEDREAM }
        }
        _ => Model { pictures: PictureField::Either, max_images: false, ..SEEDREAM },
    }
}
