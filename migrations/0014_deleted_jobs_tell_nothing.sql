-- A job that its caller deleted tells nobody anything: its row goes in the statement that ends it, and a delivery of it would
-- have nothing to belong to.
drop trigger jobs_delivery on jobs;
create trigger jobs_delivery after update of status on jobs
    for each row
    when (
        new.webhook_url is not null and new.deleted_at is null and new.status <> old.status
        and 'job.' || new.status = any (new.webhook_events)
    )
    execute function write_delivery();
