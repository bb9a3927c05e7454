-- Whoever makes jobs asks for the front once for all of them: a trigger asked for each row.

-- How far the line of this priority has been claimed, at the moment of the call: not as the statement that asks saw it
-- when it began.
create function line_front(line smallint) returns bigint language plpgsql volatile as $$
begin
    return coalesce(
        (select turn from line_fronts where priority = line order by turn desc limit 1),
        0
    );
end
$$;

drop trigger queue_first_in_line on queue;
