//! What an edit does to a picture.

use image::GenericImageView;
use serde_json::{Value, json};

use crate::support::{SEEDREAM, Sim, data_uri, input, photo, quick, text};

/// The mean difference of two pictures' levels, at the size of the first one.
fn distance(one: &[u8], other: &[u8]) -> u64 {
    let [one, other] = [one, other].map(|bytes| image::load_from_memory(bytes).unwrap());
    let other = other.resize_exact(one.width(), one.height(), image::imageops::Triangle);
    let (one, other) = (one.into_rgb8(), other.into_rgb8());
    let apart = one.iter().zip(other.iter()).map(|(a, b)| u64::from(a.abs_diff(*b)));
    apart.sum::<u64>() / u64::try_from(one.len()).unwrap()
}

#[tokio::test]
async fn a_result_has_the_size_that_was_asked_for() {
    let sim = Sim::start(quick()).await;
    let mut input = input("wider", 1);
    input["image_size"] = json!({"width": 400, "height": 150});

    let (code, output) = sim.run(SEEDREAM, &input).await;

    assert_eq!(code, 200, "{output}");
    let image = &output["images"][0];
    let bytes = sim.download(text(&image["url"])).await;
    let picture = image::load_from_memory(&bytes).unwrap();
    assert_eq!(picture.dimensions(), (400, 150));
    assert_eq!((&image["width"], &image["height"]), (&json!(400), &json!(150)));
    assert_eq!(image["file_size"], bytes.len());
    sim.running.stop().await;
}

#[tokio::test]
async fn the_same_picture_prompt_and_seed_give_the_same_bytes() {
    let sim = Sim::start(quick()).await;

    let first = sim.edit(&input("a quiet street", 5)).await;
    let second = sim.edit(&input("a quiet street", 5)).await;

    assert!(first == second);
    sim.running.stop().await;
}

#[tokio::test]
async fn an_edit_is_seen_and_another_prompt_or_seed_is_seen_too() {
    let sim = Sim::start(quick()).await;
    let original = photo(96, 64);

    let edited = sim.edit(&input("a quiet street", 5)).await;
    let other_prompt = sim.edit(&input("a loud street", 5)).await;
    let other_seed = sim.edit(&input("a quiet street", 6)).await;

    for (one, other) in [(&edited, &original), (&edited, &other_prompt), (&edited, &other_seed)] {
        let distance = distance(one, other);
        assert!(distance >= 8, "only {distance} levels apart");
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn a_seed_of_sixty_four_bits_comes_back_whole() {
    let sim = Sim::start(quick()).await;
    let seed = 196_619_188_014_358_660_u64;
    let mut unseeded = input("exactly", 0);
    unseeded["seed"] = Value::Null;

    let (_, given) = sim.run(SEEDREAM, &input("exactly", seed)).await;
    let (_, chosen) = sim.run(SEEDREAM, &unseeded).await;

    assert_eq!(given["seed"], seed);
    assert!(chosen["seed"].is_i64());
    sim.running.stop().await;
}

#[tokio::test]
async fn several_pictures_are_made_each_with_a_seed_of_its_own() {
    let sim = Sim::start(quick()).await;
    let mut three = input("variations", 10);
    three["num_images"] = json!(3);

    let (_, output) = sim.run(SEEDREAM, &three).await;
    let images = output["images"].as_array().unwrap();
    assert_eq!(images.len(), 3);

    let second = sim.download(text(&images[1]["url"])).await;
    let alone = sim.edit(&input("variations", 11)).await;
    assert!(second == alone);
    sim.running.stop().await;
}

#[tokio::test]
async fn the_format_may_be_chosen_and_the_picture_may_come_inside_the_answer() {
    let sim = Sim::start(quick()).await;
    for format in ["jpeg", "png", "webp"] {
        let mut input = input("as a file", 1);
        input["output_format"] = json!(format);
        input["sync_mode"] = json!(true);

        let (_, output) = sim.run("fal-ai/nano-banana/edit", &input).await;

        let start = format!("data:image/{format};base64,");
        assert!(text(&output["images"][0]["url"]).starts_with(&start));
    }
    sim.running.stop().await;
}

#[tokio::test]
async fn many_shapes_of_pictures_are_edited() {
    let sim = Sim::start(quick()).await;
    let shapes = [(1, 1), (3, 200), (200, 3), (640, 480)];
    for (width, height) in shapes {
        let urls = vec![data_uri(&photo(width, height)); 12];
        let input = json!({"prompt": "Ünüsual shapes, many of them", "image_urls": urls});

        let edited = sim.edit(&input).await;

        let picture = image::load_from_memory(&edited).unwrap();
        assert_eq!(picture.dimensions(), (width, height));
    }
    sim.running.stop().await;
}
