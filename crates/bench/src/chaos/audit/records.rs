//! What is on record: in the database, and in the stand-in's ledger.

mod rows;

use std::{fs, path::Path};

use serde::Serialize;

use crate::chaos::house::House;
pub(super) use rows::{Attempt, Claim, Image, Job, Noted, Request};

/// Everything that is on record.
#[derive(Debug, Serialize)]
pub(super) struct Records {
    pub(super) jobs: Vec<Job>,
    pub(super) attempts: Vec<Attempt>,
    /// Attempts that were taken back because they surely did not arrive.
    pub(super) withdrawn: Vec<Attempt>,
    pub(super) noted: Vec<Noted>,
    pub(super) claims: Vec<Claim>,
    pub(super) results: Vec<Image>,
    /// In the order of their submission.
    pub(super) ledger: Vec<Request>,
}

impl Records {
    pub(super) async fn read(house: &House) -> anyhow::Result<Self> {
        let pool = &house.pool;
        let jobs =
            "select id, prompt, status, webhook_url, failure_code, failure_message, created_at, finished_at
                    from jobs order by id";
        let attempts = "select *, false as is_deleted from attempts
                        union all
                        select * from chaos.gone_attempts where is_deleted
                        order by job_id, number";
        let withdrawn = "select * from chaos.gone_attempts where not is_deleted";
        let noted = "select what, job_id, said, at from chaos.noted order by at";
        let claims = "select job_id, model, of_model, in_all, at from chaos.claims order by at";
        let results =
            "select id, job_id, sha256 from images where role = 'result' order by job_id, position";
        let ledger = house.http.get(house.sim_url("/_sim/requests")).send().await?;
        Ok(Self {
            jobs: sqlx::query_as(jobs).fetch_all(pool).await?,
            attempts: sqlx::query_as(attempts).fetch_all(pool).await?,
            withdrawn: sqlx::query_as(withdrawn).fetch_all(pool).await?,
            noted: sqlx::query_as(noted).fetch_all(pool).await?,
            claims: sqlx::query_as(claims).fetch_all(pool).await?,
            results: sqlx::query_as(results).fetch_all(pool).await?,
            ledger: ledger.error_for_status()?.json().await?,
        })
    }

    /// Writes all of it to a file, as JSON for people to read.
    pub(super) fn keep(&self, directory: &Path) -> anyhow::Result<()> {
        Ok(fs::write(directory.join("records.json"), serde_json::to_vec_pretty(self)?)?)
    }

    /// What a trigger noted under this name.
    pub(super) fn noted<'a>(&'a self, what: &'a str) -> impl Iterator<Item = &'a Noted> {
        self.noted.iter().filter(move |noted| noted.what == what)
    }
}
