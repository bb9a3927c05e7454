//! The findings of a run, as tables.

use std::{collections::BTreeMap, fmt::Display};

use crate::table;

/// How many cases of a broken guarantee are shown.
const SHOWN: usize = 10;

/// The findings of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// What must never be, with each case in which it was.
    rules: Vec<(&'static str, Vec<String>)>,
    /// Facts about the run.
    facts: Vec<(String, String)>,
}

impl Report {
    /// Adds something that must never be, with the cases in which it was.
    pub(crate) fn never(&mut self, what: &'static str, cases: impl IntoIterator<Item = String>) {
        self.rules.push((what, cases.into_iter().collect()));
    }

    /// Adds a fact.
    pub(crate) fn fact(&mut self, what: impl Into<String>, value: impl Display) {
        self.facts.push((what.into(), value.to_string()));
    }

    /// Adds a fact for each different name, with how often it occurs.
    pub(crate) fn counts(&mut self, what: &str, counted: impl IntoIterator<Item = String>) {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for name in counted {
            *counts.entry(name).or_default() += 1;
        }
        for (name, count) in counts {
            self.fact(format!("{what}{name}"), count);
        }
    }

    /// How many guarantees were broken.
    pub(crate) fn broken(&self) -> usize {
        self.rules.iter().filter(|(_, cases)| !cases.is_empty()).count()
    }

    pub(crate) fn print(&self) {
        let facts: Vec<_> =
            self.facts.iter().map(|(what, value)| [what.clone(), value.clone()]).collect();
        table::print(["what there was", ""], &facts);
        let verdict = |cases: &[String]| if cases.is_empty() { "kept" } else { "**broken**" };
        let rules = self.rules.iter();
        let rules: Vec<_> = rules
            .map(|(what, cases)| {
                [(*what).to_owned(), cases.len().to_string(), verdict(cases).to_owned()]
            })
            .collect();
        table::print(["what must never be", "cases", ""], &rules);
        for (what, cases) in self.rules.iter().filter(|(_, cases)| !cases.is_empty()) {
            println!("\n{what}:");
            for case in cases.iter().take(SHOWN) {
                println!("- {case}");
            }
            if cases.len() > SHOWN {
                println!("- and {} more", cases.len() - SHOWN);
            }
        }
    }
}
