//! Qwen Image Edit (fal docs: the table of other popular edit models; fal-js,
//! `types/endpoints.ts`, for the values of a field).

use super::field::size_names;
use super::{AT_LENGTH, Check, Field, Model, PNG_FIRST, PictureField, SizeRule, USUAL_PRICE};

const SIZE: SizeRule = SizeRule::any(size_names!());

const FIELDS: &[Field] = &[
    Field::new("image_size", Check::Size(&SIZE)),
    Field::new("num_images", Check::OnReading),
    Field::new("seed", Check::OnReading),
    Field::new("output_format", Check::OnReading),
    Field::new("enable_safety_checker", Check::Boolean),
    Field::new("negative_prompt", Check::Text),
    Field::new("num_inference_steps", Check::Integer(1..=50)),
    Field::new("guidance_scale", Check::Number(0.0..=20.0)),
    Field::new("acceleration", Check::OneOf(&["none", "regular", "high"])),
];

pub(super) const EDIT: Model = Model {
    pictures: PictureField::One,
    formats: &["png", "jpeg"],
    fields: Some(FIELDS),
    output: AT_LENGTH,
    price: USUAL_PRICE,
};

pub(super) const EDIT_PLUS: Model =
    Model { pictures: PictureField::Many, formats: PNG_FIRST, ..EDIT };

/// The same, with another default format.
pub(super) const EDIT_2511: Model = Model { formats: &["webp", "png", "jpeg"], ..EDIT_PLUS };
