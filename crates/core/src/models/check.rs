//! Checks a caller's options against a model's descriptor, before anything is paid for.

#[cfg(test)]
mod tests;

use super::{
    AspectRatio, ImageSize, Model, Options, Size,
    size::{parse_ratio, parse_sides},
};

/// Why an option is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OptionCode {
    /// There is no such option.
    UnknownField,
    /// The model has the option, but does not take this value.
    InvalidOption,
    /// The model does not have the option.
    OptionNotSupported,
    /// The model takes fewer pictures.
    TooManyImages,
}

/// An option that is refused. The sentence is for the caller.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub struct OptionProblem {
    /// Stable, for programs.
    pub code: OptionCode,
    /// The option at fault.
    pub field: String,
    /// For people.
    pub detail: String,
}

impl OptionProblem {
    pub(super) fn unknown(name: &str) -> Self {
        let names = Options::NAMES.join(", ");
        Self::new(
            OptionCode::UnknownField,
            name,
            format!("There is no option '{name}'; {names} are."),
        )
    }

    pub(super) fn malformed(name: &str, form: &str) -> Self {
        Self::new(OptionCode::InvalidOption, name, format!("The option '{name}' must be {form}."))
    }

    fn new(code: OptionCode, field: &str, detail: String) -> Self {
        Self { code, field: field.into(), detail }
    }
}

impl Model {
    /// Whether the model can do all of this with so many pictures.
    pub fn check(&self, options: &Options, images: usize) -> Result<(), OptionProblem> {
        if images > self.images.most {
            let most = self.images.most;
            let pictures =
                if most == 1 { "one picture".into() } else { format!("{most} pictures") };
            let detail = format!("{} takes at most {pictures}; {images} were sent.", self.name);
            return Err(OptionProblem::new(OptionCode::TooManyImages, "image", detail));
        }
        if let Some(wanted) = options.num_images {
            match self.num_images {
                // Every model makes one.
                None if wanted == 1 => {}
                None => return Err(self.lacks("num_images", "it makes one picture")),
                Some(most) => self.within("num_images", wanted, 1, most)?,
            }
        }
        if options.seed.is_some() && !self.seed {
            return Err(self.lacks("seed", "its results cannot be repeated"));
        }
        if let Some(format) = options.output_format {
            let formats = self.output_formats.iter().map(|format| format.as_str().into());
            self.listed("output_format", format.as_str(), &formats.collect::<Vec<_>>())?;
        }
        if options.enable_safety_checker.is_some() && !self.safety.checker {
            return Err(self.lacks("enable_safety_checker", "its checker cannot be switched"));
        }
        if let Some(tolerance) = options.safety_tolerance {
            let Some((least, most)) = self.safety.tolerance else {
                return Err(self.lacks("safety_tolerance", "its tolerance cannot be set"));
            };
            self.within("safety_tolerance", tolerance, least, most)?;
        }
        self.check_size(options)
    }

    fn check_size(&self, options: &Options) -> Result<(), OptionProblem> {
        if options.image_size.is_some() && options.aspect_ratio.is_some() {
            let detail = "Say image_size or aspect_ratio, not both.";
            return Err(OptionProblem::new(
                OptionCode::InvalidOption,
                "aspect_ratio",
                detail.into(),
            ));
        }
        if let Some(resolution) = &options.resolution {
            let resolutions: &[String] = match &self.size {
                Size::Ratio { resolutions, .. } => resolutions,
                Size::Sides { .. } | Size::List { .. } => &[],
            };
            self.listed("resolution", resolution, resolutions)?;
        }
        if let Some(size) = &options.image_size {
            self.check_image_size(size)?;
        }
        match options.aspect_ratio {
            Some(ratio @ AspectRatio::Ratio(..)) => self.check_aspect_ratio(ratio),
            Some(AspectRatio::Auto) | None => Ok(()),
        }
    }

