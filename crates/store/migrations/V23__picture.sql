-- Pixels of a picture as it is shown; 0 for what is none, and for what was stored before.
alter table content add column width bigint not null default 0;
alter table content add column height bigint not null default 0;
