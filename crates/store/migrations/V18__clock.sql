-- The latest time that any node's clock has shown (one row, id 1), and how often that fell.
create table clock (
    id bigint not null primary key,
    latest bigint not null,
    falls bigint not null
);

-- What the node's clock showed when it last raised its counter; 0 before.
alter table node add column clock bigint not null default 0;

-- When a sign-up link was made; 0 for links from before this column.
alter table signup add column made_at bigint not null default 0;

-- When the customer did what opened the window, and when the customer was last known to be at the page.
alter table send_window add column acted_at bigint not null default 0;
alter table send_window add column seen_at bigint not null default 0;
update send_window set seen_at = spoke_at;

-- Records by time, which falls where a clock was set back.
create index record_at on record (appid, at, id);
