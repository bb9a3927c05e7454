//! What migrations do against the rules, and why that does an older version no harm.

/// Something that breaks a rule and is allowed.
pub(super) struct Exception {
    /// Number of the migration.
    migration: &'static str,
    /// Words that occur in the fault.
    what: &'static str,
    /// Why it is allowed.
    why: &'static str,
}

impl Exception {
    pub(super) fn is_for(&self, migration: &str, fault: &str) -> bool {
        migration.starts_with(self.migration) && fault.contains(self.what)
    }

    pub(super) fn shown(&self) -> String {
        format!("{}, {:?}: {}", self.migration, self.what, self.why)
    }
}

pub(super) const EXCEPTIONS: &[Exception] = &[
    Exception {
        migration: "0015",
        what: "create index jobs_of_key",
        why: "an older version writes no keys, so nothing is in it: the table is read once, and nothing is sorted",
    },
    Exception {
        migration: "0016",
        what: "create index jobs_pending_of_key",
        why: "only of jobs that have not ended: the table is read once",
    },
    Exception {
        migration: "0016",
        what: "create trigger jobs_reserved",
        why: "not for an older version's jobs: it leaves `reserved_micros` at 0",
    },
    Exception {
        migration: "0016",
        what: "create trigger jobs_given_back",
        why: "not for an older version's jobs: it leaves `reserved_micros` at 0",
    },
    Exception {
        migration: "0016",
        what: "drop trigger jobs_deleted_end",
        why: "`jobs_counted` takes its place in the same transaction",
    },
    Exception {
        migration: "0016",
        what: "drop function remove_deleted_job",
        why: "nothing but the trigger called it",
    },
    Exception {
        migration: "0016",
        what: "create trigger jobs_counted",
        why: "adds rows to a table of its own, which an older version does not read, and locks none",
    },
    Exception {
        migration: "0017",
        what: "create trigger queue_first_in_line",
        why: "reads one entry of a table of its own, and changes nothing that an older version compares",
    },
    Exception {
        migration: "0017",
        what: "create trigger queue_back_in_line",
        why: "as above: an older version goes by turns that it finds in the rows",
    },
    Exception {
        migration: "0018",
        what: "queue: set (vacuum_truncate = false)",
        why: "a setting of vacuum, which an older version does not read; no reader or writer waits for it",
    },
    Exception {
        migration: "0018",
        what: "create or replace function count_usage",
        why: "counts the same, and locks nothing that a statement wants",
    },
    Exception {
        migration: "0019",
        what: "create index jobs_changed",
        why: "only of jobs that have not ended: the table is read once",
    },
    Exception {
        migration: "0020",
        what: "drop index queue_overdue",
        why: "another takes its place in the same transaction, and an older version's questions are answered by it, too",
    },
    Exception {
        migration: "0020",
        what: "create index queue_overdue",
        why: "the queue is short beside all jobs: it is read once",
    },
    Exception {
        migration: "0020",
        what: "drop index queue_lanes",
        why: "another takes its place; an older version's questions about lanes are answered by `queue_in_line`: as it makes a job or claims under rules, it reads what waits",
    },
    Exception {
        migration: "0020",
        what: "create index queue_lanes",
        why: "as above: the queue is read once",
    },
    Exception {
        migration: "0021",
        what: "create or replace function count_usage",
        why: "counts what an older version writes as it was counted, and locks nothing that a statement wants",
    },
    Exception {
        migration: "0021",
        what: "create or replace function give_back_usage",
        why: "gives the same back; an older version's deletion has what attempts cost counted, too",
    },
    Exception {
        migration: "0021",
        what: "drop trigger jobs_given_back",
        why: "another takes its place in the same transaction",
    },
    Exception {
        migration: "0021",
        what: "create trigger jobs_given_back",
        why: "adds rows to a table that an older version only adds to, as the one before did, and locks none",
    },
    Exception {
        migration: "0022",
        what: "update queue set rescues = 2",
        why: "only of jobs that were rescued often, which are few; to an older version they were rescued less often",
    },
    Exception {
        migration: "0023",
        what: "drop trigger queue_first_in_line",
        why: "an older version reads the front, too; what the line passes while it writes a row, the leader finds",
    },
];
