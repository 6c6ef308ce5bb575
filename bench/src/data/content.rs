//! For tests: the rows of a database, without times and random values.

use crate::data::database;
use kefu::config::Place;
use postgres::types::Type;
use rusqlite::types::ValueRef;

const ALL: [&str; 16] = [
    "select * from head order by owner",
    "select appid, name, kind, principal, certified, feature, alias, original_id, secret_sha256, reception,
        capacity, next_kf_id from account order by appid",
    "select appid, kf_account, kf_id, nickname, worker, length(kf_openid), invite_wx, invite_status,
        invite_expires_at, connected, away, sign(free_since) from agent order by appid, kf_account",
    "select * from quota_limit order by owner, path",
    "select owner, seq, facts from change order by owner, seq",
    "select owner, kind, key from due order by owner, kind, key",
    "select owner, kind, component, generation, salt, expires_at - issued_at, live_until - issued_at, length(sha256)
        from token order by owner",
    "select name, length(password) from worker order by name",
    "select worker, appid, kf_account from binding order by worker, appid, kf_account",
    "select worker, appid, kf_account from invitation order by worker, appid, kf_account",
    "select appid, id, openid, state, kf_account, sign(opened_at - waiting_since), sign(latest_at - opened_at),
        sign(active_at - latest_at) from session order by appid, id",
    "select appid, id, openid, session, kf_account, client_id, text, kind, body, via, ai, content, thumb from message
        order by appid, id",
    "select appid, id, opercode, openid, worker, message from record order by appid, id",
    "select appid, openid, until - spoke_at, remaining, typing_until, acted_at - spoke_at, seen_at - spoke_at
        from send_window order by appid, openid",
    "select appid, sha256, openid, origin, client_id, sign(replaced_at), replaces from visitor order by appid, sha256",
    "select appid, openid from customer order by appid, openid",
];

/// Every row, as text.
pub(crate) fn contents(place: &Place) -> anyhow::Result<Vec<String>> {
    match place {
        Place::Folder(folder) => of_sqlite(&rusqlite::Connection::open(folder.join("kefu.db"))?),
        Place::Postgres(url) => database::with(url, of_postgres),
    }
}

fn of_sqlite(conn: &rusqlite::Connection) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for sql in ALL {
        let mut statement = conn.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let cells = (0..columns).map(|column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Integer(int) => int.to_string(),
                    value => value.as_str()?.to_owned(),
                })
            });
            all.push(cells.collect::<anyhow::Result<Vec<_>>>()?.join("|"));
        }
    }
    Ok(all)
}

fn of_postgres(client: &mut postgres::Client) -> anyhow::Result<Vec<String>> {
    let mut all = Vec::new();
    for sql in ALL {
        for row in client.query(sql, &[])? {
            let cells = row.columns().iter().enumerate().map(|(column, about)| match *about.type_() {
                Type::INT8 => row.get::<_, i64>(column).to_string(),
                Type::INT4 => row.get::<_, i32>(column).to_string(),
                Type::FLOAT8 => row.get::<_, f64>(column).to_string(),
                _ => row.get(column),
            });
            all.push(cells.collect::<Vec<String>>().join("|"));
        }
    }
    Ok(all)
}
