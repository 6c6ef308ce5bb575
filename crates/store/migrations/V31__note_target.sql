-- Where the session of a note went: to an agent, or to a group (0: to the queue of all agents).
alter table note add column to_agent text not null default '';
alter table note add column to_group bigint not null default 0;
