//! A job's way to its end.

use std::time::Duration;

use darkroom_core::{job::Status, store};

use crate::house::{House, picture};

const QUICK: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_job_is_edited_and_its_result_is_kept_in_our_own_store() {
    let house = House::open(QUICK).await;
    let id = house.job().await;
    let worker = house.worker();

    let job = house.once(id, Status::Completed).await;

    let result = job.images.iter().find(|image| image.is_result).unwrap();
    let kept = store::image(&house.database.pool, result.id).await.unwrap().unwrap();
    let edited = image::load_from_memory(&kept.data).unwrap();
    assert_eq!((edited.width(), edited.height()), (result.width, result.height));
    // The proportions of the input, at no fewer pixels than the model makes.
    assert_eq!((result.width, result.height), (1109, 832));
    assert_eq!(house.submissions().await.len(), 1);
    worker.stop().await;
}

#[tokio::test]
async fn what_is_submitted_is_the_models_own_input() {
    let house = House::open(QUICK).await;
    let id = house.job().await;
    let worker = house.worker();
    house.once(id, Status::Completed).await;

    let submission = house.submissions().await.remove(0);

    assert_eq!(submission["endpoint_id"], "fal-ai/bytedance/seedream/v4/edit");
    assert_eq!(submission["input"]["prompt"], "make it rain");
    let image_url = submission["input"]["image_urls"][0].as_str().unwrap();
    assert!(image_url.starts_with(house.sim.base_url().as_str()), "{image_url}");
    worker.stop().await;
}

#[tokio::test]
async fn many_jobs_on_several_workers_are_each_submitted_once() {
    let house = House::open(QUICK).await;
    let mut jobs = Vec::new();
    for _ in 0..24 {
        jobs.push(house.job().await);
    }
    let workers: Vec<_> = (0..3).map(|_| house.worker()).collect();

    for id in jobs {
        house.once(id, Status::Completed).await;
    }

    assert_eq!(house.submissions().await.len(), 24);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_picture_that_does_not_decode_fails_its_job_and_nothing_is_submitted() {
    let house = House::open(QUICK).await;
    let mut damaged = picture();
    let at = damaged.len() / 2;
    damaged[at..at + 8].fill(0);
    let id = house.job_of(damaged).await;
    let worker = house.worker();

    let job = house.once(id, Status::Failed).await;

    assert_eq!(job.failure.unwrap().code, "damaged_image");
    assert!(house.submissions().await.is_empty());
    worker.stop().await;
}

#[tokio::test]
async fn workers_find_jobs_without_being_woken() {
    let mut house = House::open(QUICK).await;
    house.set("DATABASE_NOTIFY", "false");
    let worker = house.worker();

    let id = house.job().await;

    house.once(id, Status::Completed).await;
    worker.stop().await;
}
