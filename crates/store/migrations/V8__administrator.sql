-- Who administers an account. A worker's rows are written under her own head.
create table administrator (
    worker text not null,
    appid text not null,
    granted_at bigint not null,
    primary key (worker, appid)
);
create index administrator_appid on administrator (appid);
