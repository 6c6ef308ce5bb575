-- An agent is online only while a row of stream says so. Agents whom an earlier version left online without one are
-- looked at once; those whose row of what is due waits keep that.
insert into due (owner, kind, key, at)
    select appid, 'presence', kf_account, 0 from agent
    where connected = 1 and not exists
        (select 1 from stream where stream.appid = agent.appid and stream.kf_account = agent.kf_account)
    on conflict (owner, kind, key) do nothing;
