//! An operator who tries failed jobs again.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::StatusCode;
use tokio::time::{Duration, sleep};
use uuid::Uuid;

use super::{house::House, stream::Told};

/// Between two jobs, in seconds.
const GAP: std::ops::Range<f64> = 1.0..5.0;

/// Tries failed jobs again until it is aborted, and counts how often that was granted.
pub(crate) async fn operate(
    house: Arc<House>,
    seed: u64,
    told: Arc<Told>,
    granted: Arc<AtomicUsize>,
) {
    let mut random = StdRng::seed_from_u64(seed ^ 0x6f70_6572_6174_6f72);
    loop {
        sleep(Duration::from_secs_f64(random.random_range(GAP))).await;
        let failed = sqlx::query_scalar("select id from jobs where status = 'failed' limit 50");
        let Ok(failed): Result<Vec<Uuid>, _> = failed.fetch_all(&house.pool).await else {
            continue;
        };
        let (Some(job), Some(api)) = (failed.choose(&mut random), house.apis.choose(&mut random))
        else {
            continue;
        };
        let url = format!("http://127.0.0.1:{}/api/jobs/{job}/retry", api.port);
        let Ok(answer) = house.http.post(url).send().await else {
            continue;
        };
        match answer.status() {
            StatusCode::OK => {
                granted.fetch_add(1, Ordering::Relaxed);
            }
            // Another one was quicker, its caller deleted it, or the database or the replica is away.
            StatusCode::CONFLICT
            | StatusCode::NOT_FOUND
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::REQUEST_TIMEOUT => {}
            status => {
                let said = answer.text().await.unwrap_or_default();
                told.lock().unexpected.push(format!("retry: {status} {said}"));
            }
        }
    }
}
