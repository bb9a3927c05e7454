//! `/api/models`: the models on offer, with their options and prices.

use std::collections::BTreeMap;

use actix_web::web;
use darkroom_core::models::{Model, Size};
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api/models").get(list).head(list));
}

/// An AI model that makes edits.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelView {
    /// The model's id: what a request for a job sends as `model`.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    id: String,
    /// The model's name, for people.
    #[schema(example = "Seedream 4.0")]
    name: String,
    /// Whether a job that names no model uses this one.
    default: bool,
    /// How long an edit usually takes, in seconds.
    typical_seconds: u32,
    /// What an edit costs.
    price: PriceView,
    /// How many input images it takes at most.
    max_images: usize,
    /// The options that it takes, by name. Any other option is refused, unless it asks for what the model does anyway.
    options: BTreeMap<&'static str, OptionView>,
}

/// What an edit costs.
#[derive(Serialize, ToSchema)]
#[schema(as = Price)]
struct PriceView {
    /// US dollars for each image, or for an image's first megapixel; `per` says which.
    #[schema(example = 0.03)]
    usd: f64,
    /// `image` or `megapixel`.
    #[schema(example = "image")]
    per: &'static str,
    /// US dollars for each further megapixel; null where it costs as much as the first, or megapixels are not counted.
    #[schema(required)]
    further_usd: Option<f64>,
    /// US dollars for an image of a resolution or size that has a price of its own, by resolution or size.
    #[schema(example = json!({"4K": 0.3}))]
    usd_of: BTreeMap<String, f64>,
    /// Whether the price may be wrong, because it is not from the provider's price list.
    estimate: bool,
}

/// What values an option takes. Which of these fields are there depends on the kind of option.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = ModelOption)]
struct OptionView {
    /// The least value of a number, or the least length of a side in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    minimum: Option<u64>,
    /// The greatest value of a number, or the greatest length of a side in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    maximum: Option<u64>,
    /// The fewest pixels of the whole image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    min_pixels: Option<u64>,
    /// The most pixels of the whole image.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_pixels: Option<u64>,
    /// Both sides must be a multiple of this many pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    multiple_of: Option<u32>,
    /// The greatest ratio of the longer side to the shorter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_ratio: Option<f64>,
    /// Values to choose from. Where there are also a minimum and a maximum, the sides in pixels may be given instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

/// List the models
#[utoipa::path(get, path = "/api/models", tag = "models", operation_id = "list_models",
    responses((status = 200, description = "All models, with their options and prices", body = Vec<ModelView>)))]
pub(crate) async fn list(state: web::Data<State>) -> web::Json<Vec<ModelView>> {
    let default = state.models.default_id();
    web::Json(state.models.iter().map(|model| ModelView::new(model, default)).collect())
}

impl ModelView {
    fn new(model: &Model, default: &str) -> Self {
        Self {
            id: model.id.clone(),
            name: model.name.clone(),
            default: model.id == default,
            typical_seconds: model.typical_seconds,
            price: PriceView {
                usd: model.price.usd,
                per: model.price.per.as_str(),
                further_usd: model.price.further_usd,
                usd_of: model.price.usd_of.clone(),
                estimate: model.price.estimate,
            },
            max_images: model.images.most,
            options: options(model),
        }
    }
}

fn options(model: &Model) -> BTreeMap<&'static str, OptionView> {
    let mut options = BTreeMap::new();
    if let Some(most) = model.num_images {
        options.insert("num_images", OptionView::numbers(1, most.into()));
    }
    if model.seed {
        options.insert("seed", OptionView::numbers(0, i64::MAX.unsigned_abs()));
    }
    if !model.output_formats.is_empty() {
        let formats = model.output_formats.iter().map(|format| format.as_str());
        options.insert("output_format", OptionView::words(formats));
    }
    if model.safety.checker {
        options.insert("enable_safety_checker", OptionView::words(["true", "false"]));
    }
    if let Some((least, most)) = model.safety.tolerance {
        options.insert("safety_tolerance", OptionView::numbers(least.into(), most.into()));
    }
    size(&model.size, &mut options);
    options
}

fn size(size: &Size, options: &mut BTreeMap<&'static str, OptionView>) {
    let automatic = |auto: bool| auto.then_some("auto");
    match size {
        Size::Sides { multiple_of, min_side, max_side, min_area, max_area, names, .. } => {
            let sides = OptionView {
                min_pixels: Some(*min_area),
                max_pixels: Some(*max_area),
                multiple_of: Some(*multiple_of),
                values: names.clone(),
                ..OptionView::numbers((*min_side).into(), (*max_side).into())
            };
            options.insert("image_size", sides);
            let ratio = OptionView { max_ratio: Some(size.max_ratio()), ..OptionView::default() };
            options.insert("aspect_ratio", ratio);
        }
        Size::Ratio { ratios, auto, resolutions } => {
            let ratios = ratios.iter().map(String::as_str).chain(automatic(*auto));
            options.insert("aspect_ratio", OptionView::words(ratios));
            if !resolutions.is_empty() {
                let resolutions = resolutions.iter().map(String::as_str);
                options.insert("resolution", OptionView::words(resolutions));
            }
        }
        Size::List { sizes, auto } => {
            let sizes = sizes.iter().map(String::as_str).chain(automatic(*auto));
            options.insert("image_size", OptionView::words(sizes));
            let ratios = size.listed_ratios();
            options.insert("aspect_ratio", OptionView { values: ratios, ..OptionView::default() });
        }
    }
}

impl OptionView {
    fn numbers(minimum: u64, maximum: u64) -> Self {
        Self { minimum: Some(minimum), maximum: Some(maximum), ..Self::default() }
    }

    fn words<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        Self { values: values.into_iter().map(Into::into).collect(), ..Self::default() }
    }
}
