-- Accounts that were removed: their appids are never used again.
create table removed (
    owner text not null primary key,
    at bigint not null
);

-- The removal of an account or a worker finds what names it.
create index binding_appid on binding (appid);
create index invitation_appid on invitation (appid);
create index agent_worker on agent (worker) where worker <> '';
create index agent_invite on agent (invite_wx) where invite_wx <> '';
create index signup_name on signup (name) where name <> '';
