//! A slow line to the database: pictures have the time that they need on it.

use std::time::Duration;

use darkroom_core::{
    db::Pool,
    job::{JobId, NewJob},
    queue::{self, Waker},
    store::{self, Asked, Cache, ImageFile, Intake, NewImage},
};
use darkroom_testing::TestDatabase;
use image::ImageFormat;

use crate::{factory, pool::pass, proxy::Proxy};

/// So much is on its way before the line falters: more than any statement has beside its pictures.
const BEFORE: usize = 1_000_000;

/// How long the line falters: longer than a statement without pictures may take, and much shorter than the large
/// picture may, which still has to pass then.
const FALTERING: Duration = Duration::from_secs(20);

/// A large picture, as far as its size is concerned.
fn large() -> NewImage {
    let small = factory::stored(factory::picture(16, 12, ImageFormat::Png));
    NewImage { data: vec![7; 20_000_000].into(), ..small }
}

/// A line that falters once a picture is on its way, and a pool of one connection at its other end.
async fn slow(database: &TestDatabase) -> (Proxy, Pool) {
    let proxy = Proxy::before(database).await;
    let pool = proxy.connect(1);
    proxy.hold_beyond(BEFORE);
    (proxy, pool)
}

/// Waits until the line falters; then time passes, without really being waited for, and it goes on.
async fn falter(proxy: &Proxy) {
    proxy.holds().await;
    pass(FALTERING).await;
    proxy.mend();
}

#[tokio::test]
async fn a_result_is_kept_though_it_takes_longer_than_other_statements_may() {
    let database = TestDatabase::create().await;
    let lease = factory::claimed(&database.pool).await.lease;
    let (proxy, pool) = slow(&database).await;

    let archiving =
        tokio::spawn(async move { queue::archive(&pool, &lease, 0, &large(), None).await });
    falter(&proxy).await;

    archiving.await.unwrap().unwrap();
}

#[tokio::test]
async fn an_input_and_a_part_of_a_file_are_read_likewise() {
    let database = TestDatabase::create().await;
    let new = NewJob { inputs: vec![large()], ..factory::new_job() };
    let job = store::create(&database.pool, &new).await.unwrap();
    let worker = factory::worker(&database.pool).await;
    let lease = queue::claim(&database.pool, worker, 1).await.unwrap().jobs[0].lease;
    let file = file(&database.pool, job.id).await;

    let (proxy, pool) = slow(&database).await;
    let reading = tokio::spawn(async move { queue::input(&pool, &lease, 0).await });
    falter(&proxy).await;
    assert_eq!(reading.await.unwrap().unwrap().unwrap().data.len(), 20_000_000);

    let (proxy, pool) = slow(&database).await;
    let all = 0..file.length;
    let reading = tokio::spawn(async move { store::file_part(&pool, &file, all).await });
    falter(&proxy).await;
    assert_eq!(reading.await.unwrap().unwrap().unwrap().len(), 20_000_000);
}

/// The file of a job's input.
async fn file(pool: &Pool, job: JobId) -> ImageFile {
    let job = store::find(pool, job).await.unwrap().unwrap();
    store::image_file(pool, job.images[0].id, None).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_job_is_made_of_pictures_likewise() {
    let database = TestDatabase::create().await;
    let (proxy, pool) = slow(&database).await;
    let intake = Intake::new(pool.clone(), Waker::new(pool));
    let new = NewJob { inputs: vec![large()], ..factory::new_job() };

    let asking = tokio::spawn(async move { intake.ask(new).await });
    falter(&proxy).await;

    assert!(matches!(asking.await.unwrap().unwrap(), Asked::Made(_)));
}

#[tokio::test]
async fn a_transaction_in_which_a_picture_is_on_its_way_is_not_taken_for_one_that_is_idle() {
    let database = TestDatabase::create().await;
    let (proxy, pool) = slow(&database).await;
    let intake = Intake::new(pool.clone(), Waker::new(pool));
    let cache = Some(Cache { within: Duration::from_hours(1), is_looked_into: true });
    let new = NewJob { inputs: vec![large()], cache, ..factory::new_job() };

    let asking = tokio::spawn(async move { intake.ask(new).await });
    proxy.holds().await;
    // Longer than the server lets a transaction be idle.
    sqlx::query("select pg_sleep(4)").execute(&database.pool).await.unwrap();
    proxy.mend();

    assert!(matches!(asking.await.unwrap().unwrap(), Asked::Made(_)));
}
