-- Messages of every kind, by people at the pages (via desk) or by programs (via api). body is the JSON that says more
-- than the text; content and thumb are the SHA-256 of the files it shows, empty for none.
alter table message add column kind text not null default 'text';
alter table message add column body text not null default '';
alter table message add column via text not null default 'desk';
alter table message add column ai bigint not null default 0;
alter table message add column content text not null default '';
alter table message add column thumb text not null default '';
create index message_content on message (content) where content <> '';
create index message_thumb on message (thumb) where thumb <> '';

-- What programs may still send to a customer (remaining is -1 for any number), when somebody last wrote to or from her,
-- and until when she sees that somebody types.
create table send_window (
    appid text not null,
    openid text not null,
    until bigint not null,
    remaining bigint not null,
    spoke_at bigint not null,
    typing_until bigint not null,
    primary key (appid, openid)
);

-- Who has written before now could be answered then.
insert into send_window (appid, openid, until, remaining, spoke_at, typing_until)
select appid, openid, max(case when kf_account = '' then at else 0 end) + 172800000, 5, max(at), 0
from message group by appid, openid;
