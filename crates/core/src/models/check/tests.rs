//! What is refused, and how it is named.

use super::OptionCode;
use crate::models::{DEFAULT, Models, Options};

/// The code and field that these options are refused with.
fn refused(model: &str, options: &[(&str, &str)], images: usize) -> Option<(OptionCode, String)> {
    let models = Models::new(None, DEFAULT).unwrap();
    let mut wishes = Options::default();
    let set = options.iter().try_for_each(|(name, text)| wishes.set(name, text));
    let checked = set.and_then(|()| models.find(model).unwrap().check(&wishes, images));
    checked.err().map(|problem| (problem.code, problem.field))
}

const SEEDREAM: &str = "fal-ai/bytedance/seedream/v4/edit";
const SEEDREAM_5: &str = "bytedance/seedream/v5/lite/edit";
const KONTEXT: &str = "fal-ai/flux-pro/kontext";
const FLUX_2: &str = "fal-ai/flux-2-pro/edit";
const BANANA_PRO: &str = "fal-ai/nano-banana-pro/edit";
const GPT: &str = "fal-ai/gpt-image-1.5/edit";

#[test]
fn what_a_model_takes_is_taken() {
    for (model, options, images) in [
        (SEEDREAM, &[("num_images", "6"), ("seed", "9223372036854775807")][..], 10),
        (SEEDREAM, &[("image_size", "4096x4096")], 1),
        (SEEDREAM, &[("image_size", " auto_4K "), ("enable_safety_checker", "false")], 1),
        (SEEDREAM, &[("aspect_ratio", "16:9")], 1),
        (KONTEXT, &[("aspect_ratio", "21:9"), ("safety_tolerance", "6")], 1),
        (KONTEXT, &[("output_format", "png"), ("num_images", "1")], 1),
        (FLUX_2, &[("num_images", "1"), ("image_size", "1024x1536")], 9),
        (BANANA_PRO, &[("resolution", "4K"), ("aspect_ratio", "auto")], 14),
        (GPT, &[("image_size", "1024x1536"), ("output_format", "webp")], 1),
        (GPT, &[("image_size", "auto")], 1),
        (GPT, &[("aspect_ratio", "3:2")], 1),
    ] {
        assert_eq!(refused(model, options, images), None, "{model} {options:?}");
    }
}

#[test]
fn what_a_model_does_not_take_is_refused_by_its_name() {
    let (invalid, missing) = (OptionCode::InvalidOption, OptionCode::OptionNotSupported);
    for (model, option, code) in [
        (SEEDREAM, ("num_images", "7"), invalid),
        (SEEDREAM, ("num_images", "0"), invalid),
        (SEEDREAM, ("num_images", "-1"), invalid),
        (SEEDREAM, ("num_images", "many"), invalid),
        (SEEDREAM, ("seed", "-1"), invalid),
        (SEEDREAM, ("seed", "1.5"), invalid),
        (SEEDREAM, ("seed", "9223372036854775808"), invalid),
        (SEEDREAM_5, ("seed", "1"), missing),
        (SEEDREAM, ("image_size", "512x512"), invalid),
        (SEEDREAM, ("image_size", "5000x1000"), invalid),
        (SEEDREAM, ("image_size", "0x0"), invalid),
        (SEEDREAM, ("image_size", "huge"), invalid),
        (SEEDREAM_5, ("image_size", "auto"), invalid),
        (SEEDREAM, ("aspect_ratio", "40:1"), invalid),
        (SEEDREAM, ("aspect_ratio", "wide"), invalid),
        (SEEDREAM, ("output_format", "png"), missing),
        (KONTEXT, ("output_format", "webp"), invalid),
        (KONTEXT, ("output_format", "tiff"), invalid),
        (KONTEXT, ("image_size", "1024x1024"), missing),
        (KONTEXT, ("aspect_ratio", "5:4"), invalid),
        (KONTEXT, ("safety_tolerance", "7"), invalid),
        (KONTEXT, ("enable_safety_checker", "false"), missing),
        (SEEDREAM, ("enable_safety_checker", "perhaps"), invalid),
        (FLUX_2, ("num_images", "2"), missing),
        (FLUX_2, ("image_size", "1001x1001"), invalid),
        (SEEDREAM, ("resolution", "4K"), missing),
        (BANANA_PRO, ("resolution", "8K"), invalid),
        (GPT, ("image_size", "800x600"), invalid),
        (GPT, ("aspect_ratio", "16:9"), invalid),
        (GPT, ("seed", "1"), missing),
        (SEEDREAM, ("strength", "1"), OptionCode::UnknownField),
    ] {
        let expected = Some((code, option.0.to_owned()));
        assert_eq!(refused(model, &[option], 1), expected, "{model} {option:?}");
    }
}

#[test]
fn more_pictures_than_a_model_takes_are_refused() {
    assert_eq!(refused(KONTEXT, &[], 2), Some((OptionCode::TooManyImages, "image".into())));
    assert_eq!(refused(SEEDREAM, &[], 11), Some((OptionCode::TooManyImages, "image".into())));
}

#[test]
fn a_size_is_said_in_one_way_only() {
    let both = [("image_size", "auto"), ("aspect_ratio", "1:1")];

    assert_eq!(
        refused(SEEDREAM, &both, 1),
        Some((OptionCode::InvalidOption, "aspect_ratio".into()))
    );
}
