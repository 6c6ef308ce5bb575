-- Cookies of customers. origin: '' made before this version, 'clear', or 'tls' under a name that only this host can set.
-- A cookie that was replaced (replaced_at > 0) opens nothing; it may repeat the message client_id, for which it was
-- replaced. replaces: the cookie that ends once this one is shown.
alter table visitor add column origin text not null default '';
alter table visitor add column client_id text not null default '';
alter table visitor add column replaced_at bigint not null default 0;
alter table visitor add column replaces text not null default '';
create index visitor_replaced on visitor (appid, replaced_at) where replaced_at > 0;
