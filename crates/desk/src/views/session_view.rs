//! Sessions as the pages see them. Each list is one statement.

use crate::account::callback::Shield;
use crate::message::{self, HistoryPage};
use crate::people::presence::of_worker;
use crate::{Desk, Result, session};
use model::media::picture_at;
use model::session::SessionState;
use model::session::routing::{self, Recipient};
use model::{Appid, KfAccount, Session, TextEnum, Time, WechatId};
use protocol::msgrecord::Opercode;
use protocol::{Errcode, limits};
use serde::Serialize;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// Read in place of a developer's server if there is none.
const NO_SERVER: i64 = -1;
/// The most characters of the preview.
const PREVIEW: usize = 60;

/// A session as the pages see it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Session"))]
pub struct SessionView {
    /// The session's number.
    pub id: i64,
    /// The customer.
    pub openid: String,
    /// Whether the session waits, is open or is closed.
    pub state: SessionState,
    /// The agent. Empty while the customer waits.
    pub kf_account: String,
    /// The nickname of the agent.
    pub nickname: String,
    /// The address of the agent's picture, if there is one.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headimg: Option<String>,
    /// When the session began.
    pub waiting_since: Time,
    /// When the agent took the session, 0 before.
    pub opened_at: Time,
    /// When the customer last wrote.
    pub latest_at: Time,
    /// When the customer wrote the first word that has no answer: the place in the queue. 0 if all are answered.
    pub since: Time,
    /// The group whose agents serve the customer; 0: all agents do.
    pub group: i64,
    /// The beginning of the last text, at most 60 characters.
    pub preview: String,
    /// Who gets what the customer writes, as of the last change. Absent while the account has no developer's server.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// Whether the agent has a workbench open, online or away. Sent to customers, not to agents.
    #[serde(skip)]
    pub is_agent_here: bool,
}

/// The view of a session.
///
/// # Errors
/// `NotFound`.
pub(crate) fn of(tx: &mut Tx<'_>, appid: &Appid, session: &Session) -> Result<SessionView> {
    by_id(tx, appid, session.id)
}

/// The answer to a worker who has taken a waiting session.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Accepted {
    /// The session as it is now.
    session: SessionView,
    /// The customer's last messages, and the notes between them.
    #[serde(flatten)]
    page: HistoryPage,
}

/// A worker takes a waiting session on the workbench. A session that the agent has already is no error.
///
/// # Errors
/// `Forbidden`, `NotFound`, `CustomerTaken`, `SessionClosed`.
pub async fn accept(desk: &Desk, worker: &WechatId, appid: &Appid, id: i64) -> Result<Accepted> {
    let worker = worker.clone();
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?;
        let mut session = session::by_id(tx, appid, id)?;
        session.may_accept(agent.kf_account.as_str())?;
        if session.state == SessionState::Waiting {
            let now = tx.now();
            session = session.open(agent.kf_account.as_str(), now);
            session::save(tx, appid, &session, Opercode::Taken)?;
        }
        let page = message::page_for_agent(tx, appid, &session, 0)?;
        Ok(Accepted { session: of(tx, appid, &session)?, page })
    })
    .await
}

/// The session with this number.
///
/// # Errors
/// `NotFound`.
pub(crate) fn by_id(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<SessionView> {
    tx.one(SELECT, bind![appid, id])?.map(|row| view(&row, tx.now())).ok_or(Error::Refused(Errcode::NotFound))
}

/// An agent's open sessions, oldest first.
pub(crate) fn open_of(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount) -> Result<Vec<SessionView>> {
    Ok(views(&tx.all(SELECT_OPEN, bind![appid, kf_account])?, tx.now()))
}

/// The first 100 waiting sessions, in the order of the queue.
pub(crate) fn waiting(tx: &mut Tx<'_>, appid: &Appid) -> Result<Vec<SessionView>> {
    Ok(views(&tx.all(SELECT_WAITING, bind![appid, limits::WAITCASE_MAX])?, tx.now()))
}

/// Open sessions of other agents with numbers above `after`, sorted by number, at most `most`.
pub(crate) fn of_others(
    tx: &mut Tx<'_>,
    appid: &Appid,
    kf_account: &KfAccount,
    after: i64,
    most: i64,
) -> Result<Vec<SessionView>> {
    Ok(views(&tx.all(SELECT_OTHERS, bind![appid, kf_account, after, most])?, tx.now()))
}

fn views(rows: &[Row], now: Time) -> Vec<SessionView> {
    rows.iter().map(|row| view(row, now)).collect()
}

fn view(row: &Row, now: Time) -> SessionView {
    let state = SessionState::from_text(&row.text(2)).unwrap_or(SessionState::Closed);
    let has_server = row.int(12) != NO_SERVER;
    let server = has_server.then(|| Shield::stored(row.flag(12), row.int(13), now).server());
    SessionView {
        id: row.int(0),
        openid: row.text(1),
        state,
        kf_account: row.text(3),
        waiting_since: row.int(4),
        opened_at: row.int(5),
        latest_at: row.int(6),
        since: row.int(11),
        group: row.int(14),
        preview: row.text(7).chars().take(PREVIEW).collect(),
        nickname: row.text(8),
        headimg: picture_at(&row.text(9)),
        recipient: server.map(|server| routing::recipient(server, Some(state))),
        is_agent_here: row.flag(10),
    }
}

macro_rules! select {
    ($which:literal) => {
        concat!(
            "select s.id, s.openid, s.state, s.kf_account, s.waiting_since, s.opened_at, s.latest_at,
            coalesce((select m.text from message m where m.appid = s.appid and m.openid = s.openid
            order by m.id desc limit 1), ''), coalesce(a.nickname, ''), coalesce(a.headimg, ''),
            coalesce(a.connected, 0), s.since, coalesce(c.desk_while_shielded, -1), coalesce(c.shielded_until, 0),
            s.group_id from session s left join agent a on a.appid = s.appid and a.kf_account = s.kf_account
            left join callback c on c.appid = s.appid
            where s.appid = $1 and ",
            $which
        )
    };
}

const SELECT: &str = select!("s.id = $2");
const SELECT_OPEN: &str = select!("s.kf_account = $2 and s.state = 'open' order by s.opened_at, s.id");
const SELECT_WAITING: &str = select!("s.state = 'waiting' order by s.since, s.id limit $2");
const SELECT_OTHERS: &str =
    select!("s.state = 'open' and s.kf_account <> $2 and s.id > $3 order by s.id limit $4");
