//! Models from a file: its entries are on offer, and an error in it names the entry and the field.

use darkroom_core::models::{DEFAULT, Models, ModelsError, Options, Request};
use serde_json::json;

const NEW: &str = r#"
[[models]]
id = "acme/repaint/edit"
name = "Repaint"
typical_seconds = 5
price = { usd = 0.01, per = "image" }
images = { field = "image_url", most = 1, max_side = 1024 }
seed = true

[models.size]
dialect = "ratio"
ratios = ["1:1", "2:3"]
"#;

fn with(file: &str) -> Result<Models, ModelsError> {
    Models::new(Some(("models.toml", file)), DEFAULT)
}

#[test]
fn the_models_that_people_pick_today_are_on_offer() {
    let models = Models::new(None, DEFAULT).unwrap();

    for id in [
        "fal-ai/bytedance/seedream/v4/edit",
        "fal-ai/bytedance/seedream/v4.5/edit",
        "bytedance/seedream/v5/lite/edit",
        "fal-ai/flux-pro/kontext",
        "fal-ai/flux-2-pro/edit",
        "fal-ai/nano-banana/edit",
        "fal-ai/nano-banana-pro/edit",
        "fal-ai/qwen-image-edit-plus",
        "fal-ai/gpt-image-1.5/edit",
    ] {
        assert!(models.find(id).is_some(), "{id} is missing");
    }
    assert_eq!(models.default_id(), DEFAULT);
}

#[test]
fn an_entry_in_a_file_is_all_that_a_new_model_needs() {
    let models = with(NEW).unwrap();
    let model = models.find("acme/repaint/edit").unwrap();
    let mut options = Options::default();
    options.set("seed", "7").unwrap();
    model.check(&options, 1).unwrap();

    let input = model.input(&Request {
        prompt: "in oil",
        options: &options,
        image_urls: &["https://fal.test/1".parse().unwrap()],
        sides: (800, 1200),
    });

    assert_eq!(
        input,
        json!({
            "prompt": "in oil", "image_url": "https://fal.test/1", "seed": 7, "aspect_ratio": "2:3"
        })
    );
    assert_eq!(model.images.fit().max_side, 1024);
}

#[test]
fn an_output_of_unknown_size_is_reserved_for_as_if_it_were_as_large_as_models_make_them() {
    let models = with(&NEW.replace("\"image\" }", "\"megapixel\" }")).unwrap();
    let model = models.find("acme/repaint/edit").unwrap();

    let largest = model.price.cost_micros(&[(4096, 4096)], None, None).unwrap();

    assert!(model.most_micros(&Options::default()) >= largest);
}

#[test]
fn the_example_in_the_docs_is_a_model() {
    let docs = include_str!("../../../../docs/models.md");
    let example = docs.split("```toml").nth(1).unwrap().split("```").next().unwrap();

    let models = with(example).unwrap();

    assert!(models.find("fal-ai/flux-pro/kontext/max").is_some());
}

#[test]
fn an_entry_takes_the_place_of_its_namesake() {
    let models = with(&NEW.replace("acme/repaint/edit", DEFAULT)).unwrap();

    assert_eq!(models.find(DEFAULT).unwrap().name, "Repaint");
    assert_eq!(models.iter().count(), Models::new(None, DEFAULT).unwrap().iter().count());
}

#[test]
fn what_is_wrong_with_a_file_is_said_by_entry_and_field() {
    for (right, wrong, said) in [
        ("usd = 0.01", "usd = \"cheap\"", "\"acme/repaint/edit\": price.usd: "),
        ("usd = 0.01", "usd = -1.0", "\"acme/repaint/edit\": price: "),
        ("per =", "usd_of = { \"4K\" = 0.02 }, per =", "price.usd_of: must name resolutions"),
        ("per =", "usd_of = { \"4K\" = 0.001 }, per =", "price.usd_of: must be no less than usd"),
        (
            "per = \"image\"",
            "usd_of = { \"4K\" = 0.02 }, per = \"megapixel\"",
            "price.usd_of: counts for",
        ),
        ("per = \"image\"", "per = \"day\"", "\"acme/repaint/edit\": price.per: "),
        ("id = \"acme/repaint/edit\"\n", "", "number 1: .: missing field `id`"),
        ("acme/repaint/edit", "acme", "\"acme\": id: "),
        ("acme/repaint/edit", "acme/../edit", "\"acme/../edit\": id: "),
        ("seed = true", "sed = true", "sed"),
        ("most = 1", "most = 0", "images.most: "),
        ("most = 1", "most = 2", "images.most: must be 1"),
        ("max_side = 1024", "max_side = 0", "images.max_side: "),
        ("\"2:3\"", "\"2/3\"", "size.ratios: \"2/3\" is not WIDTH:HEIGHT"),
        ("ratios = [\"1:1\", \"2:3\"]", "ratios = []", "size.ratios: must not be empty"),
        ("dialect = \"ratio\"", "dialect = \"folio\"", "size.dialect: unknown variant `folio`"),
        ("[[models]]", "[[model]]", "unknown field `model`"),
        ("[[models]]", "[[models", "models.toml: "),
    ] {
        let problem = with(&NEW.replacen(right, wrong, 1)).unwrap_err().to_string();

        assert!(problem.contains(said), "{wrong}: {problem}");
        assert!(problem.contains("models.toml"), "{problem}");
    }
}

#[test]
fn an_entry_that_is_there_twice_is_refused() {
    let problem = with(&format!("{NEW}\n{NEW}")).unwrap_err().to_string();

    assert!(problem.contains("\"acme/repaint/edit\": id: is there twice"), "{problem}");
}

#[test]
fn a_default_that_is_no_model_is_refused() {
    let problem = Models::new(None, "acme/none").unwrap_err().to_string();

    assert_eq!(problem, "DEFAULT_MODEL: there is no model \"acme/none\"");
}
