//! The baseline for a customer's message on SQLite: the statements of the verb that stores it. They are copies, so that
//! a product that runs more statements becomes slower than its baseline. A test shows that it leaves the same rows as
//! the product.

use crate::baseline::callers::Load;
use crate::baseline::statement::{INSERT_CHANGE, TAKE_SEQ};
use crate::baseline::writers::{Task, int, one};
use crate::measure::delivery::ORDER;
use crate::measure::delivery::messages::Message;
use anyhow::Context as _;
use kefu::store::numbered;
use model::agent::Presence;
use model::due::Due;
use model::session::SessionState;
use model::session::queue::{Candidate, Place, Strategy, choose};
use model::session::window::{Action, Window};
use model::{Fact, KfAccount, Openid, Session, TextEnum};
use protocol::AccountKind;
use protocol::msgrecord::Opercode;
use rusqlite::{Connection, Row, Statement, params};
use std::sync::Arc;

/// The statements of a customer's message.
pub(crate) struct MessageStatements<'c> {
    take_seq: Statement<'c>,
    find_cookie: Statement<'c>,
    find_sent: Statement<'c>,
    current: Statement<'c>,
    has_callback: Statement<'c>,
    touch: Statement<'c>,
    forget_missed: Statement<'c>,
    is_paused: Statement<'c>,
    is_anybody_waiting: Statement<'c>,
    idle_minutes: Statement<'c>,
    account: Statement<'c>,
    candidates: Statement<'c>,
    save: Statement<'c>,
    schedule: Statement<'c>,
    record: Statement<'c>,
    open_window: Statement<'c>,
    insert: Statement<'c>,
    insert_change: Statement<'c>,
}

impl Task for Message {
    type Statements<'c> = MessageStatements<'c>;

    fn all(load: &Load) -> anyhow::Result<Arc<[Self]>> {
        Message::all_of(&load.read()?, ORDER, load.all())
    }

    fn prepare(conn: &Connection) -> rusqlite::Result<MessageStatements<'_>> {
        let prepare = |sql: &str| conn.prepare(&numbered(sql));
        Ok(MessageStatements {
            take_seq: prepare(TAKE_SEQ)?,
            find_cookie: prepare(FIND_COOKIE)?,
            find_sent: prepare(FIND_SENT)?,
            current: prepare(CURRENT)?,
            has_callback: prepare(HAS_CALLBACK)?,
            touch: prepare(TOUCH)?,
            forget_missed: prepare(FORGET_MISSED)?,
            is_paused: prepare(IS_PAUSED)?,
            is_anybody_waiting: prepare(IS_ANYBODY_WAITING)?,
            idle_minutes: prepare(IDLE_MINUTES)?,
            account: prepare(ACCOUNT)?,
            candidates: prepare(CANDIDATES)?,
            save: prepare(SAVE)?,
            schedule: prepare(SCHEDULE)?,
            record: prepare(RECORD)?,
            open_window: prepare(OPEN_WINDOW)?,
            insert: prepare(INSERT)?,
            insert_change: prepare(INSERT_CHANGE)?,
        })
    }

    /// Stores the message, for the developer's server alone if the account has one; `false` if the cookie is not the
    /// customer's, the message is stored already, or no agent has room.
    fn run(&self, s: &mut MessageStatements<'_>, now: i64) -> anyhow::Result<bool> {
        let Message { appid, openid, cookie_sha256, client_id, text, .. } = self;
        let seq = int(&mut s.take_seq, [appid], 0)?;
        let owner = one(&mut s.find_cookie, [appid, cookie_sha256], |row| row.get::<_, String>(0))?;
        let sent = one(&mut s.find_sent, params![appid, openid, client_id, "", "desk"], |_| Ok(()))?;
        if owner.as_deref() != Some(openid) || sent.is_some() {
            return Ok(false);
        }
        let mut facts = Vec::with_capacity(2);
        let current = one(&mut s.current, [appid, openid], session)?;
        let session = match (current, has_callback(s, appid)?) {
            (None, true) => None,
            (Some(_), true) => return Ok(false),
            (Some(session), false) => {
                let session = session.after_customer_message(now);
                let Session { id, latest_at, active_at, since, is_assigned, .. } = session;
                s.touch.execute(params![appid, id, latest_at, active_at, since, is_assigned])?;
                Some(session)
            }
            (None, false) => {
                let Some(session) = self.open(s, seq, now)? else { return Ok(false) };
                facts.push(Fact::Session {
                    id: session.id,
                    openid: session.openid.clone(),
                    state: session.state,
                    kf_account: session.kf_account.clone(),
                    from: String::new(),
                    event_at: 0,
                });
                Some(session)
            }
        };
        let Window { until, left } = Window::default().after(Action::Message, AccountKind::Service, now);
        s.open_window.execute(params![appid, openid, until, left, now])?;
        let (id, push) = (session.as_ref().map_or(0, |session| session.id), session.is_none());
        s.insert.execute(params![
            appid, seq, openid, id, "", client_id, text, now, "text", "", "desk", false, "", ""
        ])?;
        if let Some(session) = session {
            let received = Opercode::Received.number();
            s.record.execute(params![appid, now, received, openid, session.kf_account, seq])?;
        }
        facts.push(Fact::Message { id: seq, session: id, openid: Openid::stored(openid.clone()), push });
        s.insert_change.execute(params![appid, seq, now, serde_json::to_string(&facts)?])?;
        Ok(true)
    }
}

