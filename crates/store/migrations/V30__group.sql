-- Named groups of agents. menu_id is the choice of a menu in a message that sends a customer to the group; empty: none.
create table agent_group (
    appid text not null,
    id bigint not null,
    name text not null,
    menu_id text not null,
    primary key (appid, id)
);
create unique index agent_group_name on agent_group (appid, name);
create unique index agent_group_menu on agent_group (appid, menu_id) where menu_id <> '';
create table group_member (
    appid text not null,
    group_id bigint not null,
    kf_account text not null,
    primary key (appid, group_id, kf_account)
);
create index group_member_agent on group_member (appid, kf_account);

-- Notes of agents, for the agents who serve the customer next. id is the number of the change, as of messages.
create table note (
    appid text not null,
    openid text not null,
    id bigint not null,
    session bigint not null,
    kf_account text not null,
    text text not null,
    at bigint not null,
    primary key (appid, openid, id)
);
