//! The size of an output (fal docs: Seedream input, and the size dialects of others).

use serde_json::{Value, json};

use crate::answer::Detail;

/// The longest side that an input may ask for.
const LONGEST_SIDE: u32 = 4096;

/// The most for the longer side of an output whose size follows the input picture.
const FOLLOWING_SIDE: u32 = 2048;

/// The default for a side that a size object leaves out (fal docs: the generic trap).
const MISSING_SIDE: u64 = 512;

/// What an input says about the size of its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputSize {
    /// The size of the input picture, within the limit.
    Input,
    Exact(u32, u32),
    /// The shape of the input picture, with this longer side.
    LongerSide(u32),
    /// This shape, with the longer side of the input picture, within the limit.
    Ratio(u32, u32),
}

impl OutputSize {
    /// Reads `image_size`, else `aspect_ratio` (or `resolution_mode`), else `resolution`.
    pub(crate) fn read(body: &Value) -> Result<Self, Detail> {
        let given = |field: &str| body.get(field).filter(|value| !value.is_null()).cloned();
        if let Some(size) = given("image_size") {
            return read_size(&size);
        }
        for field in ["aspect_ratio", "resolution_mode"] {
            if let Some(ratio) = given(field) {
                return read_ratio(field, &ratio);
            }
        }
        match given("resolution") {
            Some(resolution) => named(resolution.as_str().unwrap_or_default())
                .ok_or_else(|| one_of("resolution", &["1K", "2K", "4K"], &resolution)),
            None => Ok(Self::Input),
        }
    }

    /// The output's sides for an input picture of these sides.
    pub(crate) fn of(self, (width, height): (u32, u32)) -> (u32, u32) {
        let longer = width.max(height);
        match self {
            Self::Exact(width, height) => (width, height),
            Self::Input => shaped(width, height, longer.min(FOLLOWING_SIDE)),
            Self::LongerSide(side) => shaped(width, height, side),
            Self::Ratio(across, down) => shaped(across, down, longer.min(FOLLOWING_SIDE)),
        }
    }
}

/// The sides of a shape whose longer side is given.
fn shaped(across: u32, down: u32, longer: u32) -> (u32, u32) {
    let scaled = |part: u32| {
        let side = u64::from(part) * u64::from(longer) / u64::from(across.max(down).max(1));
        u32::try_from(side).unwrap_or(longer).max(1)
    };
    (scaled(across), scaled(down))
}

fn read_size(value: &Value) -> Result<OutputSize, Detail> {
    if let Some(name) = value.as_str() {
        return named(name).ok_or_else(|| {
            let names = ["square_hd", "square", "portrait_4_3", "portrait_16_9"];
            let more = ["landscape_4_3", "landscape_16_9", "auto", "auto_2K", "auto_4K"];
            one_of("image_size", &[&names[..], &more[..]].concat(), value)
        });
    }
    let (width, height) = read_sides(value)?;
    Ok(OutputSize::Exact(width, height))
}

/// Both sides of a size object.
pub(crate) fn read_sides(value: &Value) -> Result<(u32, u32), Detail> {
    if !value.is_object() {
        let msg = "Input should be a valid dictionary or a size name";
        return Err(Detail::about("image_size", "model_attributes_type", msg, value));
    }
    Ok((read_side(value, "width")?, read_side(value, "height")?))
}

fn read_side(object: &Value, name: &str) -> Result<u32, Detail> {
    let value = object.get(name).cloned().unwrap_or_else(|| json!(MISSING_SIDE));
    let wrong = |kind, msg: &str| {
        let mut detail = Detail::about("image_size", kind, msg, &value);
        detail.loc.push(json!(name));
        detail
    };
    let side =
        value.as_u64().ok_or_else(|| wrong("int_type", "Input should be a valid integer"))?;
    if side == 0 {
        return Err(wrong("greater_than", "Input should be greater than 0").with(json!({"gt": 0})));
    }
    u32::try_from(side).ok().filter(|side| *side <= LONGEST_SIDE).ok_or_else(|| {
        let msg = format!("Input should be less than or equal to {LONGEST_SIDE}");
        wrong("less_than_equal", &msg).with(json!({"le": LONGEST_SIDE}))
    })
}

