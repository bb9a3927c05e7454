//! What a migration may do to tables that an older version uses.

use std::collections::BTreeSet;

use super::sql::parts;

/// How a statement would disturb an older version; `older` are the tables that this knows.
pub(super) fn faults(statement: &str, older: &BTreeSet<String>) -> Vec<String> {
    let words: Vec<&str> = statement.split(' ').collect();
    let is_older = |table: &str| older.contains(table);
    let on_older = || {
        let mut after_on = words.iter().skip_while(|word| **word != "on").skip(1);
        after_on.next().is_some_and(|table| is_older(table))
    };
    let fault = match words.as_slice() {
        ["create", "table" | "sequence" | "function", ..]
        | ["create", "unlogged", "table", ..]
        | ["create", "index", "concurrently", ..] => None,
        ["create", "index", ..] => on_older().then_some("keeps writers out while it is built"),
        ["create", "unique", "index", ..] => on_older().then_some("may forbid what is written"),
        ["create", "trigger", ..] => on_older().then_some("runs in an older version's statements"),
        ["alter", "table", table, actions @ ..] => {
            let actions = if is_older(table) { parts(&actions.join(" ")) } else { Vec::new() };
            return actions
                .iter()
                .filter_map(|action| Some(format!("{table}: {action}: {}", action_fault(action)?)))
                .collect();
        }
        _ => Some("is none of what is known to be harmless"),
    };
    fault.map(|fault| format!("{statement}: {fault}")).into_iter().collect()
}

/// The table that a statement makes.
pub(super) fn made_table(statement: &str) -> Option<String> {
    let rest = statement
        .strip_prefix("create table ")
        .or_else(|| statement.strip_prefix("create unlogged table "))?;
    rest.split([' ', '(']).next().map(Into::into)
}

/// How one action of `alter table` would disturb an older version.
fn action_fault(action: &str) -> Option<&'static str> {
    let has = |words: &str| action.contains(words);
    let words: Vec<&str> = action.split(' ').collect();
    match words.as_slice() {
        ["add", "column", ..] if has(" generated ") => Some("writes the whole table anew"),
        ["add", "column", ..] if has(" not null") && !has(" default ") => {
            Some("an older version leaves it null")
        }
        ["add", "column", ..] if has(" unique") || has(" primary key") => {
            Some("keeps writers out while its index is built")
        }
        ["add", "constraint", ..] if !has(" not valid") => {
            Some("reads the whole table under a lock, and forbids what an older version may write")
        }
        ["add", "column" | "constraint", ..]
        | ["alter", "column", _, "set", "default" | "storage" | "statistics", ..] => None,
        ["alter", "column", _, "drop", "not", "null"] => Some("an older version expects a value"),
        ["alter", "column", _, "drop", "default"] => Some("an older version leaves it to that"),
        _ => Some("is none of what is known to be harmless"),
    }
}
