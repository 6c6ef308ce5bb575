-- Tries of pushes that are done, and replays of them: when, how long, and what the developer's server answered. status
-- is 0 if it did not answer. answer is the beginning of its body; headers and understood are JSON, understood is empty
-- if the answer was not taken; warnings are words. Only the latest of an account are kept.
create table push_try (
    appid text not null,
    seq bigint not null,
    fact bigint not null,
    number bigint not null,
    replay bigint not null,
    at bigint not null,
    took_ms bigint not null,
    status bigint not null,
    fault text not null,
    headers text not null,
    answer text not null,
    understood text not null,
    warnings text not null,
    primary key (appid, seq, fact, number)
);

-- Whether the account's pushes wait until they are resumed.
alter table push_cursor add column paused bigint not null default 0;