/// The size of a name. fal does not document their pixels, but the names tell the shapes.
fn named(name: &str) -> Option<OutputSize> {
    Some(match name {
        "square_hd" => OutputSize::Exact(1024, 1024),
        "square" => OutputSize::Exact(512, 512),
        "portrait_4_3" => OutputSize::Exact(768, 1024),
        "portrait_16_9" => OutputSize::Exact(576, 1024),
        "landscape_4_3" => OutputSize::Exact(1024, 768),
        "landscape_16_9" => OutputSize::Exact(1024, 576),
        "auto" => OutputSize::Input,
        "0.5K" => OutputSize::LongerSide(512),
        "auto_1K" | "1K" => OutputSize::LongerSide(1024),
        "auto_2K" | "2K" => OutputSize::LongerSide(2048),
        "auto_3K" => OutputSize::LongerSide(3072),
        "auto_4K" | "4K" => OutputSize::LongerSide(4096),
        sides => {
            let (width, height) = pair(sides, 'x')?;
            let fits = width.max(height) <= LONGEST_SIDE;
            fits.then_some(OutputSize::Exact(width, height))?
        }
    })
}

fn read_ratio(field: &str, value: &Value) -> Result<OutputSize, Detail> {
    match value.as_str() {
        Some("auto" | "match_input") => Ok(OutputSize::Input),
        text => text
            .and_then(|text| pair(text, ':'))
            .filter(|(across, down)| across.max(down) <= &100)
            .map(|(across, down)| OutputSize::Ratio(across, down))
            .ok_or_else(|| one_of(field, &["auto", "21:9", "16:9", "1:1", "9:16"], value)),
    }
}

fn pair(text: &str, between: char) -> Option<(u32, u32)> {
    let (first, second) = text.split_once(between)?;
    let (first, second) = (first.parse().ok()?, second.parse().ok()?);
    (first > 0 && second > 0).then_some((first, second))
}

fn one_of(field: &str, expected: &[&str], value: &Value) -> Detail {
    let msg = format!("Input should be one of {}", expected.join(", "));
    Detail::about(field, "one_of", msg, value).with(json!({"expected": expected}))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::OutputSize;

    fn size(body: &serde_json::Value, input: (u32, u32)) -> (u32, u32) {
        OutputSize::read(body).unwrap().of(input)
    }

    #[test]
    fn a_size_is_an_object_a_name_a_ratio_or_the_inputs_own() {
        let input = (4000, 3000);

        assert_eq!(size(&json!({"image_size": {"width": 300, "height": 200}}), input), (300, 200));
        assert_eq!(size(&json!({"image_size": {"width": 300}}), input), (300, 512));
        assert_eq!(size(&json!({"image_size": "landscape_16_9"}), input), (1024, 576));
        assert_eq!(size(&json!({"image_size": "auto_4K"}), input), (4096, 3072));
        assert_eq!(size(&json!({"image_size": "1536x1024"}), input), (1536, 1024));
        assert_eq!(size(&json!({"aspect_ratio": "16:9"}), (320, 240)), (320, 180));
        assert_eq!(size(&json!({}), input), (2048, 1536));
        assert_eq!(size(&json!({}), (320, 240)), (320, 240));
    }

    #[test]
    fn a_size_that_is_none_is_refused_by_its_kind() {
        let kind = |body| OutputSize::read(&body).unwrap_err().kind;

        assert_eq!(kind(json!({"image_size": "huge"})), "one_of");
        assert_eq!(kind(json!({"image_size": {"width": 0}})), "greater_than");
        assert_eq!(kind(json!({"image_size": {"width": 9000}})), "less_than_equal");
        assert_eq!(kind(json!({"aspect_ratio": "wide"})), "one_of");
    }
}
