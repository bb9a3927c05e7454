//! Reads descriptors; errors name the entry and the field at fault.

use serde::Deserialize;

use super::{
    Per, Price,
    descriptor::{ImageField, Model, Size},
    size::{parse_ratio, parse_sides},
};

/// Descriptors that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// It cannot be read.
    #[error("{file} cannot be read")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// `DEFAULT_MODEL` is none of them.
    #[error("DEFAULT_MODEL: there is no model {0:?}")]
    NoDefault(String),
    /// It is not TOML, or not a list of models.
    #[error("{file}: {problem}")]
    File {
        /// Which file.
        file: String,
        /// What is wrong, and where.
        problem: String,
    },
    /// An entry is not a model.
    #[error("{file}: model {entry}: {field}: {problem}")]
    Entry {
        /// Which file.
        file: String,
        /// The entry's id, or its place in the list where it has none.
        entry: String,
        /// Where in the entry.
        field: String,
        /// What is wrong.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    models: Vec<toml::Table>,
}

pub(super) fn models(file: &str, text: &str) -> Result<Vec<Model>, ModelsError> {
    let read: File = toml::from_str(text).map_err(|error| ModelsError::File {
        file: file.into(),
        problem: error.to_string().trim_end().into(),
    })?;
    let mut models: Vec<Model> = Vec::new();
    for (place, table) in (1..).zip(read.models) {
        let id = table.get("id").and_then(toml::Value::as_str);
        let entry = id.map_or_else(|| format!("number {place}"), |id| format!("{id:?}"));
        let wrong = |(field, problem)| ModelsError::Entry {
            file: file.into(),
            entry: entry.clone(),
            field,
            problem,
        };
        let model: Model = serde_path_to_error::deserialize(table).map_err(|error| {
            let field = error.path().to_string();
            wrong((field, error.into_inner().message().into()))
        })?;
        check(&model).map_err(|(field, problem)| wrong((field.into(), problem)))?;
        if models.iter().any(|known| known.id == model.id) {
            return Err(wrong(("id".into(), "is there twice".into())));
        }
        models.push(model);
    }
    Ok(models)
}

type Problem = (&'static str, String);

/// Checks what the types cannot express.
fn check(model: &Model) -> Result<(), Problem> {
    let require = |holds: bool, field, problem: &str| {
        if holds { Ok(()) } else { Err((field, String::from(problem))) }
    };
    let segments: Vec<&str> = model.id.split('/').collect();
    let is_path = segments.len() >= 2 && segments.iter().all(|part| is_segment(part));
    require(is_path, "id", "must be an endpoint of fal, such as owner/app/edit")?;
    require(!model.name.trim().is_empty(), "name", "must not be empty")?;
    let Price { usd, per, further_usd, usd_of, .. } = &model.price;
    let prices = usd_of.values().chain(further_usd).chain([usd]);
    let mut prices = prices.copied();
    let counts = |usd: f64| usd.is_finite() && usd >= 0.0;
    require(prices.all(counts), "price", "must be 0 or more")?;
    let is_dearer = usd_of.values().all(|of| of >= usd);
    require(is_dearer, "price.usd_of", "must be no less than usd, which is for all others")?;
    let is_counted = usd_of.is_empty() || *per == Per::Image;
    require(is_counted, "price.usd_of", "counts for prices by the image only")?;
    let is_known = usd_of.keys().all(|of| can_be_asked_for(&model.size, of));
    require(is_known, "price.usd_of", "must name resolutions of the model, or WIDTHxHEIGHT")?;
    require(model.images.most > 0, "images.most", "must be more than 0")?;
    let one = model.images.field == ImageField::ImageUrl && model.images.most > 1;
    require(!one, "images.most", "must be 1: image_url takes one picture")?;
    require(model.images.max_side > 0, "images.max_side", "must be more than 0")?;
    require(model.images.max_bytes > 0, "images.max_bytes", "must be more than 0")?;
    require(model.num_images != Some(0), "num_images", "must be more than 0")?;
    let ordered = model.safety.tolerance.is_none_or(|(least, most)| least <= most);
    require(ordered, "safety.tolerance", "must be [least, most]")?;
    check_size(&model.size)
}

fn can_be_asked_for(size: &Size, of: &str) -> bool {
    match size {
        Size::Ratio { resolutions, .. } => resolutions.iter().any(|resolution| resolution == of),
        Size::List { sizes, .. } => sizes.iter().any(|size| size == of),
        Size::Sides { .. } => parse_sides(of).is_some(),
    }
}

fn check_size(size: &Size) -> Result<(), Problem> {
    match size {
        Size::Sides {
            multiple_of,
            min_side,
            max_side,
            min_area,
            default_area,
            max_area,
            names: _,
        } => {
            let rising = [
                ("size.min_side", u64::from(*multiple_of), u64::from(*min_side)),
                ("size.max_side", u64::from(*min_side), u64::from(*max_side)),
                ("size.min_area", 1, *min_area),
                ("size.default_area", *min_area, *default_area),
                ("size.max_area", *default_area, *max_area),
            ];
            if *multiple_of == 0 {
                return Err(("size.multiple_of", "must be more than 0".into()));
            }
            let lower = rising.into_iter().find(|(_, least, value)| value < least);
            lower.map_or(Ok(()), |(field, least, _)| {
                Err((field, format!("must be {least} or more")))
            })
        }
        Size::Ratio { ratios, .. } => {
            listed("size.ratios", ratios, "WIDTH:HEIGHT", |ratio| parse_ratio(ratio).is_some())
        }
        Size::List { sizes, .. } => {
            listed("size.sizes", sizes, "WIDTHxHEIGHT", |size| parse_sides(size).is_some())
        }
    }
}

fn listed(
    field: &'static str,
    entries: &[String],
    form: &str,
    is_sound: impl Fn(&str) -> bool,
) -> Result<(), Problem> {
    if entries.is_empty() {
        return Err((field, "must not be empty".into()));
    }
    let odd = entries.iter().find(|entry| !is_sound(entry));
    odd.map_or(Ok(()), |odd| Err((field, format!("{odd:?} is not {form}"))))
}

/// Whether a URL's path keeps this segment as it is written.
fn is_segment(part: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !part.is_empty() && part.chars().all(plain) && part.chars().any(|letter| letter != '.')
}
