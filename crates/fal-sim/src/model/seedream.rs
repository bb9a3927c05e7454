//! Seedream (fal docs: Seedream input, the table of other popular edit models).

use super::field::size_names;
use super::{Check, Field, JPEG_OR_PNG, Model, OutputField, PictureField, SizeRule, USUAL_PRICE};

const NUM_IMAGES: Field = Field::new("num_images", Check::OnReading);
const MAX_IMAGES: Field = Field::new("max_images", Check::OnReading);
const SEED: Field = Field::new("seed", Check::OnReading);
const SAFETY: Field = Field::new("enable_safety_checker", Check::Boolean);

const V4_SIZE: SizeRule = SizeRule::any(size_names!("auto", "auto_2K", "auto_4K"));

/// Both sides within bounds, or else the area; there is no `auto`.
const V4_5_SIZE: SizeRule = SizeRule {
    names: size_names!("auto_2K", "auto_4K"),
    sides: 1920..=4096,
    area: 2560 * 1440..=4096 * 4096,
};

const V5_LITE_SIZE: SizeRule = SizeRule::any(size_names!("auto_2K", "auto_3K", "auto_4K"));

const V5_PRO_SIZE: SizeRule = SizeRule {
    names: size_names!("auto_1K", "auto_2K"),
    sides: 1024..=2048,
    area: 1024 * 1024..=2048 * 2048,
};

pub(super) const V4: Model = Model {
    pictures: PictureField::Many,
    formats: &["jpeg"],
    fields: Some(&[
        Field::new("image_size", Check::Size(&V4_SIZE)),
        NUM_IMAGES,
        MAX_IMAGES,
        SEED,
        SAFETY,
        Field::new("enhance_prompt_mode", Check::OneOf(&["standard", "fast"])),
    ]),
    output: &[OutputField::Seed],
    price: 30_000,
};

pub(super) const V4_5: Model = Model {
    fields: Some(&[
        Field::new("image_size", Check::Size(&V4_5_SIZE)),
        NUM_IMAGES,
        MAX_IMAGES,
        SEED,
        SAFETY,
    ]),
    output: &[],
    price: USUAL_PRICE,
    ..V4
};

/// Its output has a seed, but its input takes none.
pub(super) const V5_LITE: Model = Model {
    fields: Some(&[
        Field::new("image_size", Check::Size(&V5_LITE_SIZE)),
        NUM_IMAGES,
        MAX_IMAGES,
        SAFETY,
    ]),
    price: USUAL_PRICE,
    ..V4
};

pub(super) const V5_PRO: Model = Model {
    formats: JPEG_OR_PNG,
    fields: Some(&[
        Field::new("image_size", Check::Size(&V5_PRO_SIZE)),
        NUM_IMAGES,
        SAFETY,
        Field::new("output_format", Check::OnReading),
    ]),
    output: &[],
    price: USUAL_PRICE,
    ..V4
};
