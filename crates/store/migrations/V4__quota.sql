-- How often an account may call an endpoint, where operators have said so; path '' is all that have no row of their own.
-- What was used of a day stands in quota, under the endpoint's path.
create table quota_limit (
    owner text not null,
    path text not null,
    daily bigint not null,
    per_minute bigint not null,
    primary key (owner, path)
);

-- Where an owner's own calls may come from; from everywhere while there is no row.
create table allowed_ip (
    owner text not null,
    network text not null,
    primary key (owner, network)
);

-- Calls that were refused, numbered for each owner: the last 10,000 of seven days.
create table rid (
    owner text not null,
    number bigint not null,
    rid text not null,
    at bigint not null,
    cost_ms bigint not null,
    query text not null,
    body text not null,
    answer text not null,
    address text not null,
    primary key (owner, number)
);
create index rid_rid on rid (rid);
