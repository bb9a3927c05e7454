//! The table of `cost`.

use super::{AT_A_TIME, round::Round};
use crate::{
    statements::Step,
    table::{self, cell},
};

/// Prints both rounds, of this many jobs each.
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
    let none = String::new;
    let both =
        |of: fn(&Round) -> f64, digits| [0, 1].map(|at| cell(rounds.get(at).map(of), digits));
    let log = |what: &str, of| {
        let [one, many] = both(of, 0);
        [what.to_owned(), none(), none(), one, none(), none(), many]
    };
    rows.push(log("written by no statement: commits, pages' cleaning", |it| it.rest));
    let [one, many] = both(|it| it.sent, 2);
    let sent = "**all statements that were sent**".to_owned();
    rows.push([sent, one, none(), none(), none(), many, none()]);
    rows.push(log("**the log, from its positions**", |it| it.wal));
    rows.push(log("of it, bytes of pictures", |it| it.pictures));
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
