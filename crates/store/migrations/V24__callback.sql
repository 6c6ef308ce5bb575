-- The developer's server of an account: where pushes go, and how they are signed and encrypted. previous_key is the
-- EncodingAESKey before the current one, empty if there is none; so is key in plain mode.
create table callback (
    appid text not null primary key,
    url text not null,
    token text not null,
    mode text not null,
    format text not null,
    aes_key text not null,
    previous_key text not null,
    set_at bigint not null
);

-- How far an account's feed has been pushed: everything that pushes of changes up to seq is done.
create table push_cursor (
    appid text not null primary key,
    seq bigint not null
);

-- Pushes that are done: the fact of a change that was pushed, how it ended, and what the developer's server wanted.
-- A row also keeps an answer from acting twice.
create table push (
    appid text not null,
    seq bigint not null,
    fact bigint not null,
    openid text not null,
    what text not null,
    outcome text not null,
    tries bigint not null,
    fault text not null,
    at bigint not null,
    primary key (appid, seq, fact)
);

-- The second of a customer's last event: clients recognise a repeated event by it, so no two have the same.
alter table customer add column event_at bigint not null default 0;

-- The temporary file that the developer's server can fetch a pushed picture by; empty for none.
alter table message add column media_id text not null default '';