impl Message {
    /// Opens a session with the agent whom routing chooses; `None` if there is none.
    fn open(&self, s: &mut MessageStatements<'_>, seq: i64, now: i64) -> anyhow::Result<Option<Session>> {
        let Message { appid, openid, .. } = self;
        s.forget_missed.execute([appid, openid])?;
        let capacity = int(&mut s.account, [appid], 9)?;
        let is_paused = one(&mut s.is_paused, params![appid, now], |_| Ok(()))?.is_some();
        if is_paused || one(&mut s.is_anybody_waiting, [appid], |_| Ok(()))?.is_some() {
            return Ok(None);
        }
        let mut candidates: Vec<_> =
            s.candidates.query_map([appid], candidate)?.collect::<rusqlite::Result<_>>()?;
        candidates.iter_mut().for_each(|agent| agent.limit = capacity);
        let Some(agent) = choose(&Place::default(), &candidates, Strategy::default()) else {
            return Ok(None);
        };
        let session = Session::begin(seq, Openid::stored(openid.clone()), now).after_customer_message(now);
        let session = session.assign(agent.kf_account.as_str(), now);
        let Session { id, ref kf_account, waiting_since, opened_at, latest_at, active_at, since, .. } =
            session;
        s.save.execute(params![
            appid,
            id,
            openid,
            session.state.as_text(),
            kf_account,
            waiting_since,
            opened_at,
            latest_at,
            active_at,
            since,
            session.tried,
            session.is_assigned,
            session.group
        ])?;
        let end = session.ends_at(int(&mut s.idle_minutes, [appid], 0)?).context("an open session ends")?;
        s.schedule.execute(params![appid, Due::Session.as_text(), id.to_string(), end])?;
        s.record.execute(params![appid, now, Opercode::Taken.number(), openid, kf_account, 0])?;
        if has_callback(s, appid)? {
            return Ok(None);
        }
        Ok(Some(session))
    }
}

/// Whether the account has a developer's server, whom events and messages would be pushed to.
fn has_callback(s: &mut MessageStatements<'_>, appid: &str) -> rusqlite::Result<bool> {
    Ok(one(&mut s.has_callback, [appid], |_| Ok(()))?.is_some())
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let state: String = row.get(2)?;
    Ok(Session {
        id: row.get(0)?,
        openid: Openid::stored(row.get(1)?),
        state: SessionState::from_text(&state).unwrap_or(SessionState::Closed),
        kf_account: row.get(3)?,
        waiting_since: row.get(4)?,
        opened_at: row.get(5)?,
        latest_at: row.get(6)?,
        active_at: row.get(7)?,
        since: row.get(8)?,
        tried: row.get(9)?,
        is_assigned: row.get(10)?,
        group: row.get(11)?,
    })
}

