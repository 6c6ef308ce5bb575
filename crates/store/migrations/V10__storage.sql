-- Contents that an account's messages and temporary files name, each once, and how many name it.
create table account_file (
    appid text not null,
    sha256 text not null,
    uses bigint not null,
    size bigint not null,
    primary key (appid, sha256)
);

-- Bytes of files: of an account in all (openid '', day 0), and of what a customer sent in the last day that they sent
-- something.
create table stored_bytes (
    appid text not null,
    openid text not null,
    day bigint not null,
    bytes bigint not null,
    primary key (appid, openid)
);

insert into account_file (appid, sha256, uses, size)
select named.appid, named.sha256, count(*), max(content.size)
from (
    select appid, content as sha256 from media
    union all select appid, content from message where content <> ''
    union all select appid, thumb from message where thumb <> ''
) named
join content on content.sha256 = named.sha256
group by named.appid, named.sha256;

insert into stored_bytes (appid, openid, day, bytes)
select appid, '', 0, cast(sum(size) as bigint) from account_file group by appid;

-- Messages whose files may be over, oldest first; one row of what is due for each account that has some.
create index message_file on message (appid, id) where content <> '' or thumb <> '';
insert into due (owner, kind, key, at)
select distinct appid, 'file', '', 0 from message where content <> '' or thumb <> '';
