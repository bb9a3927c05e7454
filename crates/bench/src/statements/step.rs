//! Tells which step of a job's life a statement belongs to.

use super::statistics::Entry;

/// For each step: who sends the statement, what it does, and a part of its text. The first whose part is found counts.
const STEPS: [(&str, &str, &str); 28] = [
    ("API", "make the job: its row, its picture, its place in line", "insert into jobs ("),
    ("API", "name the file of a result", "prompt, 300)"),
    ("both", "wake workers, name jobs, tell how far requests are", "pg_notify(channel, payload)"),
    ("API", "read the job", "order by jobs.id, images.role, images.position"),
    ("worker", "claim", "with recursive alive as"),
    ("worker", "make jobs due that rested", "with ripe as"),
    ("worker", "claim deliveries", "delivery_round = $"),
    ("worker", "read the picture", "left join images on images.job_id = queue.job_id"),
    ("worker", "begin the attempt", "insert into attempts ("),
    (
        "worker",
        "record fal's answer",
        "as told (\n                   job_id, worker, lease_no, number",
    ),
    ("worker", "keep the result", "images_job_id_role_position_key"),
    ("worker", "complete", "surplus as ("),
    ("worker", "heartbeat", "update workers set beat_at"),
    ("worker", "look for jobs that the line has passed", "with fronts as ("),
    ("worker", "register", "insert into workers"),
    ("worker", "prune", "with old as ("),
    ("trigger", "tell whoever watches", "string_agg(id::text"),
    ("worker", "isolate a job", "set is_isolated"),
    ("function", "front of the line", "where priority = line order by turn"),
    ("trigger", "no place before the front of the line", "new.turn = greatest("),
    ("trigger", "count usage", "insert into usage_changes (api_key_id, day, model, jobs"),
    ("trigger", "are there jobs to be deleted", "from changed where deleted_at is not null"),
    ("trigger", "is the job there (foreign key)", "FOR KEY SHARE"),
    ("session", "listen", "LISTEN"),
    ("session", "settings of a connection", "set local "),
    ("session", "begin", "begin"),
    ("session", "commit", "commit"),
    ("session", "types and versions", "pg_catalog"),
];

/// The statement that asks whether a connection is alive: its whole text, which is also a part of others'.
const PING: &str = "select $1";

/// How much of a statement that is no step is shown.
const SHOWN: usize = 60;

/// A step, or a statement that is none.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Step {
    pub(crate) who: &'static str,
    pub(crate) what: String,
}

impl Step {
    pub(crate) fn of(entry: &Entry) -> Self {
        if entry.text == PING {
            return Self { who: "both", what: "is the connection that listens alive".to_owned() };
        }
        let step = STEPS.iter().find(|(_who, _what, inside)| entry.text.contains(inside));
        if let Some((who, what, _inside)) = step {
            return Self { who, what: (*what).to_owned() };
        }
        let words: Vec<&str> = entry.text.split_whitespace().collect();
        let beginning: String = words.join(" ").chars().take(SHOWN).collect();
        Self { who: "other", what: format!("`{}`", beginning.replace('|', "¦")) }
    }

    /// Whether it is sent more often the more jobs begin and end: claims, settles and what comes between.
    pub(crate) fn is_of_a_job(&self) -> bool {
        const OF_A_JOB: [&str; 6] = [
            "claim",
            "read the picture",
            "begin the attempt",
            "record fal's answer",
            "keep the result",
            "complete",
        ];
        self.who == "worker" && OF_A_JOB.contains(&self.what.as_str())
    }
}
