//! FLUX (fal docs: the table of other popular edit models; fal-js,
//! `types/endpoints.ts`, for the values of a field).

use super::field::size_names;
use super::{
    AT_LENGTH, Check, Field, JPEG_OR_PNG, Model, OutputField, PictureField, SizeRule, USUAL_PRICE,
};

const NUM_IMAGES: Field = Field::new("num_images", Check::OnReading);
const SEED: Field = Field::new("seed", Check::OnReading);
const FORMAT: Field = Field::new("output_format", Check::OnReading);
const SAFETY: Field = Field::new("enable_safety_checker", Check::Boolean);
const GUIDANCE: Field = Field::new("guidance_scale", Check::Number(1.0..=20.0));
const ENHANCE: Field = Field::new("enhance_prompt", Check::Boolean);

const RATIOS: &[&str] = &["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"];

const MODES: &[&str] = &[
    "auto",
    "match_input",
    "1:1",
    "16:9",
    "21:9",
    "3:2",
    "2:3",
    "4:5",
    "5:4",
    "3:4",
    "4:3",
    "9:16",
    "9:21",
];

const FLUX_2_SIZE: SizeRule = SizeRule::any(size_names!("auto"));

pub(super) const KONTEXT: Model = Model {
    pictures: PictureField::One,
    formats: JPEG_OR_PNG,
    fields: Some(&[
        Field::new("aspect_ratio", Check::OneOf(RATIOS)),
        NUM_IMAGES,
        SEED,
        FORMAT,
        Field::new("safety_tolerance", Check::OneOf(&["1", "2", "3", "4", "5", "6"])),
        GUIDANCE,
        ENHANCE,
    ]),
    output: AT_LENGTH,
    price: 40_000,
};

pub(super) const KONTEXT_MULTI: Model = Model { pictures: PictureField::Many, ..KONTEXT };

pub(super) const KONTEXT_DEV: Model = Model {
    fields: Some(&[
        Field::new("resolution_mode", Check::OneOf(MODES)),
        NUM_IMAGES,
        SEED,
        FORMAT,
        SAFETY,
        Field::new("num_inference_steps", Check::Integer(1..=50)),
        GUIDANCE,
        ENHANCE,
        Field::new("acceleration", Check::OneOf(&["none", "regular", "high"])),
    ]),
    price: USUAL_PRICE,
    ..KONTEXT
};

/// It makes one picture per request, and has two fields about safety.
pub(super) const FLUX_2_PRO: Model = Model {
    pictures: PictureField::Many,
    fields: Some(&[
        Field::new("image_size", Check::Size(&FLUX_2_SIZE)),
        SEED,
        FORMAT,
        SAFETY,
        Field::new("safety_tolerance", Check::OneOf(&["1", "2", "3", "4", "5"])),
    ]),
    output: &[OutputField::Seed],
    price: 30_000,
    ..KONTEXT
};
