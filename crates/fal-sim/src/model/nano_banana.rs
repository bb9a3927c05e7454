//! Nano Banana (fal docs: the table of other popular edit models; fal-js,
//! `types/endpoints.ts`, for the values of a field).

use super::{Check, Field, Model, OutputField, PNG_FIRST, PictureField, USUAL_PRICE};

const NUM_IMAGES: Field = Field::new("num_images", Check::OnReading);
const SEED: Field = Field::new("seed", Check::OnReading);
const FORMAT: Field = Field::new("output_format", Check::OnReading);
const TOLERANCE: Field =
    Field::new("safety_tolerance", Check::OneOf(&["1", "2", "3", "4", "5", "6"]));
const LIMIT: Field = Field::new("limit_generations", Check::Boolean);
const SEARCH: Field = Field::new("enable_web_search", Check::Boolean);
const SYSTEM: Field = Field::new("system_prompt", Check::Text);
const RATIO: Field = Field::new("aspect_ratio", Check::OneOf(RATIOS));

const RATIOS: &[&str] =
    &["auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"];

const MORE_RATIOS: &[&str] = &[
    "auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "4:1", "1:4",
    "8:1", "1:8",
];

pub(super) const FIRST: Model = Model {
    pictures: PictureField::Many,
    formats: PNG_FIRST,
    fields: Some(&[RATIO, NUM_IMAGES, SEED, FORMAT, TOLERANCE, LIMIT]),
    output: &[OutputField::Description],
    price: 39_000,
};

pub(super) const PRO: Model = Model {
    fields: Some(&[
        RATIO,
        Field::new("resolution", Check::OneOf(&["1K", "2K", "4K"])),
        NUM_IMAGES,
        SEED,
        FORMAT,
        TOLERANCE,
        LIMIT,
        SEARCH,
        SYSTEM,
    ]),
    price: USUAL_PRICE,
    ..FIRST
};

pub(super) const SECOND: Model = Model {
    fields: Some(&[
        Field::new("aspect_ratio", Check::OneOf(MORE_RATIOS)),
        Field::new("resolution", Check::OneOf(&["0.5K", "1K", "2K", "4K"])),
        NUM_IMAGES,
        SEED,
        FORMAT,
        TOLERANCE,
        LIMIT,
        SEARCH,
        SYSTEM,
        Field::new("thinking_level", Check::OneOf(&["minimal", "high"])),
    ]),
    price: USUAL_PRICE,
    ..FIRST
};