    fn check_image_size(&self, size: &ImageSize) -> Result<(), OptionProblem> {
        let field = "image_size";
        match (&self.size, size) {
            (Size::Ratio { .. }, _) => Err(self.lacks(field, "say aspect_ratio instead")),
            (Size::List { sizes, auto }, size) => {
                let auto = auto.then(|| "auto".to_owned());
                let all: Vec<String> = sizes.iter().cloned().chain(auto).collect();
                self.listed(field, &size.to_string(), &all)
            }
            (Size::Sides { names, .. }, ImageSize::Named(name)) => self.listed(field, name, names),
            (
                Size::Sides { multiple_of, min_side, max_side, min_area, max_area, .. },
                ImageSize::Sides(width, height),
            ) => {
                let refuse = |rule: String| {
                    let detail = format!("{} makes pictures {rule}.", self.name);
                    Err(OptionProblem::new(OptionCode::InvalidOption, field, detail))
                };
                let area = u64::from(*width) * u64::from(*height);
                if !(*min_side..=*max_side).contains(&(*width).min(*height))
                    || *width.max(height) > *max_side
                {
                    return refuse(format!("with sides from {min_side} to {max_side} pixels"));
                }
                if !(*min_area..=*max_area).contains(&area) {
                    return refuse(format!("of {min_area} to {max_area} pixels in all"));
                }
                if width % multiple_of != 0 || height % multiple_of != 0 {
                    return refuse(format!("whose sides are multiples of {multiple_of}"));
                }
                Ok(())
            }
        }
    }

    fn check_aspect_ratio(&self, ratio: AspectRatio) -> Result<(), OptionProblem> {
        let AspectRatio::Ratio(width, height) = ratio else {
            return Ok(());
        };
        let field = "aspect_ratio";
        match &self.size {
            Size::Sides { .. } => {
                let most = self.size.max_ratio();
                let ratio = f64::from(width.max(height)) / f64::from(width.min(height));
                if ratio <= most {
                    return Ok(());
                }
                let detail = format!("{} takes no ratio beyond {most:.1}:1.", self.name);
                Err(OptionProblem::new(OptionCode::InvalidOption, field, detail))
            }
            Size::Ratio { ratios, auto, .. } => {
                let auto = auto.then(|| "auto".to_owned());
                let all: Vec<String> = ratios.iter().cloned().chain(auto).collect();
                // Both numbers must be the same, not only the proportions: the model takes its own spellings only.
                let is_there =
                    ratios.iter().any(|known| parse_ratio(known) == Some((width, height)));
                if is_there { Ok(()) } else { self.listed(field, &ratio.to_string(), &all) }
            }
            Size::List { sizes, .. } => {
                let same = |(w, h): (u32, u32)| {
                    u64::from(w) * u64::from(height) == u64::from(h) * u64::from(width)
                };
                let is_there = sizes.iter().filter_map(|size| parse_sides(size)).any(same);
                if is_there {
                    return Ok(());
                }
                let detail = format!("{} makes pictures of {} only.", self.name, sizes.join(", "));
                Err(OptionProblem::new(OptionCode::InvalidOption, field, detail))
            }
        }
    }

    fn lacks(&self, field: &str, instead: &str) -> OptionProblem {
        let detail = format!("{} does not take '{field}': {instead}.", self.name);
        OptionProblem::new(OptionCode::OptionNotSupported, field, detail)
    }

    fn within(&self, field: &str, value: u8, least: u8, most: u8) -> Result<(), OptionProblem> {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        let detail = format!("{} takes a '{field}' from {least} to {most}.", self.name);
        Err(OptionProblem::new(OptionCode::InvalidOption, field, detail))
    }

    fn listed(&self, field: &str, value: &str, all: &[String]) -> Result<(), OptionProblem> {
        if all.is_empty() {
            return Err(self.lacks(field, "it has no such choice"));
        }
        if all.iter().any(|one| one == value) {
            return Ok(());
        }
        let detail = format!("{} takes as '{field}' one of {}.", self.name, all.join(", "));
        Err(OptionProblem::new(OptionCode::InvalidOption, field, detail))
    }
}
