//! The tables of `http`.

use super::side::{Kind, Measured};
use crate::{
    load::milliseconds,
    table::{self, cell, ratio},
};

/// Prints each side, and its rate divided by those of the floors and of FastAPI.
pub(super) fn beside(what: &str, sides: &[Measured]) {
    let rows: Vec<_> = sides
        .iter()
        .map(|side| {
            let over = |kind| over(side, sides.iter().find(|other| other.kind == kind));
            [
                side.name.clone(),
                format!("{:.0}", side.figures.per_second),
                milliseconds(side.figures.p50),
                milliseconds(side.figures.p99),
                over(Kind::Constant),
                over(Kind::Statement),
                over(Kind::FastApi),
                cell(side.statements, 4),
            ]
        })
        .collect();
    let heads = [
        what,
        "requests/s",
        "p50 ms",
        "p99 ms",
        "÷ constant",
        "÷ one statement",
        "÷ FastAPI",
        "statements each",
    ];
    table::print(heads, &rows);
}

/// Prints Darkroom's side of each set, and its rate divided by that of the constant answers in the same set.
pub(super) fn growth(what: &str, sets: &[Vec<Measured>]) {
    let row = |set: &[Measured], side: &Measured| {
        [
            side.name.clone(),
            format!("{:.0}", side.figures.per_second),
            milliseconds(side.figures.p50),
            milliseconds(side.figures.p99),
            over(side, set.iter().find(|other| other.kind == Kind::Constant)),
            cell(side.statements, 4),
        ]
    };
    let rows: Vec<_> = sets
        .iter()
        .flat_map(|set| {
            let ours = set.iter().filter(|side| side.kind == Kind::Darkroom);
            ours.map(|side| row(set, side))
        })
        .collect();
    let heads = [what, "requests/s", "p50 ms", "p99 ms", "÷ constant", "statements each"];
    table::print(heads, &rows);
}

fn over(side: &Measured, other: Option<&Measured>) -> String {
    let rate = |side: &Measured| side.figures.per_second;
    ratio(Some(rate(side)), other.map(rate))
}
