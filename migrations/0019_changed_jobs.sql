-- What changed since a moment and has not ended: `jobs_finished` has the rest. Without it, all jobs were read to find the
-- few that changed, each second where changes cannot be heard.
create index jobs_changed on jobs (updated_at) where finished_at is null;
