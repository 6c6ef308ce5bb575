-- What customers do, other than writing, that is pushed to the developer's server: the name of the event, and its members
-- as JSON. id is the number of the change. Rows are deleted with their change.
create table customer_event (
    appid text not null,
    id bigint not null,
    openid text not null,
    event text not null,
    members text not null,
    primary key (appid, id)
);
