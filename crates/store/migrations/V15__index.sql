-- What lists and looks for one row of a long table.
create index session_openid on session (appid, openid, id);
create index session_all_open on session (appid, id) where state = 'open';
create index agent_of_worker on agent (appid, worker) where worker <> '';
create index signup_expires on signup (expires_at);

-- The id that a sender gives a message is unique among that sender's: a customer cannot take an agent's.
drop index message_client;
create unique index message_author on message (appid, openid, client_id, kf_account, via);
