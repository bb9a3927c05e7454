//! A model's output: its pictures and the other fields (fal docs: outputs).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageFormat;
use serde_json::{Map, Value, json};

use super::{Model, ModelInput, OutputField};
use crate::edit::Print;
use crate::faults::Effect;
use crate::files;
use crate::media::File;
use crate::server::Sim;

/// Stores the pictures under their URLs, and returns the model's output.
///
/// The output says that the pictures are flagged if the model has a field for it.
pub(crate) fn publish(
    sim: &Sim,
    model: &Model,
    input: &ModelInput,
    prints: Vec<Print>,
    flagged: bool,
) -> Value {
    let count = prints.len();
    let images: Vec<Value> = prints.into_iter().map(|print| picture(sim, input, print)).collect();

    let mut output = Map::from_iter([("images".to_owned(), images.into())]);
    for field in model.output {
        let (name, value) = match field {
            OutputField::Seed => ("seed", Value::Number(input.seed.given.clone())),
            OutputField::Prompt => ("prompt", json!(input.prompt)),
            OutputField::Timings => ("timings", json!({})),
            OutputField::Nsfw => ("has_nsfw_concepts", json!(vec![flagged; count])),
            OutputField::Description => ("description", json!("")),
        };
        output.insert(name.to_owned(), value);
    }
    output.into()
}

/// Makes fields of the pictures null or absent, as an effect output: fal guarantees only the `url`.
pub(crate) fn blank(output: &mut Value, effect: &Effect) {
    let images = output.get_mut("images").and_then(Value::as_array_mut);
    for image in images.into_iter().flatten().filter_map(Value::as_object_mut) {
        match effect {
            Effect::Null(names) => {
                image.extend(names.iter().map(|name| (name.clone(), Value::Null)));
            }
            Effect::Absent(names) => image.retain(|name, _| !names.contains(name)),
            _ => {}
        }
    }
}

fn picture(sim: &Sim, input: &ModelInput, print: Print) -> Value {
    let content_type = input.format.to_mime_type();
    let name = format!("output.{}", extension(input.format));
    let file_size = print.bytes.len();
    let url = if input.sync_mode {
        format!("data:{content_type};base64,{}", STANDARD.encode(&print.bytes))
    } else {
        let id = sim.media.keep(File { content_type: content_type.to_owned(), bytes: print.bytes });
        files::url(&sim.base_url, id, &name)
    };
    json!({
        "url": url,
        "content_type": content_type,
        "file_name": name,
        "file_size": file_size,
        "width": print.width,
        "height": print.height,
    })
}

fn extension(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "png",
        ImageFormat::WebP => "webp",
        _ => "jpg",
    }
}