fn candidate(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate {
        kf_account: KfAccount::stored(row.get(0)?),
        kf_id: row.get(1)?,
        presence: Presence::Online,
        is_automatic: true,
        open: row.get(2)?,
        limit: 0,
        free_since: row.get(3)?,
        assigned_at: row.get(4)?,
        groups: Vec::new(),
    })
}

const FIND_COOKIE: &str = "select coalesce(v.openid, ''), coalesce(v.origin, ''), coalesce(v.client_id, ''),
    coalesce(v.replaced_at, 0), coalesce(v.replaces, ''), a.kind,
    coalesce((select s.kf_account from session s where s.appid = a.appid and s.openid = v.openid and s.state = 'open'
        order by s.id desc limit 1), '')
    from account a left join visitor v on v.appid = a.appid and v.sha256 = $2 where a.appid = $1";
const FIND_SENT: &str =
    "select m.id, m.session, m.openid, m.kf_account, m.text, m.at, m.client_id, m.kind, m.body, m.via, m.ai,
    coalesce(a.nickname, ''), m.content, coalesce(a.headimg, ''), coalesce(c.width, 0), coalesce(c.height, 0)
    from message m left join agent a on a.appid = m.appid and a.kf_account = m.kf_account
    left join content c on c.sha256 = m.content
    where m.appid = $1 and m.openid = $2 and m.client_id = $3 and m.kf_account = $4 and m.via = $5";
const CURRENT: &str =
    "select id, openid, state, kf_account, waiting_since, opened_at, latest_at, active_at, since,
    tried, assigned, group_id from session where appid = $1 and openid = $2 and state <> 'closed'";
const HAS_CALLBACK: &str = "select desk_while_shielded, shielded_until from callback where appid = $1";
const TOUCH: &str = "update session set latest_at = $3, active_at = $4, since = $5, assigned = $6
    where appid = $1 and id = $2";
const FORGET_MISSED: &str = "delete from missed where appid = $1 and openid = $2";
const IS_PAUSED: &str = "select at from due where owner = $1 and kind = 'queue' and key = '' and at > $2";
const IS_ANYBODY_WAITING: &str = "select id from session where appid = $1 and state = 'waiting' limit 1";
const IDLE_MINUTES: &str = "select idle_minutes from account where appid = $1";
const ACCOUNT: &str =
    "select appid, name, kind, principal, certified, feature, alias, original_id, reception,
    capacity, kf_id_as_string, auto_accept, idle_minutes, grace_s, answer_s, strategy, last_agent_first
    from account where appid = $1";
const CANDIDATES: &str = "select a.kf_account, a.kf_id, (select count(*) from session s
    where s.appid = a.appid and s.kf_account = a.kf_account and s.state = 'open'),
    a.free_since, a.assigned_at, a.reception, a.capacity, a.connected, a.away
    from agent a where a.appid = $1 and a.worker <> '' and a.connected = 1 and a.away = 0 order by a.kf_id";
const SAVE: &str = "insert into session
    (appid, id, openid, state, kf_account, waiting_since, opened_at, latest_at, active_at, since, tried, assigned,
    group_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (appid, id) do update set state = excluded.state, kf_account = excluded.kf_account,
    opened_at = excluded.opened_at, latest_at = excluded.latest_at, active_at = excluded.active_at,
    since = excluded.since, tried = excluded.tried, assigned = excluded.assigned, group_id = excluded.group_id";
const SCHEDULE: &str = "insert into due (owner, kind, key, at) values ($1, $2, $3, $4)
    on conflict (owner, kind, key) do update set at = excluded.at";
const RECORD: &str = "insert into record (appid, id, at, opercode, openid, worker, message)
    select cast($1 as text), coalesce(max(l.id), 0) + 1, cast($2 as bigint), cast($3 as bigint), cast($4 as text),
    cast($5 as text), cast($6 as bigint)
    from (select id from record where appid = $1 order by id desc limit 1) l";
const OPEN_WINDOW: &str =
    "insert into send_window (appid, openid, until, remaining, spoke_at, typing_until, acted_at, seen_at)
    values ($1, $2, $3, $4, $5, 0, $5, $5) on conflict (appid, openid) do update set until = excluded.until,
    remaining = excluded.remaining, spoke_at = excluded.spoke_at, acted_at = excluded.acted_at,
    seen_at = excluded.seen_at";
const INSERT: &str =
    "insert into message (appid, id, openid, session, kf_account, client_id, text, at, kind, body, via, ai, content,
    thumb) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

