//! The AI models on offer: what each takes, what it costs, and how to ask it.
//!
//! A model is a [`Model`] descriptor in a TOML file: `models.toml`, which is embedded, extended and
//! overridden by the file that `MODELS_FILE` names. Adding a model is adding an entry.
//!
//! Callers state their [`Options`] in one vocabulary for all models. [`Model::check`] compares them
//! with the descriptor before anything is stored or paid for; [`Model::input`] translates them into
//! the model's own dialect.

mod check;
mod descriptor;
mod input;
mod options;
mod price;
mod read;
mod size;

use std::sync::Arc;

pub use check::{OptionCode, OptionProblem};
pub use descriptor::{ImageField, Images, Model, Safety, Size};
pub use input::Request;
pub use options::{AspectRatio, ImageSize, Options, OutputFormat};
pub use price::{Per, Price};
pub use read::ModelsError;

use crate::config;

/// The model of a job that names none, unless `DEFAULT_MODEL` is set.
pub const DEFAULT: &str = "fal-ai/bytedance/seedream/v4/edit";

/// The embedded descriptors.
const EMBEDDED: &str = include_str!("../models.toml");

/// The models on offer, in order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Models {
    all: Arc<[Model]>,
    /// Index of the default model.
    default: usize,
}

impl Models {
    /// The embedded models, and those of the file that the settings name.
    pub fn load(settings: &config::Jobs) -> Result<Self, ModelsError> {
        let file = match &settings.models_file {
            Some(path) => {
                let name = format!("MODELS_FILE {}", path.display());
                let text = std::fs::read_to_string(path)
                    .map_err(|source| ModelsError::Unreadable { file: name.clone(), source })?;
                Some((name, text))
            }
            None => None,
        };
        let file = file.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        Self::new(file, &settings.default_model)
    }

    /// The embedded models and those of `file` (its name, for errors, and its TOML). `default` is the id of
    /// the one that edits for a job that names no model.
    pub fn new(file: Option<(&str, &str)>, default: &str) -> Result<Self, ModelsError> {
        let mut all = read::models("the embedded models", EMBEDDED)?;
        if let Some((name, text)) = file {
            for model in read::models(name, text)? {
                match all.iter_mut().find(|known| known.id == model.id) {
                    Some(known) => *known = model,
                    None => all.push(model),
                }
            }
        }
        let place = all.iter().position(|model| model.id == default);
        let default = place.ok_or_else(|| ModelsError::NoDefault(default.into()))?;
        Ok(Self { all: all.into(), default })
    }

    /// The model of this id.
    pub fn find(&self, id: &str) -> Option<&Model> {
        self.iter().find(|model| model.id == id)
    }

    /// The id of the model that edits for a job that names none.
    pub fn default_id(&self) -> &str {
        self.all.get(self.default).map_or(DEFAULT, |model| &model.id)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Model> {
        self.all.iter()
    }

    /// Most pictures that any of them takes.
    pub fn most_images(&self) -> usize {
        self.iter().map(|model| model.images.most).max().unwrap_or(1)
    }
}
