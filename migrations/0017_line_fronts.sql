-- How far the line has been claimed, so that a claim does not read past all that was claimed before.
--
-- What is claimed leaves an entry behind in `queue_in_line`, until it is cleared away. Nothing is while a
-- transaction stays open, anywhere in the database: then each claim would read past more of them.

-- Nothing that waits in line at this priority has a lower turn. Rows are only ever added, and the lower ones
-- deleted: one that was changed again and again would leave behind what it is there to save.
create table line_fronts (
    priority smallint not null,
    turn bigint not null,
    passed_at timestamptz not null default now(),
    constraint line_fronts_pkey primary key (priority, turn)
);

-- What comes into line, for the first time or once more, comes at the front or behind it.
create function come_into_line() returns trigger language plpgsql as $$
begin
    new.turn = greatest(new.turn, (
        select turn from line_fronts where priority = new.priority order by turn desc limit 1
    ));
    return new;
end
$$;

create trigger queue_first_in_line before insert on queue
    for each row when (new.run_at is null)
    execute function come_into_line();

create trigger queue_back_in_line before update of leased_by, run_at, has_attempt on queue
    for each row when (
        (old.leased_by is not null or old.run_at is not null or old.has_attempt)
        and new.leased_by is null and new.run_at is null and not new.has_attempt
    )
    execute function come_into_line();
