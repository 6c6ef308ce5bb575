-- Every table and index of this version, as the migrations leave them. Do not edit:
-- KEFU_BLESS=1 cargo test -p kefu-store schema
CREATE TABLE refinery_schema_history(
    version int4 PRIMARY KEY,
    name VARCHAR(255),
    applied_on VARCHAR(255),
    checksum VARCHAR(255)
);
CREATE TABLE head (
    owner text not null primary key,
    seq bigint not null,
    access bigint not null
);
CREATE TABLE change (
    owner text not null,
    seq bigint not null,
    at bigint not null,
    facts text not null,
    primary key (owner, seq)
);
CREATE TABLE due (
    owner text not null,
    kind text not null,
    key text not null,
    at bigint not null,
    primary key (owner, kind, key)
);
CREATE INDEX due_at on due (at);
CREATE TABLE account (
    appid text not null primary key,
    name text not null,
    kind text not null,
    principal text not null,
    certified bigint not null,
    feature bigint not null,
    alias text not null,
    original_id text not null,
    secret_sha256 text not null,
    reception text not null,
    capacity bigint not null,
    next_kf_id bigint not null,
    created_at bigint not null,
    kf_id_as_string bigint not null default 0,
    auto_accept bigint not null default 0,
    idle_minutes bigint not null default 30,
    grace_s bigint not null default 120,
    answer_s bigint not null default 0,
    strategy text not null default 'least_sessions',
    last_agent_first bigint not null default 0
);
CREATE TABLE token (
    owner text not null,
    sha256 text not null,
    kind text not null,
    component text not null,
    generation bigint not null,
    salt text not null,
    issued_at bigint not null,
    expires_at bigint not null,
    live_until bigint not null,
    login text not null default '',
    primary key (owner, sha256)
);
CREATE TABLE quota (
    owner text not null,
    what text not null,
    window_start bigint not null,
    used bigint not null,
    last_at bigint not null,
    primary key (owner, what)
);
CREATE TABLE component (
    appid text not null primary key,
    name text not null,
    secret_sha256 text not null,
    created_at bigint not null
);
CREATE TABLE component_grant (
    appid text not null,
    component text not null,
    sets text not null,
    revoked bigint not null,
    primary key (appid, component)
);
CREATE TABLE agent (
    appid text not null,
    kf_account text not null,
    kf_id bigint not null,
    nickname text not null,
    worker text not null,
    kf_openid text not null,
    invite_wx text not null,
    invite_status text not null,
    invite_expires_at bigint not null,
    connected bigint not null,
    away bigint not null,
    free_since bigint not null,
    headimg text not null default '',
    supervisor bigint not null default 0,
    reception text not null default '',
    capacity bigint not null default 0,
    assigned_at bigint not null default 0,
    away_reason text not null default '',
    left_at bigint not null default 0,
    signed_out bigint not null default 0,
    primary key (appid, kf_account)
);
CREATE TABLE stream (
    appid text not null,
    kf_account text not null,
    node text not null,
    primary key (appid, kf_account, node)
);
CREATE INDEX stream_node on stream (node, appid);
CREATE TABLE customer (
    appid text not null,
    openid text not null,
    created_at bigint not null,
    event_at bigint not null default 0,
    primary key (appid, openid)
);
CREATE TABLE visitor (
    appid text not null,
    sha256 text not null,
    openid text not null,
    origin text not null default '',
    client_id text not null default '',
    replaced_at bigint not null default 0,
    replaces text not null default '',
    primary key (appid, sha256)
);
CREATE TABLE session (
    appid text not null,
    id bigint not null,
    openid text not null,
    state text not null,
    kf_account text not null,
    waiting_since bigint not null,
    opened_at bigint not null,
    latest_at bigint not null,
    active_at bigint not null,
    since bigint not null default 0,
    tried text not null default '',
    assigned bigint not null default 0,
    group_id bigint not null default 0,
    primary key (appid, id)
);
CREATE UNIQUE INDEX session_current on session (appid, openid) where state <> 'closed';
CREATE INDEX session_open on session (appid, kf_account, opened_at) where state = 'open';
CREATE TABLE message (
    appid text not null,
    id bigint not null,
    openid text not null,
    session bigint not null,
    kf_account text not null,
    client_id text not null,
    text text not null,
    at bigint not null,
    kind text not null default 'text',
    body text not null default '',
    via text not null default 'desk',
    ai bigint not null default 0,
    content text not null default '',
    thumb text not null default '',
    media_id text not null default '',
    primary key (appid, id)
);
CREATE INDEX message_openid on message (appid, openid, id);
CREATE TABLE worker (
    name text not null primary key,
    password text not null,
    created_at bigint not null
);
CREATE TABLE login (
    sha256 text not null primary key,
    worker text not null,
    id text not null,
    browser text not null,
    address text not null,
    created_at bigint not null,
    used_at bigint not null,
    expires_at bigint not null
);
CREATE INDEX login_worker on login (worker, created_at);
CREATE TABLE signup (
    sha256 text not null primary key,
    name text not null,
    expires_at bigint not null,
    made_at bigint not null default 0
);
CREATE TABLE binding (
    worker text not null,
    appid text not null,
    kf_account text not null,
    primary key (worker, appid, kf_account)
);
CREATE TABLE invitation (
    worker text not null,
    appid text not null,
    kf_account text not null,
    primary key (worker, appid, kf_account)
);
CREATE TABLE node (
    id text not null primary key,
    beat bigint not null,
    started_at bigint not null,
    clock bigint not null default 0
);
CREATE TABLE holder (
    what text not null primary key,
    node text not null,
    epoch bigint not null
);
CREATE TABLE content (
    sha256 text not null primary key,
    object text not null,
    content_type text not null,
    size bigint not null,
    created_at bigint not null,
    width bigint not null default 0,
    height bigint not null default 0
);
CREATE TABLE media (
    appid text not null,
    media_id text not null,
    kind text not null,
    content text not null,
    name text not null,
    ticket_sha256 text not null,
    created_at bigint not null,
    expires_at bigint not null,
    primary key (appid, media_id)
);
CREATE INDEX media_content on media (content);
CREATE INDEX media_ticket on media (appid, ticket_sha256) where ticket_sha256 <> '';
CREATE INDEX agent_headimg on agent (headimg) where headimg <> '';
CREATE INDEX message_content on message (content) where content <> '';
CREATE INDEX message_thumb on message (thumb) where thumb <> '';
CREATE TABLE send_window (
    appid text not null,
    openid text not null,
    until bigint not null,
    remaining bigint not null,
    spoke_at bigint not null,
    typing_until bigint not null,
    acted_at bigint not null default 0,
    seen_at bigint not null default 0,
    primary key (appid, openid)
);
CREATE TABLE quota_limit (
    owner text not null,
    path text not null,
    daily bigint not null,
    per_minute bigint not null,
    primary key (owner, path)
);
CREATE TABLE allowed_ip (
    owner text not null,
    network text not null,
    primary key (owner, network)
);
CREATE TABLE rid (
    owner text not null,
    number bigint not null,
    rid text not null,
    at bigint not null,
    cost_ms bigint not null,
    query text not null,
    body text not null,
    answer text not null,
    address text not null,
    primary key (owner, number)
);
CREATE INDEX rid_rid on rid (rid);
CREATE TABLE record (
    appid text not null,
    id bigint not null,
    at bigint not null,
    opercode bigint not null,
    openid text not null,
    worker text not null,
    message bigint not null,
    primary key (appid, id)
);
CREATE INDEX content_object on content (object);
CREATE TABLE administrator (
    worker text not null,
    appid text not null,
    granted_at bigint not null,
    primary key (worker, appid)
);
CREATE INDEX administrator_appid on administrator (appid);
CREATE TABLE business (
    appid text not null,
    business_id bigint not null,
    account_name text not null,
    nickname text not null,
    icon text not null,
    transfer_to_commkf bigint not null,
    created_at bigint not null,
    primary key (appid, business_id)
);
CREATE UNIQUE INDEX business_account_name on business (appid, account_name);
CREATE INDEX business_icon on business (icon);
CREATE TABLE work (
    appid text not null primary key,
    corpid text not null,
    bound_at bigint not null
);
CREATE TABLE account_file (
    appid text not null,
    sha256 text not null,
    uses bigint not null,
    size bigint not null,
    primary key (appid, sha256)
);
CREATE TABLE stored_bytes (
    appid text not null,
    openid text not null,
    day bigint not null,
    bytes bigint not null,
    primary key (appid, openid)
);
CREATE INDEX message_file on message (appid, id) where content <> '' or thumb <> '';
CREATE TABLE removed (
    owner text not null primary key,
    at bigint not null
);
CREATE INDEX binding_appid on binding (appid);
CREATE INDEX invitation_appid on invitation (appid);
CREATE INDEX agent_worker on agent (worker) where worker <> '';
CREATE INDEX agent_invite on agent (invite_wx) where invite_wx <> '';
CREATE INDEX signup_name on signup (name) where name <> '';
CREATE INDEX visitor_replaced on visitor (appid, replaced_at) where replaced_at > 0;
CREATE INDEX account_alias on account (alias);
CREATE INDEX session_openid on session (appid, openid, id);
CREATE INDEX session_all_open on session (appid, id) where state = 'open';
CREATE INDEX agent_of_worker on agent (appid, worker) where worker <> '';
CREATE INDEX signup_expires on signup (expires_at);
CREATE UNIQUE INDEX message_author on message (appid, openid, client_id, kf_account, via);
CREATE TABLE epoch (
    id bigint not null primary key,
    word text not null
);
CREATE TABLE clock (
    id bigint not null primary key,
    latest bigint not null,
    falls bigint not null
);
CREATE INDEX record_at on record (appid, at, id);
CREATE TABLE draft (
    worker text not null,
    appid text not null,
    session bigint not null,
    text text not null,
    at bigint not null,
    primary key (worker, appid, session)
);
CREATE TABLE read_mark (
    appid text not null,
    session bigint not null,
    worker text not null,
    message bigint not null,
    primary key (appid, session, worker)
);
CREATE INDEX read_mark_worker on read_mark (worker);
CREATE INDEX draft_appid on draft (appid);
CREATE TABLE ended_login (
    sha256 text not null primary key,
    worker text not null,
    reason text not null,
    expires_at bigint not null
);
CREATE INDEX ended_login_worker on ended_login (worker, expires_at);
CREATE TABLE callback (
    appid text not null primary key,
    url text not null,
    token text not null,
    mode text not null,
    format text not null,
    aes_key text not null,
    previous_key text not null,
    set_at bigint not null,
    shielded_until bigint not null default 0,
    desk_while_shielded bigint not null default 0
);
CREATE TABLE push_cursor (
    appid text not null primary key,
    seq bigint not null,
    paused bigint not null default 0,
    epoch bigint not null default 0
);
CREATE TABLE push (
    appid text not null,
    seq bigint not null,
    fact bigint not null,
    openid text not null,
    what text not null,
    outcome text not null,
    tries bigint not null,
    fault text not null,
    at bigint not null,
    primary key (appid, seq, fact)
);
CREATE TABLE push_try (
    appid text not null,
    seq bigint not null,
    fact bigint not null,
    number bigint not null,
    replay bigint not null,
    at bigint not null,
    took_ms bigint not null,
    status bigint not null,
    fault text not null,
    headers text not null,
    answer text not null,
    understood text not null,
    warnings text not null,
    primary key (appid, seq, fact, number)
);
CREATE INDEX callback_set_at on callback (set_at);
CREATE TABLE push_alarm (
    appid text not null,
    kind text not null,
    first_at bigint not null,
    last_at bigint not null,
    count bigint not null,
    sample text not null,
    primary key (appid, kind)
);
CREATE TABLE callback_version (
    appid text not null,
    role text not null,
    url text not null,
    token text not null,
    mode text not null,
    format text not null,
    aes_key text not null,
    previous_key text not null,
    fault text not null,
    set_at bigint not null,
    primary key (appid, role)
);
CREATE TABLE listen_key (
    appid text not null,
    hash text not null,
    made_at bigint not null,
    primary key (appid, hash)
);
CREATE INDEX session_waiting on session (appid, since, id) where state = 'waiting';
CREATE INDEX session_queue on session (appid, group_id, since, id) where state = 'waiting';
CREATE TABLE missed (
    appid text not null,
    session bigint not null,
    openid text not null,
    since bigint not null,
    at bigint not null,
    reason text not null,
    primary key (appid, session)
);
CREATE TABLE customer_event (
    appid text not null,
    id bigint not null,
    openid text not null,
    event text not null,
    members text not null,
    primary key (appid, id)
);
CREATE TABLE agent_group (
    appid text not null,
    id bigint not null,
    name text not null,
    menu_id text not null,
    primary key (appid, id)
);
CREATE UNIQUE INDEX agent_group_name on agent_group (appid, name);
CREATE UNIQUE INDEX agent_group_menu on agent_group (appid, menu_id) where menu_id <> '';
CREATE TABLE group_member (
    appid text not null,
    group_id bigint not null,
    kf_account text not null,
    primary key (appid, group_id, kf_account)
);
CREATE INDEX group_member_agent on group_member (appid, kf_account);
CREATE TABLE note (
    appid text not null,
    openid text not null,
    id bigint not null,
    session bigint not null,
    kf_account text not null,
    text text not null,
    at bigint not null,
    to_agent text not null default '',
    to_group bigint not null default 0,
    primary key (appid, openid, id)
);
