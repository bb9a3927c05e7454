//! Models: each is sent its own kind of input, and its outputs are kept in order.

use std::{io::Write, time::Duration};

use darkroom_core::{
    job::{NewJob, Status},
    models::{self, Models, Options},
    store,
};
use serde_json::json;

use crate::house::{House, input, new_job};

const QUICK: Duration = Duration::from_millis(20);

#[tokio::test]
async fn every_model_on_offer_makes_its_edit_and_is_sent_no_field_that_it_does_not_have() {
    let house = House::open(QUICK).await;
    let offered = Models::new(None, models::DEFAULT).unwrap();
    let mut jobs = Vec::new();
    for model in offered.iter() {
        let mut options = Options::default();
        if model.num_images.is_some() {
            options.set("num_images", "2").unwrap();
        }
        if model.seed {
            options.set("seed", "196619188014358660").unwrap();
        }
        if let Some(format) = model.output_formats.last() {
            options.set("output_format", format.as_str()).unwrap();
        }
        if model.safety.checker {
            options.set("enable_safety_checker", "false").unwrap();
        }
        if let Some((least, _)) = model.safety.tolerance {
            options.set("safety_tolerance", &least.to_string()).unwrap();
        }
        let inputs = (0..model.images.most.min(3)).map(|_| input()).collect();
        model.check(&options, model.images.most.min(3)).unwrap();
        let new = NewJob { model: model.id.clone(), options, inputs, ..new_job() };
        jobs.push((model, store::create(&house.database.pool, &new).await.unwrap().id));
    }
    let worker = house.worker();

    for (model, id) in jobs {
        let job = house.once(id, Status::Completed).await;
        let made = job.images.iter().filter(|image| image.is_result).count();
        assert_eq!(made, if model.num_images.is_some() { 2 } else { 1 }, "{}", model.id);
    }
    for submission in house.submissions().await {
        let unknown = &submission["unknown_fields"];
        assert_eq!(unknown, &json!([]), "{} has no such fields", submission["endpoint_id"]);
    }
    worker.stop().await;
}

#[tokio::test]
async fn several_outputs_are_kept_in_their_order_with_the_seed_that_made_them() {
    let house = House::open(QUICK).await;
    let mut options = Options::default();
    options.set("num_images", "3").unwrap();
    options.set("seed", "41").unwrap();
    let new = NewJob { options, ..new_job() };
    let id = store::create(&house.database.pool, &new).await.unwrap().id;
    let worker = house.worker();

    let job = house.once(id, Status::Completed).await;

    assert_eq!(job.seed, Some(41));
    let outputs = house.output_hashes().await;
    let mut kept = Vec::new();
    for image in job.images.iter().filter(|image| image.is_result) {
        kept.push(store::image(&house.database.pool, image.id).await.unwrap().unwrap().sha256);
    }
    assert_eq!(kept, outputs);
    worker.stop().await;
}

#[tokio::test]
async fn a_picture_that_the_safety_checker_blanked_is_told_as_such() {
    let house = House::open(QUICK).await;
    house.set_faults(json!({"faults": [{"at": "run", "nsfw": true}]})).await;
    let model = "fal-ai/flux-pro/kontext".to_owned();
    let says = store::create(&house.database.pool, &NewJob { model, ..new_job() }).await;
    let silent = store::create(&house.database.pool, &new_job()).await;
    let worker = house.worker();

    for (job, blanked) in [(says, Some(true)), (silent, None)] {
        let job = house.once(job.unwrap().id, Status::Completed).await;
        let result = job.images.iter().find(|image| image.is_result).unwrap();
        assert_eq!(result.blanked, blanked, "{}", job.model);
    }
    worker.stop().await;
}

#[tokio::test]
async fn a_model_of_a_file_is_worked_on_like_any_other() {
    let mut house = House::open(QUICK).await;
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(
        br#"
        [[models]]
        id = "acme/repaint/edit"
        name = "Repaint"
        typical_seconds = 5
        price = { usd = 0.01, per = "image" }
        images = { field = "image_url", most = 1, max_side = 32 }
        size = { dialect = "ratio", ratios = ["1:1", "4:3"] }
        "#,
    )
    .unwrap();
    house.set("MODELS_FILE", file.path().to_str().unwrap());
    let new = NewJob { model: "acme/repaint/edit".into(), ..new_job() };
    let id = store::create(&house.database.pool, &new).await.unwrap().id;
    let worker = house.worker();

    house.once(id, Status::Completed).await;

    let submission = house.submissions().await.remove(0);
    assert_eq!(submission["endpoint_id"], "acme/repaint/edit");
    assert_eq!(submission["input"]["aspect_ratio"], "4:3");
    worker.stop().await;
}

#[tokio::test]
async fn a_job_of_a_model_that_is_no_longer_offered_fails_and_says_so() {
    let house = House::open(QUICK).await;
    let new = NewJob { model: "acme/gone/edit".into(), ..new_job() };
    let id = store::create(&house.database.pool, &new).await.unwrap().id;
    let worker = house.worker();

    let job = house.once(id, Status::Failed).await;

    assert_eq!(job.failure.unwrap().code, "unknown_model");
    assert!(house.submissions().await.is_empty());
    worker.stop().await;
}
