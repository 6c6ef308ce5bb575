-- Counts those who took over an account's delivery. What one before the last one still writes does nothing.
alter table push_cursor add column epoch bigint not null default 0;

-- Until when a developer's server that failed much is left alone, and whether customers wait at the desk meanwhile.
alter table callback add column shielded_until bigint not null default 0;
alter table callback add column desk_while_shielded bigint not null default 0;

-- Settings that are new since a time are found without reading all.
create index callback_set_at on callback (set_at);

-- What failed much at a developer's server: the last time of each kind.
create table push_alarm (
    appid text not null,
    kind text not null,
    first_at bigint not null,
    last_at bigint not null,
    count bigint not null,
    sample text not null,
    primary key (appid, kind)
);