#[cfg(test)]
mod tests {
    use crate::baseline::writers::Writer;
    use crate::data::content::contents;
    use crate::data::customers::{self, People};
    use crate::data::{backlog, seed};
    use crate::measure::delivery::messages::{Message, Order};
    use crate::measure::load::{self, Until};
    use kefu::config::Place;
    use kefu::desk::cookie::{PresentedCookie, Writer as Browser};
    use kefu::desk::{draft::Draft, message};
    use model::Appid;
    use std::net::SocketAddr;
    use std::path::Path;

    #[tokio::test]
    async fn the_baseline_leaves_the_same_rows_as_the_product() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let people = customers::fill(&folder.path().join("product"), 3, 20).await?;
        let customers = people.customers.len();
        let new = rows_left(folder.path(), people).await?;
        // A message, its record and its change; for each customer a session with its record and its due row.
        assert_eq!(new, 3 * 60 + 3 * customers);
        Ok(())
    }

    #[tokio::test]
    async fn so_it_does_for_a_developers_server() -> anyhow::Result<()> {
        let folder = tempfile::tempdir()?;
        let desk = seed::open(&Place::Folder(folder.path().join("product"))).await?;
        let developer = SocketAddr::from(([127, 0, 0, 1], 9));
        let customers = backlog::customers(&desk, developer, 20).await?;
        drop(desk);
        let new = rows_left(folder.path(), People { agents: Vec::new(), customers }).await?;
        // A message and its change.
        assert_eq!(new, 2 * 60);
        Ok(())
    }

    /// Lets both store 60 messages of these people, whose accounts are in the folder `product`, and compares the rows.
    /// Returns how many are new.
    async fn rows_left(folder: &Path, people: People) -> anyhow::Result<usize> {
        let (product, snapshot) = (folder.join("product"), folder.join("snapshot"));
        let baseline = folder.join("baseline");
        seed::snapshot(&product, &snapshot)?;
        seed::restore(&snapshot, &baseline)?;
        let before = contents(&Place::Folder(baseline.clone()))?;
        assert_eq!(before, contents(&Place::Folder(product.clone()))?);
        let order = Order { group: 10, each: 3 };
        let messages = Message::all_of(&people.lines(), order, 60)?;
        let desk = seed::open(&Place::Folder(product.clone())).await?;
        for (n, sent) in messages.iter().enumerate() {
            let cookie = people.customers[order.place(n).0].cookie.clone();
            let browser = Browser::new(&desk, Some(PresentedCookie { secret: cookie, weak: false }), false);
            let draft = Draft::new(sent.text.clone(), sent.client_id.clone());
            let draft = draft.map_err(|code| seed::plain(code.into()))?;
            let appid = Appid::stored(sent.appid.clone());
            message::receive(&desk, &appid, browser, draft).await.map_err(seed::plain)?;
        }
        let (writer, callers) = Writer::start(&baseline.join("kefu.db"), 256, 1, &messages)?;
        drop(load::run(callers, Until::Number(0, messages.len())).await?);
        writer.stop()?;
        let left = contents(&Place::Folder(baseline))?;
        assert_eq!(left, contents(&Place::Folder(product))?);
        Ok(left.len() - before.len())
    }
}
