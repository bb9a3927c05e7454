//! Checks Darkroom's guarantees on what the run left behind: a file for each kind of guarantee.

mod farewell;
mod jobs;
mod leftovers;
mod limit;
mod logs;
mod pace;
mod records;
mod requests;
mod results;
mod told;

use super::{
    faults::Tally, forge::Forged, house::House, options::Options, report::Report, stream::Said,
};
use records::Records;

/// What was seen of the run from outside.
pub(crate) struct Evidence<'a> {
    pub(crate) options: &'a Options,
    pub(crate) said: &'a Said,
    pub(crate) tally: &'a Tally,
    pub(crate) forged: &'a Forged,
    /// How often trying a failed job again was granted.
    pub(crate) granted: usize,
    /// How long the stream ran.
    pub(crate) poured: tokio::time::Duration,
}

/// Reads everything that is on record, saves it beside the logs, and judges it.
pub(crate) async fn audit(house: &House, evidence: &Evidence<'_>) -> anyhow::Result<Report> {
    let records = Records::read(house).await?;
    records.keep(house.ground.logs())?;
    let mut report = Report::default();
    jobs::judge(&records, evidence, &mut report);
    results::judge(house, &records, &mut report).await?;
    requests::judge(&records, &mut report);
    told::judge(house, &records, &mut report);
    limit::judge(&records, evidence, &mut report);
    leftovers::judge(house, evidence, &records, &mut report).await?;
    pace::judge(&records, evidence, &mut report);
    farewell::judge(house, evidence, &mut report).await?;
    logs::judge(house, evidence, &mut report)?;
    Ok(report)
}
