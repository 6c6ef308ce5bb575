-- The queue: places, assignment, and customers whom no agent answered.
alter table session add column since bigint not null default 0;
alter table session add column tried text not null default '';
alter table session add column assigned bigint not null default 0;
alter table session add column group_id bigint not null default 0;
update session set since = waiting_since where state = 'waiting';
-- The last word was the customer's.
update session set since = latest_at where state = 'open' and latest_at = active_at;
drop index session_waiting;
create index session_waiting on session (appid, since, id) where state = 'waiting';
create index session_queue on session (appid, group_id, since, id) where state = 'waiting';
alter table agent add column reception text not null default '';
alter table agent add column capacity bigint not null default 0;
alter table agent add column assigned_at bigint not null default 0;
alter table agent add column away_reason text not null default '';
alter table agent add column left_at bigint not null default 0;
alter table agent add column signed_out bigint not null default 0;
alter table account add column idle_minutes bigint not null default 30;
alter table account add column grace_s bigint not null default 120;
alter table account add column answer_s bigint not null default 0;
alter table account add column strategy text not null default 'least_sessions';
alter table account add column last_agent_first bigint not null default 0;
create table missed (
    appid text not null,
    session bigint not null,
    openid text not null,
    since bigint not null,
    at bigint not null,
    reason text not null,
    primary key (appid, session)
);
