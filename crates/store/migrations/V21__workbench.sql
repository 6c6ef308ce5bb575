-- What an agent has typed in a session and not sent.
create table draft (
    worker text not null,
    appid text not null,
    session bigint not null,
    text text not null,
    at bigint not null,
    primary key (worker, appid, session)
);

-- The last message of an open or waiting session that a worker has read.
create table read_mark (
    appid text not null,
    session bigint not null,
    worker text not null,
    message bigint not null,
    primary key (appid, session, worker)
);
create index read_mark_worker on read_mark (worker);
create index draft_appid on draft (appid);
