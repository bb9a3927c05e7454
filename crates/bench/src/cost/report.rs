//! The table of `cost`.

use super::{AT_A_TIME, round::Round};
use crate::{statements::Step, table};

/// Prints both rounds, of so many jobs each.
pub(super) fn print(jobs: u16, rounds: &[Round]) {
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
    let what = format!("{jobs} jobs, each watched; a job");
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
