alter table jobs
    -- What the caller wished beside the prompt; only what was said is in it.
    add column options jsonb not null default '{}',
    -- The seed that made the results, where the model tells it.
    add column seed bigint;

-- Whether the model's safety checker blanked a result; null where the model does not say.
alter table images add column blanked boolean;
