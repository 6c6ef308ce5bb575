-- One dialect for both engines: bigint and text, times in Unix milliseconds, booleans 0 and 1.
-- Every key of an account's table begins with appid.

-- Owners: accounts, components (by appid) and workers (by @name). A narrow row of its own, for it
-- is written with every change: seq is the owner's lock, order and cursor; access is the last seq
-- that changed who may call.
create table head (
    owner text not null primary key,
    seq bigint not null,
    access bigint not null
);

create table change (
    owner text not null,
    seq bigint not null,
    at bigint not null,
    facts text not null,
    primary key (owner, seq)
);

-- What time decides.
create table due (
    owner text not null,
    kind text not null,
    key text not null,
    at bigint not null,
    primary key (owner, kind, key)
);
create index due_at on due (at);

create table account (
    appid text not null primary key,
    name text not null,
    kind text not null,
    principal text not null,
    certified bigint not null,
    feature bigint not null,
    alias text not null,
    original_id text not null,
    secret_sha256 text not null,
    reception text not null,
    capacity bigint not null,
    next_kf_id bigint not null,
    created_at bigint not null
);

-- Tokens of accounts and components. expires_at is the end of its life, live_until the end of what
-- a newer one has left it. A stable token is not stored: it is computed again from generation and salt.
create table token (
    owner text not null,
    sha256 text not null,
    kind text not null,
    component text not null,
    generation bigint not null,
    salt text not null,
    issued_at bigint not null,
    expires_at bigint not null,
    live_until bigint not null,
    primary key (owner, sha256)
);

-- What has been used of a limit in a window (a day, say), and when last.
create table quota (
    owner text not null,
    what text not null,
    window_start bigint not null,
    used bigint not null,
    last_at bigint not null,
    primary key (owner, what)
);

create table component (
    appid text not null primary key,
    name text not null,
    secret_sha256 text not null,
    created_at bigint not null
);

-- What an account has granted a component: permission sets, comma separated.
create table component_grant (
    appid text not null,
    component text not null,
    sets text not null,
    revoked bigint not null,
    primary key (appid, component)
);

create table agent (
    appid text not null,
    kf_account text not null,
    kf_id bigint not null,
    nickname text not null,
    worker text not null,
    kf_openid text not null,
    invite_wx text not null,
    invite_status text not null,
    invite_expires_at bigint not null,
    connected bigint not null,
    away bigint not null,
    free_since bigint not null,
    primary key (appid, kf_account)
);

-- Which nodes have streams of an agent open.
create table stream (
    appid text not null,
    kf_account text not null,
    node text not null,
    primary key (appid, kf_account, node)
);
create index stream_node on stream (node, appid);

create table customer (
    appid text not null,
    openid text not null,
    created_at bigint not null,
    primary key (appid, openid)
);

-- The browsers that write as a customer, by the hash of their cookie.
create table visitor (
    appid text not null,
    sha256 text not null,
    openid text not null,
    primary key (appid, sha256)
);

create table session (
    appid text not null,
    id bigint not null,
    openid text not null,
    state text not null,
    kf_account text not null,
    waiting_since bigint not null,
    opened_at bigint not null,
    latest_at bigint not null,
    active_at bigint not null,
    primary key (appid, id)
);
create unique index session_current on session (appid, openid) where state <> 'closed';
create index session_open on session (appid, kf_account, opened_at) where state = 'open';
create index session_waiting on session (appid, id) where state = 'waiting';

create table message (
    appid text not null,
    id bigint not null,
    openid text not null,
    session bigint not null,
    kf_account text not null,
    client_id text not null,
    text text not null,
    at bigint not null,
    primary key (appid, id)
);
create index message_openid on message (appid, openid, id);
create unique index message_client on message (appid, openid, client_id);

-- Directory tables. A worker's rows are written under her own head.
create table worker (
    name text not null primary key,
    password text not null,
    created_at bigint not null
);

-- id names a login to people; it opens nothing. used_at is true to the hour.
create table login (
    sha256 text not null primary key,
    worker text not null,
    id text not null,
    browser text not null,
    address text not null,
    created_at bigint not null,
    used_at bigint not null,
    expires_at bigint not null
);
create index login_worker on login (worker, created_at);

create table signup (
    sha256 text not null primary key,
    name text not null,
    expires_at bigint not null
);

create table binding (
    worker text not null,
    appid text not null,
    kf_account text not null,
    primary key (worker, appid, kf_account)
);

create table invitation (
    worker text not null,
    appid text not null,
    kf_account text not null,
    primary key (worker, appid, kf_account)
);

create table node (
    id text not null primary key,
    beat bigint not null,
    started_at bigint not null
);

create table holder (
    what text not null primary key,
    node text not null,
    epoch bigint not null
);
