-- Sub-merchants of Mini Programs, numbered from 1 in each account. icon is the SHA-256 of the picture's content.
create table business (
    appid text not null,
    business_id bigint not null,
    account_name text not null,
    nickname text not null,
    icon text not null,
    transfer_to_commkf bigint not null,
    created_at bigint not null,
    primary key (appid, business_id)
);
create unique index business_account_name on business (appid, account_name);
create index business_icon on business (icon);

-- The enterprise of WeCom that a Mini Program is bound to.
create table work (
    appid text not null primary key,
    corpid text not null,
    bound_at bigint not null
);
