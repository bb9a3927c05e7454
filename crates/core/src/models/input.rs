//! A model's input: the body of a submission, in the model's own dialect.

use serde_json::{Map, Value, json};
use url::Url;

use super::{ImageField, Model, Options};

/// What a model is to be asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// What to do.
    pub prompt: &'a str,
    /// How to do it. Already checked; what the model does not take is not sent.
    pub options: &'a Options,
    /// Where the pictures are, in order; at least one.
    pub image_urls: &'a [Url],
    /// Width and height of the first picture, in pixels.
    pub sides: (u32, u32),
}

impl Model {
    /// The body of a submission. It has no field that the model does not document.
    pub fn input(&self, request: &Request<'_>) -> Value {
        let mut input = Map::new();
        let mut put = |name: &str, value: Value| input.insert(name.into(), value);
        put("prompt", json!(request.prompt));
        let pictures = match self.images.field {
            ImageField::ImageUrl => json!(request.image_urls.first()),
            ImageField::ImageUrls => json!(request.image_urls),
        };
        put(self.images.field.name(), pictures);
        let options = request.options;
        if self.num_images.is_some() {
            // Always sent: how many pictures are paid for is not left to a default.
            put("num_images", json!(options.num_images.unwrap_or(1)));
        }
        if let Some(seed) = options.seed.filter(|_| self.seed) {
            put("seed", json!(seed));
        }
        if let Some(format) = options.output_format.filter(|_| !self.output_formats.is_empty()) {
            put("output_format", json!(format.as_str()));
        }
        if let Some(checked) = options.enable_safety_checker.filter(|_| self.safety.checker) {
            put("enable_safety_checker", json!(checked));
        }
        if let Some(tolerance) =
            options.safety_tolerance.filter(|_| self.safety.tolerance.is_some())
        {
            // A text, though it is a number (source: fal-js, `types/endpoints.ts`).
            put("safety_tolerance", json!(tolerance.to_string()));
        }
        self.size.write(options, request.sides, &mut input);
        input.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{DEFAULT, Models};

    fn input(model: &str, options: &[(&str, &str)]) -> Value {
        let models = Models::new(None, DEFAULT).unwrap();
        let mut wishes = Options::default();
        for (name, text) in options {
            wishes.set(name, text).unwrap();
        }
        let image_urls =
            ["https://fal.test/1", "https://fal.test/2"].map(|url| url.parse().unwrap());
        models.find(model).unwrap().input(&Request {
            prompt: "make it rain",
            options: &wishes,
            image_urls: &image_urls,
            sides: (2048, 2048),
        })
    }

    #[test]
    fn seedream_takes_a_list_of_pictures_and_sides() {
        let options = [("num_images", "2"), ("seed", "196619188014358660")];

        assert_eq!(
            input("fal-ai/bytedance/seedream/v4/edit", &options),
            json!({
                "prompt": "make it rain",
                "image_urls": ["https://fal.test/1", "https://fal.test/2"],
                "num_images": 2,
                "seed": 196_619_188_014_358_660_i64,
                "image_size": {"width": 2048, "height": 2048},
            })
        );
    }

    #[test]
    fn kontext_takes_one_picture_and_its_tolerance_as_text() {
        let options = [("output_format", "png"), ("safety_tolerance", "5")];

        assert_eq!(
            input("fal-ai/flux-pro/kontext", &options),
            json!({
                "prompt": "make it rain",
                "image_url": "https://fal.test/1",
                "num_images": 1,
                "output_format": "png",
                "safety_tolerance": "5",
                "aspect_ratio": "1:1",
            })
        );
    }

    #[test]
    fn flux_2_has_no_count() {
        let options = [("num_images", "1"), ("enable_safety_checker", "false")];

        assert_eq!(
            input("fal-ai/flux-2-pro/edit", &options),
            json!({
                "prompt": "make it rain",
                "image_urls": ["https://fal.test/1", "https://fal.test/2"],
                "enable_safety_checker": false,
                "image_size": {"width": 1024, "height": 1024},
            })
        );
    }
}
