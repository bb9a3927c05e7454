//! `cost`: what one job asks of the database from its POST until a watcher sees it completed, and what it leaves in the log.

use std::collections::HashMap;

use anyhow::ensure;
use clap::{Args, value_parser};
use tokio::time::{Duration, sleep};

use crate::{
    counted::{self, Counted, Step, Tally, Wishes},
    table,
    watcher::follow_all,
};

/// How much is measured.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Options {
    /// Jobs of each round
    #[arg(long, default_value_t = 300, value_parser = value_parser!(u16).range(10..=10_000))]
    jobs: u16,
}

/// Jobs at a time, in one round each.
const AT_A_TIME: [u16; 2] = [1, 32];

/// Jobs before those that count, for each that is there at a time.
const WARM_UP: u16 = 2;

/// As short as an edit can be: what time alone costs, a heartbeat for one, is to stay small.
const LATENCY: Duration = Duration::from_millis(20);

/// Until what a job's end left to be done is done.
const SETTLING: Duration = Duration::from_secs(1);

/// What jobs came to, a job.
struct Round {
    steps: HashMap<Step, Cost>,
    sent: f64,
    wal: f64,
    /// Of the wal, what no statement is said to have written: commits above all.
    rest: f64,
    pictures: f64,
}

/// Of a statement, a job.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    calls: f64,
    rows: f64,
    wal: f64,
    milliseconds: f64,
}

/// Counts both rounds on one stand.
pub(crate) async fn run(options: &Options) -> anyhow::Result<()> {
    let wishes = Wishes { latency: LATENCY, edits: 64, worker: Vec::new() };
    counted::measure(&wishes, async |stand| {
        stand.start_worker()?;
        println!("\n### Cost\n\n{}", stand.describe().await?);
        let mut rounds = Vec::new();
        for at_a_time in AT_A_TIME {
            rounds.push(round(stand, options.jobs, at_a_time).await?);
        }
        print(*options, &rounds);
        Ok(())
    })
    .await
}

async fn round(stand: &Counted, jobs: u16, at_a_time: u16) -> anyhow::Result<Round> {
    let port = stand.api.plan.port;
    follow_all(port, (WARM_UP, 0), at_a_time).await?;
    sleep(SETTLING).await;
    // What a page costs that is written for the first time since a checkpoint is to be the same each time.
    sqlx::raw_sql("/* bench */ checkpoint").execute(&stand.pool).await?;
    let before = Totals::read(stand).await?;
    Tally::begin(&stand.pool).await?;
    follow_all(port, (0, jobs), at_a_time).await?;
    sleep(SETTLING).await;
    let tally = Tally::read(&stand.pool).await?;
    let after = Totals::read(stand).await?;
    ensure!(after.completed - before.completed == i64::from(jobs), "not all jobs were completed");
    Ok(Round::of(jobs, &tally, before, after))
}

/// What is in the database at a moment.
#[derive(Clone, Copy, Debug)]
struct Totals {
    completed: i64,
    wal: i64,
    pictures: i64,
}

impl Totals {
    async fn read(stand: &Counted) -> anyhow::Result<Self> {
        Ok(Self {
            completed: stand.look("select count(*) from jobs where status = 'completed'").await?,
            wal: stand.look("select (pg_current_wal_insert_lsn() - '0/0')::bigint").await?,
            pictures: stand
                .look("select coalesce(sum(octet_length(data)), 0)::bigint from images")
                .await?,
        })
    }
}

impl Round {
    fn of(jobs: u16, tally: &Tally, before: Totals, after: Totals) -> Self {
        let each = |count: i64| i32::try_from(count).map_or(f64::MAX, f64::from) / f64::from(jobs);
        let mut steps: HashMap<Step, Cost> = HashMap::new();
        for entry in &tally.0 {
            let cost = steps.entry(Step::of(entry)).or_default();
            cost.calls += each(entry.calls);
            cost.rows += each(entry.rows);
            cost.wal += each(entry.wal_bytes);
            cost.milliseconds += entry.milliseconds / f64::from(jobs);
        }
        let wal = each(after.wal - before.wal);
        Self {
            steps,
            sent: tally.sent().map(|entry| each(entry.calls)).sum(),
            wal,
            rest: wal - tally.sent().map(|entry| each(entry.wal_bytes)).sum::<f64>(),
            pictures: each(after.pictures - before.pictures),
        }
    }
}

fn print(options: Options, rounds: &[Round]) {
    let mut steps: Vec<&Step> = rounds.iter().flat_map(|round| round.steps.keys()).collect();
    let of = |round: usize, step: &Step| {
        rounds.get(round).and_then(|round| round.steps.get(step)).copied().unwrap_or_default()
    };
    steps.sort_by(|a, b| {
        let key = |step: &Step| (of(0, step).wal, of(0, step).calls);
        key(b).partial_cmp(&key(a)).unwrap_or(std::cmp::Ordering::Equal).then(a.what.cmp(&b.what))
    });
    steps.dedup();
    let mut rows: Vec<[String; 7]> = steps
        .into_iter()
        .map(|step| {
            let (one, many) = (of(0, step), of(1, step));
            [
                format!("{}: {}", step.who, step.what),
                format!("{:.2}", one.calls),
                format!("{:.2}", one.rows),
                format!("{:.0}", one.wal),
                format!("{:.2}", one.milliseconds),
                format!("{:.2}", many.calls),
                format!("{:.0}", many.wal),
            ]
        })
        .collect();
    let total = |what: &str, figure: fn(&Round) -> f64, calls: bool| {
        let figure = |round: usize, digits: usize| {
            rounds.get(round).map_or_else(String::new, |it| format!("{:.digits$}", figure(it)))
        };
        let none = String::new;
        if calls {
            [what.to_owned(), figure(0, 2), none(), none(), none(), figure(1, 2), none()]
        } else {
            [what.to_owned(), none(), none(), figure(0, 0), none(), none(), figure(1, 0)]
        }
    };
    rows.push(total("written by no statement: commits, pages' cleaning", |it| it.rest, false));
    rows.push(total("**all statements that were sent**", |it| it.sent, true));
    rows.push(total("**the log, from its positions**", |it| it.wal, false));
    rows.push(total("of it, bytes of pictures", |it| it.pictures, false));
    let many = AT_A_TIME[1];
    let what = format!("{} jobs, each watched; a job", options.jobs);
    table::print(
        [
            &what,
            "calls",
            "rows",
            "WAL bytes",
            "ms in PostgreSQL",
            &format!("calls, {many} at a time"),
            &format!("WAL bytes, {many} at a time"),
        ],
        &rows,
    );
}
