//! GPT Image (fal docs: the table of other popular edit models; fal-js,
//! `types/endpoints.ts`, for the values of a field).

use super::field::size_names;
use super::{Check, Field, Model, PNG_FIRST, PictureField, SizeRule, USUAL_PRICE};

const NUM_IMAGES: Field = Field::new("num_images", Check::OnReading);
const FORMAT: Field = Field::new("output_format", Check::OnReading);
const QUALITY: Field = Field::new("quality", Check::OneOf(&["auto", "low", "medium", "high"]));

const V2_SIZE: SizeRule = SizeRule::any(size_names!("auto"));

pub(super) const V1_5: Model = Model {
    pictures: PictureField::Many,
    formats: PNG_FIRST,
    fields: Some(&[
        Field::new("image_size", Check::OneOf(&["auto", "1024x1024", "1536x1024", "1024x1536"])),
        NUM_IMAGES,
        FORMAT,
        Field::new("quality", Check::OneOf(&["low", "medium", "high"])),
        Field::new("background", Check::OneOf(&["auto", "transparent", "opaque"])),
        Field::new("input_fidelity", Check::OneOf(&["low", "high"])),
        Field::new("mask_image_url", Check::Text),
    ]),
    output: &[],
    price: USUAL_PRICE,
};

pub(super) const V2: Model = Model {
    fields: Some(&[
        Field::new("image_size", Check::Size(&V2_SIZE)),
        NUM_IMAGES,
        FORMAT,
        QUALITY,
        Field::new("mask_url", Check::Text),
    ]),
    ..V1_5
};
