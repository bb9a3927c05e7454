//! Has the database itself note changes during the run, in its own tables beside Darkroom's: those that must never be,
//! and those that leave no other trace.

use darkroom_core::db::Pool;

/// Makes the triggers, which see every change, whoever makes it, and whose notes are rolled back with it.
const STATEMENTS: [&str; 17] = [
    "create schema chaos",
    "create table chaos.noted (
         what text not null,
         job_id uuid not null,
         said text,
         at timestamptz not null default clock_timestamp()
     )",
    // An attempt is deleted with its job, or alone because the submission surely did not arrive.
    "create table chaos.gone_attempts (like attempts, is_deleted boolean not null)",
    "create function chaos.note() returns trigger language plpgsql as $$
         begin
             insert into chaos.noted (what, job_id, said) values (
                 tg_argv[0], (to_jsonb(old) ->> tg_argv[1])::uuid,
                 (to_jsonb(old) ->> tg_argv[2]) || ' -> ' || coalesce(to_jsonb(new) ->> tg_argv[2], '')
             );
             return null;
         end $$",
    "create trigger chaos_ended_again after update on jobs for each row
         when (old.finished_at is not null and new.finished_at is not null)
         execute function chaos.note('ended again', 'id', 'status')",
    "create trigger chaos_reopened after update on jobs for each row
         when (old.finished_at is not null and new.finished_at is null)
         execute function chaos.note('reopened', 'id', 'status')",
    "create trigger chaos_went_back after update on jobs for each row
         when (old.status = 'processing' and new.status = 'pending')
         execute function chaos.note('went back', 'id', 'status')",
    "create trigger chaos_ended after update on jobs for each row
         when (old.finished_at is null and new.finished_at is not null)
         execute function chaos.note('ended', 'id', 'status')",
    "create trigger chaos_deleted after delete on jobs for each row
         execute function chaos.note('deleted', 'id', 'status')",
    "create trigger chaos_attempt_ended_again after update on attempts for each row
         when (old.ended_at is not null
             and (old.outcome, old.ended_at) is distinct from (new.outcome, new.ended_at))
         execute function chaos.note('attempt ended again', 'job_id', 'outcome')",
    "create trigger chaos_lease_taken after update on queue for each row
         when (old.leased_by is not null and new.leased_by is not null
             and (old.leased_by, old.lease_no) is distinct from (new.leased_by, new.lease_no))
         execute function chaos.note('lease taken', 'job_id', 'leased_by')",
    "create trigger chaos_rescued after update on queue for each row
         when (new.rescues > old.rescues)
         execute function chaos.note('rescued', 'job_id', 'rescues')",
    "create function chaos.note_gone_attempt() returns trigger language plpgsql as $$
         begin
             insert into chaos.gone_attempts
             select old.*, not exists (select from jobs where id = old.job_id);
             return null;
         end $$",
    "create trigger chaos_attempt_gone after delete on attempts for each row
         execute function chaos.note_gone_attempt()",
    "create table chaos.claims (
         job_id uuid not null,
         model text not null,
         of_model bigint not null,
         in_all bigint not null,
         at timestamptz not null default clock_timestamp()
     )",
    // It counts after the whole statement, all of its claims included, and sees which jobs others have ended by then.
    "create function chaos.note_claim() returns trigger language plpgsql as $$
         begin
             insert into chaos.claims (job_id, model, of_model, in_all)
             select new.job_id, new.model, count(*) filter (where model = new.model), count(*)
             from queue where leased_by is not null or has_attempt;
             return null;
         end $$",
    "create trigger chaos_claimed after update on queue for each row
         when (old.in_line and new.leased_by is not null)
         execute function chaos.note_claim()",
];

/// Makes the tables and triggers.
pub(crate) async fn begin(pool: &Pool) -> anyhow::Result<()> {
    for statement in STATEMENTS {
        sqlx::query(statement).execute(pool).await?;
    }
    Ok(())
}
