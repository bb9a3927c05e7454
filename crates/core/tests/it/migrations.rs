//! A migration adds only what an older version does not notice, and takes nothing away.
//!
//! It runs while replicas of the version before it are at work, and they go on: replicas are replaced one after the
//! other, and may be rolled back.

mod exceptions;
mod rules;
mod sql;

use std::{collections::BTreeSet, fs, path::Path};

use self::{exceptions::EXCEPTIONS, rules::faults};

/// Migrations up to this one were made before anything was deployed, and need not keep to this.
const UNHELD: &str = "0014";

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");

#[test]
fn an_older_version_goes_on_beside_each_migration() {
    let mut unexcused = Vec::new();
    for (migration, fault) in all_faults() {
        if migration.as_str() <= UNHELD || migration.starts_with(UNHELD) {
            continue;
        }
        let excused = EXCEPTIONS.iter().any(|exception| exception.is_for(&migration, &fault));
        if !excused {
            unexcused.push(format!("{migration}: {fault}"));
        }
    }

    assert!(unexcused.is_empty(), "{unexcused:#?}");
}

#[test]
fn no_exception_is_left_from_something_that_is_gone() {
    let faults = all_faults();
    for exception in EXCEPTIONS {
        let is_needed = faults.iter().any(|(migration, fault)| exception.is_for(migration, fault));
        assert!(is_needed, "{} excuses nothing", exception.shown());
    }
}

#[test]
fn what_takes_away_or_forbids_is_found_and_what_adds_is_not() {
    let older = BTreeSet::from(["jobs".to_owned()]);
    for bad in [
        "drop table jobs",
        "drop index jobs_status",
        "alter table jobs drop column prompt",
        "alter table jobs rename column prompt to wish",
        "alter table jobs rename to edits",
        "alter table jobs add column colour text not null",
        "alter table jobs add column area bigint generated always as (1) stored",
        "alter table jobs add column colour text unique",
        "alter table jobs add column a int, add constraint jobs_a check (prompt <> '')",
        "alter table jobs alter column prompt type varchar(10)",
        "alter table jobs alter column prompt set not null",
        "alter table jobs alter column prompt drop not null",
        "alter table jobs alter column status drop default",
        "create index jobs_prompt on jobs (prompt)",
        "create unique index concurrently jobs_prompt on jobs (prompt)",
        "create trigger jobs_told after insert on jobs for each row execute function tell()",
        "create or replace function tell() returns trigger language plpgsql as $$ begin end $$",
        "update jobs set prompt = ''",
        "truncate jobs",
    ] {
        assert!(!faults(&sql::statements(bad).remove(0), &older).is_empty(), "{bad}");
    }
    for good in [
        "create table colours (id uuid primary key, name text not null unique)",
        "create unlogged table colours (id uuid)",
        "create index colours_name on colours (name)",
        "create unique index colours_name on colours (name)",
        "create index concurrently jobs_prompt on jobs (prompt)",
        "alter table colours drop column name",
        "alter table jobs add column colour text",
        "alter table jobs add column colour text not null default 'red; drop table jobs'",
        "alter table jobs add column colour text constraint jobs_colour check (colour <> '')",
        "alter table jobs add constraint jobs_named check (prompt <> '') not valid",
        "alter table jobs alter column priority set default 1",
        "-- drop table jobs\ncreate sequence colour_numbers as bigint",
        "create function paint() returns trigger language plpgsql as $$ begin drop table x; end $$",
    ] {
        let found: Vec<String> =
            sql::statements(good).iter().flat_map(|statement| faults(statement, &older)).collect();
        assert!(found.is_empty(), "{good}: {found:#?}");
    }
}

/// Each migration's faults, the oldest migration first.
fn all_faults() -> Vec<(String, String)> {
    let mut files: Vec<_> =
        fs::read_dir(Path::new(DIRECTORY)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut older = BTreeSet::new();
    let mut found = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let statements = sql::statements(&fs::read_to_string(&file).unwrap());
        let of_file = statements.iter().flat_map(|statement| faults(statement, &older));
        found.extend(of_file.map(|fault| (name.clone(), fault)));
        older.extend(statements.iter().filter_map(|statement| rules::made_table(statement)));
    }
    assert!(older.contains("jobs") && older.contains("queue"), "tables are made in another way");
    found
}
