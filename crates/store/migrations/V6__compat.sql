-- Forms of answers that clients of other times were made for.
alter table account add column kf_id_as_string bigint not null default 0;
alter table account add column auto_accept bigint not null default 0;
