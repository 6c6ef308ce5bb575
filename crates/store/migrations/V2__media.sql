-- What people and programs sent as files. The bytes stand beside the database, once for each content, under a name
-- that is never given twice: whoever removes one cannot meet whoever brings the same content again.
create table content (
    sha256 text not null primary key,
    object text not null,
    content_type text not null,
    size bigint not null,
    created_at bigint not null
);

-- Temporary media. ticket_sha256 is of the address at which a video is fetched, empty for what is none.
create table media (
    appid text not null,
    media_id text not null,
    kind text not null,
    content text not null,
    name text not null,
    ticket_sha256 text not null,
    created_at bigint not null,
    expires_at bigint not null,
    primary key (appid, media_id)
);
create index media_content on media (content);
create index media_ticket on media (appid, ticket_sha256) where ticket_sha256 <> '';

-- The content of her picture, empty without one.
alter table agent add column headimg text not null default '';
create index agent_headimg on agent (headimg) where headimg <> '';
