-- Agents who see and move every session of their account.
alter table agent add column supervisor bigint not null default 0;

-- What agents did, for those who ask for it later: numbers run from 1 in each account, and times never fall as they
-- rise. A message is a record once an agent has sent it or has got it; its text stays where it was. message is 0 for
-- what moved a session.
create table record (
    appid text not null,
    id bigint not null,
    at bigint not null,
    opercode bigint not null,
    openid text not null,
    worker text not null,
    message bigint not null,
    primary key (appid, id)
);

-- Until now nothing moved a session from one agent to another: who has it got all that was written in it.
insert into record (appid, id, at, opercode, openid, worker, message)
select m.appid, row_number() over (partition by m.appid order by m.id), m.at,
    case when m.kf_account = '' then 2003 else 2002 end, m.openid,
    case when m.kf_account = '' then s.kf_account else m.kf_account end, m.id
from message m join session s on s.appid = m.appid and s.id = m.session
where m.kf_account <> '' or s.kf_account <> '';
