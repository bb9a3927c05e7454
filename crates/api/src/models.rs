//! What can edit: the models on offer, with their options and prices.

use std::collections::BTreeMap;

use actix_web::web;
use darkroom_core::models::{Model, Size};
use serde::Serialize;
use utoipa::ToSchema;

use crate::State;

pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/api/models").get(list).head(list));
}

/// A model that can edit.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(crate) struct ModelView {
    /// What `model` names on create.
    #[schema(example = "fal-ai/bytedance/seedream/v4/edit")]
    id: String,
    /// For people.
    #[schema(example = "Seedream 4.0")]
    name: String,
    /// Whether it edits when nobody says which.
    default: bool,
    /// How long an edit usually takes, in seconds.
    typical_seconds: u32,
    price: PriceView,
    /// How many pictures it takes.
    max_images: usize,
    /// The options that it takes, by name. One that is not there is refused, unless it asks for what the
    /// model does anyway.
    options: BTreeMap<&'static str, OptionView>,
}

/// What an edit costs.
#[derive(Serialize, ToSchema)]
#[schema(as = Price)]
struct PriceView {
    /// US dollars for each image, or for an image's first megapixel.
    #[schema(example = 0.03)]
    usd: f64,
    /// `image` or `megapixel`.
    #[schema(example = "image")]
    per: &'static str,
    /// US dollars for each further megapixel; null where it is no different or not counted.
    #[schema(required)]
    further_usd: Option<f64>,
    /// US dollars for an image of a resolution or size of which it is another price.
    #[schema(example = json!({"4K": 0.3}))]
    usd_of: BTreeMap<String, f64>,
    /// Whether it may be off: it is not from the provider's price list.
    estimate: bool,
}

/// What an option may be. Which of these are there depends on its kind.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = ModelOption)]
struct OptionView {
    /// Least, of a number or a side in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    minimum: Option<u64>,
    /// Most, of a number or a side in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    maximum: Option<u64>,
    /// Fewest pixels in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    min_pixels: Option<u64>,
    /// Most pixels in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_pixels: Option<u64>,
    /// What both sides must be a multiple of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    multiple_of: Option<u32>,
    /// The most that one side may be of the other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max_ratio: Option<f64>,
    /// Words to choose from. Where there are a minimum and a maximum too, sides in pixels may be given
    /// instead.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<String>,
}

/// List the models
#[utoipa::path(get, path = "/api/models", tag = "models", operation_id = "list_models",
    responses((status = 200, description = "All models, with what each takes and costs", body = Vec<ModelView>)))]
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
