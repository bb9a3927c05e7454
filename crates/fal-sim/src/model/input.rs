//! Reads a model's input, with every reason to refuse it (fal docs: model errors).

use image::ImageFormat;
use serde_json::{Value, json};

use super::seed::Seed;
use super::size::OutputSize;
use super::{Model, PictureField};
use crate::answer::{Detail, shortened};

/// If more pictures are sent, only the last ones are used, without an error (fal docs: Seedream input).
const MOST_PICTURES: usize = 10;

/// The most input and output pictures of one request together (fal docs: Seedream input).
const MOST_TOGETHER: u32 = 15;

/// An input that the model can work with.
pub(crate) struct ModelInput {
    pub(crate) prompt: String,
    /// The field the pictures came in.
    pub(crate) field: &'static str,
    /// The pictures' URLs, each with its index in the list that was sent.
    pub(crate) pictures: Vec<(usize, String)>,
    pub(crate) size: OutputSize,
    /// How many pictures to make.
    pub(crate) count: u32,
    pub(crate) seed: Seed,
    pub(crate) format: ImageFormat,
    /// Whether the output's pictures are data URIs inside the answer.
    pub(crate) sync_mode: bool,
}

impl ModelInput {
    pub(crate) fn read(model: &Model, body: &Value) -> Result<Self, Vec<Detail>> {
        let Some(fields) = body.as_object() else {
            let msg = "Input should be a valid dictionary";
            let mut detail = Detail::about("", "model_attributes_type", msg, body);
            detail.loc.pop();
            return Err(vec![detail]);
        };
        let (body, wrong) = model.sift(fields);
        let body = &body;
        let mut faults = Vec::new();
        let mut note = |fault: Detail| faults.push(fault);

        let prompt = prompt(body).map_err(&mut note).ok();
        let pictures = pictures(model.pictures, body).map_err(&mut note).ok();
        let size = OutputSize::read(body).map_err(&mut note).ok();
        let wanted = count(body, "num_images").map_err(&mut note).ok();
        let each = count(body, "max_images").map_err(&mut note).ok();
        let seed = seed(body).map_err(&mut note).ok();
        let format = format(model, body).map_err(&mut note).ok();

        let read = (prompt, pictures, size, wanted, each, seed, format);
        let (
            Some(prompt),
            Some((field, pictures)),
            Some(size),
            Some(wanted),
            Some(each),
            Some(seed),
            Some(format),
        ) = read
        else {
            faults.extend(wrong);
            return Err(faults);
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let sent = u32::try_from(pictures.len()).unwrap_or(MOST_TOGETHER);
        Ok(Self {
            prompt,
            field,
            pictures,
            size,
            count: (wanted * each).min(MOST_TOGETHER.saturating_sub(sent)).max(wanted),
            seed,
            format,
            sync_mode: body.get("sync_mode").and_then(Value::as_bool).unwrap_or(false),
        })
    }
}

fn missing(field: &str, body: &Value) -> Detail {
    Detail::about(field, "missing", "Field required", &shortened(body))
}

fn prompt(body: &Value) -> Result<String, Detail> {
    let value = body.get("prompt").ok_or_else(|| missing("prompt", body))?;
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| {
        Detail::about("prompt", "string_type", "Input should be a valid string", value)
    })
}

type Pictures = (&'static str, Vec<(usize, String)>);

fn pictures(field: PictureField, body: &Value) -> Result<Pictures, Detail> {
    let one = match field {
        PictureField::One => true,
        PictureField::Many => false,
        PictureField::Either => body.get("image_urls").is_none() && body.get("image_url").is_some(),
    };
    let field = if one { "image_url" } else { "image_urls" };
    let value = body.get(field).ok_or_else(|| missing(field, body))?;
    let no_text = || Detail::about(field, "string_type", "Input should be a valid string", value);
    if one {
        let url = value.as_str().ok_or_else(no_text)?;
        return Ok((field, vec![(0, url.to_owned())]));
    }

    let list = value
        .as_array()
        .ok_or_else(|| Detail::about(field, "list_type", "Input should be a valid list", value))?;
    if list.is_empty() {
        let msg = "List should have at least 1 item";
        let detail = Detail::about(field, "sequence_too_short", msg, value);
        return Err(detail.with(json!({"min_length": 1})));
    }
    let used = list.iter().enumerate().skip(list.len().saturating_sub(MOST_PICTURES));
    let urls = used.map(|(place, url)| {
        let url = url.as_str().ok_or_else(|| no_text().at(place))?;
        Ok((place, url.to_owned()))
    });
    Ok((field, urls.collect::<Result<_, Detail>>()?))
}

fn count(body: &Value, field: &str) -> Result<u32, Detail> {
    let value = match body.get(field) {
        None | Some(Value::Null) => return Ok(1),
        Some(value) => value,
    };
    let number = value.as_i64().ok_or_else(|| {
        Detail::about(field, "int_type", "Input should be a valid integer", value)
    })?;
    match number {
        ..1 => Err(Detail::about(
            field,
            "greater_than_equal",
            "Input should be greater than or equal to 1",
            value,
        )
        .with(json!({"ge": 1}))),
        7.. => Err(Detail::about(
            field,
            "less_than_equal",
            "Input should be less than or equal to 6",
            value,
        )
        .with(json!({"le": 6}))),
        number => Ok(u32::try_from(number).unwrap_or(1)),
    }
}

fn seed(body: &Value) -> Result<Seed, Detail> {
    match body.get("seed") {
        None | Some(Value::Null) => Ok(Seed::random()),
        Some(value) => Seed::read(value).ok_or_else(|| {
            Detail::about("seed", "int_type", "Input should be a valid integer", value)
        }),
    }
}

fn format(model: &Model, body: &Value) -> Result<ImageFormat, Detail> {
    let value = body.get("output_format").filter(|value| !value.is_null());
    let name = match value {
        None => model.formats.first().copied(),
        Some(value) => value.as_str().filter(|name| model.formats.contains(name)),
    };
    match name {
        Some("jpeg") => Ok(ImageFormat::Jpeg),
        Some("png") => Ok(ImageFormat::Png),
        Some("webp") => Ok(ImageFormat::WebP),
        _ => {
            let msg = format!("Input should be one of {}", model.formats.join(", "));
            let value = value.unwrap_or(&Value::Null);
            let detail = Detail::about("output_format", "one_of", msg, value);
            Err(detail.with(json!({"expected": model.formats})))
        }
    }
}
