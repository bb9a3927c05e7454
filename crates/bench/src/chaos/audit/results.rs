//! Results: a completed job's pictures can be fetched, are whole, and are those that the provider made for this job.

use std::collections::HashMap;

use anyhow::Context;
use bytes::Bytes;
use reqwest::header::ETAG;
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::records::{Attempt, Image, Records, Request};
use crate::chaos::{house::House, report::Report};

pub(super) async fn judge(
    house: &House,
    records: &Records,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut images: HashMap<Uuid, Vec<&Image>> = HashMap::new();
    for image in &records.results {
        images.entry(image.job_id).or_default().push(image);
    }
    let requests: HashMap<String, &Request> =
        records.ledger.iter().map(|request| (request.id.to_string(), request)).collect();
    let (mut bad, mut foreign, mut fetched) = (Vec::new(), Vec::new(), 0_usize);
    for job in records.jobs.iter().filter(|job| job.status == "completed") {
        let kept = images.get(&job.id).map(Vec::as_slice).unwrap_or_default();
        if kept.is_empty() {
            bad.push(format!("job {} has none", job.id));
        }
        for image in kept {
            fetched += 1;
            if let Err(error) = fetch(house, image).await {
                bad.push(format!("image {} of job {}: {error:#}", image.id, job.id));
            }
        }
        let completed = records.attempts.iter().find(|attempt| {
            attempt.job_id == job.id && attempt.outcome.as_deref() == Some("completed")
        });
        match origin(house, &requests, completed).await {
            Ok((prompt, made)) => {
                let kept: Vec<&[u8]> = kept.iter().map(|image| image.sha256.as_slice()).collect();
                if prompt != job.prompt || made != kept {
                    foreign.push(format!(
                        "job {}: {} kept, {} made",
                        job.id,
                        kept.len(),
                        made.len()
                    ));
                }
            }
            Err(error) => foreign.push(format!("job {}: {error:#}", job.id)),
        }
    }
    report.fact("results fetched and decoded", fetched);
    report.never("completed jobs without whole pictures", bad);
    report.never("completed jobs with pictures that the provider did not make for them", foreign);
    Ok(())
}

/// Checks that a replica has an image, that its hash is that on record and in its `ETag`, and that it can be decoded.
async fn fetch(house: &House, image: &Image) -> anyhow::Result<()> {
    let api = house.apis.first().context("there is no API")?;
    let url = format!("http://127.0.0.1:{}/api/images/{}", api.port, image.id);
    let answer = house.http.get(url).send().await?.error_for_status()?;
    let tag = answer
        .headers()
        .get(ETAG)
        .context("it has no ETag")?
        .to_str()?
        .trim_matches('"')
        .to_owned();
    let bytes = answer.bytes().await?;
    let hash = Sha256::digest(&bytes);
    anyhow::ensure!(hash[..] == image.sha256[..], "it is not what was stored");
    let hex = format!("{:x}", Bytes::copy_from_slice(&hash));
    anyhow::ensure!(tag == hex, "its ETag is another's");
    ::image::load_from_memory(&bytes)?;
    Ok(())
}

/// The prompt of the completed attempt's request, and the hashes of the pictures that the provider made for it.
async fn origin(
    house: &House,
    requests: &HashMap<String, &Request>,
    completed: Option<&Attempt>,
) -> anyhow::Result<(String, Vec<Vec<u8>>)> {
    let attempt = completed.context("no attempt of it completed")?;
    let id = attempt.provider_request_id.as_ref().context("its attempt knows no request")?;
    let request = requests.get(id).context("the provider knows no such request")?;
    let app: Vec<&str> = request.endpoint_id.split('/').take(2).collect();
    let url = house.sim_url(&format!("/{}/requests/{id}", app.join("/")));
    let result = house.http.get(url).header("Authorization", "Key chaos:chaos").send().await?;
    let result: Value = result.error_for_status()?.json().await?;
    let pictures = result.get("images").and_then(Value::as_array).context("it has no pictures")?;
    let mut hashes = Vec::new();
    for picture in pictures {
        let url = picture.get("url").and_then(Value::as_str).context("a picture has no URL")?;
        let bytes = house.http.get(url).send().await?.error_for_status()?.bytes().await?;
        hashes.push(Sha256::digest(&bytes).to_vec());
    }
    Ok((request.prompt().to_owned(), hashes))
}
