//! All metrics, one a line: the name that Prometheus knows it by, with its unit, and what it tells.
//!
//! Labels have few values: routes are patterns, models are those on offer, codes are those in the source. Nothing that
//! a caller wrote becomes a label.

use super::Metric;

macro_rules! table {
    ($($constant:ident $name:literal $help:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $help, ".")]
            pub const $constant: Metric = Metric { name: $name, help: $help };
        )*
        /// All of them.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

table! {
    // Of every process.
    START_TIME "process_start_time_seconds" "When this process started, in seconds since 1970";
    MEMORY "process_resident_memory_bytes" "Memory that this process has in RAM; 0 where the system does not tell";
    BUILD "darkroom_build_info" "Always 1; the label says which version this is";
    CONNECTIONS "darkroom_database_connections" "Connections to the database that this process has, by pool and state: in_use or idle";
    MAX_CONNECTIONS "darkroom_database_connections_max" "The most connections that a pool of this process may have";
    ACQUIRE_TIMEOUTS "darkroom_database_acquire_timeouts_total" "Times that no connection of a pool of this process was to be had in time";

    // Of a worker.
    CLAIMS "darkroom_claims_total" "Jobs that this process claimed";
    JOBS_HELD "darkroom_jobs_held" "Jobs that this process works on at the moment";
    SETTLES "darkroom_settles_total" "Ends of this process's work on a job: completed, failed, cancelled, retry (another attempt follows), later (something was away) or broken (our own code)";
    FAILURES "darkroom_failures_total" "Attempts and jobs that this process saw fail, by class (retry or never) and code";
    STALE_WRITES "darkroom_stale_writes_total" "Writes of this process that were refused because its lease of a job or a delivery was lost";
    DEATHS "darkroom_worker_deaths_total" "Times that this process was taken for dead, and began anew";
    RESCUED_WORKERS "darkroom_rescued_workers_total" "Dead workers that this process found";
    RESCUED_JOBS "darkroom_rescued_jobs_total" "Jobs of dead workers that this process freed";
    HANDED_OVER_JOBS "darkroom_handed_over_jobs_total" "Jobs that this process handed over to others";
    SUBMISSIONS "darkroom_submissions_total" "Submissions that this process made: accepted, refused, or unknown (no answer told)";
    GIVEN_UP "darkroom_submissions_given_up_total" "Unknown submissions that this process looked for in vain: each may be paid for and lost";
    FAL_CALLS "darkroom_fal_call_seconds" "Duration of this process's calls to fal, well or not, by call";
    FAL_ERRORS "darkroom_fal_errors_total" "Calls to fal by this process that went wrong, by call and class: retry, never, later or halt";
    FAL_EDITS "darkroom_fal_edit_seconds" "From fal's answer to a submission until this process knew that the request had ended, by model; not of requests that it took over";
    HALTS "darkroom_halts_total" "Halts of all submissions that this process began: fal did not accept the account";
    SPEND "darkroom_spend_dollars_total" "What completed jobs of this process cost, in US dollars, by model; as the models' prices say";
    WEBHOOKS "darkroom_webhooks_total" "Attempts of this process to deliver a webhook: delivered, again (tried again later) or given_up";
    WEBHOOK_CALLS "darkroom_webhook_seconds" "Duration of this process's calls to receivers of webhooks";

    // Of an API.
    HTTP_REQUESTS "darkroom_http_request_seconds" "From a request's arrival at this process until its answer began, by method, route and class of status; waits that the client asked for included";
    EVENT_STREAMS "darkroom_event_streams" "Streams of events that this process has open";
    JOB_READS "darkroom_job_reads_total" "Jobs that this process looked up, by where the answer came from: memory or database";

    // Of the database as a whole: each API tells the same, workers do not.
    DATABASE_UP "darkroom_database_up" "1 where the database answered this API when it last asked; while 0, nothing below is told";
    QUEUE_JOBS "darkroom_queue_jobs" "Jobs of the whole service that have not ended, by model and state: in_line, resting or in_flight. The same from each API: take the maximum, not the sum";
    QUEUE_OLDEST "darkroom_queue_oldest_seconds" "How long the oldest job in line waits, by model. The same from each API";
    WORKERS "darkroom_workers" "Workers of the whole service whose heartbeat is not late. The same from each API";
    HALTED "darkroom_halted" "1 while no job is submitted because fal does not accept the account. The same from each API";
    UNKNOWN_SUBMISSIONS "darkroom_unknown_submissions" "Submissions of all jobs that are kept of which it never came out whether fal has them. The same from each API";
    OLDEST_TRANSACTION "darkroom_database_oldest_transaction_seconds" "Age of the oldest transaction that is open in the database, as far as its role may see. The same from each API";
    DEAD_ROWS "darkroom_queue_dead_rows" "Dead rows in the queue's table, by PostgreSQL's estimate. The same from each API";
}
