-- Settings of an account's developer's server that pushes do not use: 'staged' until the server answers the
-- verification, 'previous' to step back to. fault says why staged ones were not verified, and is empty otherwise.
create table callback_version (
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

-- Keys with which a developer's machine gets the account's pushes: the hash of each key's secret.
create table listen_key (
    appid text not null,
    hash text not null,
    made_at bigint not null,
    primary key (appid, hash)
);
