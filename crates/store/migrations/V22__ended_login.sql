-- Why a login ended before its time, by the hash of its cookie, until it would have expired.
create table ended_login (
    sha256 text not null primary key,
    worker text not null,
    reason text not null,
    expires_at bigint not null
);
create index ended_login_worker on ended_login (worker, expires_at);
