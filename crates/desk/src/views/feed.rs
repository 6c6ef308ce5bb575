//! The change feed as its readers get it: facts together with the texts they refer to, read once for all streams of an
//! account.

use crate::message::{self, MessageView};
use crate::people::agent;
use crate::session::group::{self, GroupView};
use crate::session::note::{self, NoteView};
use crate::views::session_view::{self, SessionView};
use crate::{Desk, Result, session};
use model::agent::Presence;
use model::{Appid, Fact, Openid, Time};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use store::bind;
use store::{Row, Tx};

/// The most changes that a reader gets at once.
pub const ROUND: usize = 256;
/// Changes per block. Streams that are behind share blocks of a feed. Blocks are small, because a stream that missed
/// one change reads a whole block.
pub const BLOCK: i64 = 64;

/// A change and its facts.
#[derive(Clone, Debug)]
pub struct FeedChange {
    /// The number of the change.
    pub seq: i64,
    /// The facts, with the current texts.
    pub facts: Vec<FeedFact>,
}

impl FeedChange {
    /// An estimate of the bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<FeedChange>() + self.facts.iter().map(FeedFact::bytes).sum::<usize>()
    }
}

/// A fact with what a page needs to show it.
#[derive(Clone, Debug)]
pub enum FeedFact {
    /// A session changed.
    Session(SessionView),
    /// A message, and its session as it is now. No session for a message outside of any.
    Message(Box<MessageView>, Option<SessionView>),
    /// Until when a customer sees that an agent is typing. 0 if no longer.
    Typing(Openid, Time),
    /// An agent's presence changed.
    Agent(AgentView),
    /// An agent was added, renamed, invited, bound or removed.
    Changed(String),
    /// A group of agents as it is now.
    Group(GroupView),
    /// A group of agents was deleted.
    GroupGone(i64),
    /// A note of an agent, and its session as it is now.
    Note(NoteView, SessionView),
    /// The list of customers who were missed has one more, or one less: the one of this session.
    Missed(i64),
    /// A worker's invitations, bindings or logins changed.
    Worker,
    /// How many sessions wait and how many are open. Follows changes of sessions.
    Counts(SessionCounts),
    /// A fact that no page shows.
    Nothing,
}

impl FeedFact {
    fn bytes(&self) -> usize {
        let view = |view: &SessionView| view.openid.len() + view.nickname.len() + view.preview.len();
        let body = |body: &Value| if body.is_null() { 0 } else { body.to_string().len() };
        size_of::<FeedFact>()
            + match self {
                FeedFact::Session(of) => view(of),
                FeedFact::Message(message, of) => {
                    let texts = message.openid.len() + message.nickname.len() + message.text.len();
                    let picture = message.headimg.as_ref().map_or(0, String::len);
                    size_of::<MessageView>()
                        + texts
                        + picture
                        + body(&message.body)
                        + of.as_ref().map_or(0, view)
                }
                FeedFact::Agent(agent) => agent.kf_account.len() + agent.nickname.len(),
                FeedFact::Changed(name) => name.len(),
                FeedFact::Group(group) => {
                    group.name.len()
                        + group.menu_id.len()
                        + group.members.iter().map(String::len).sum::<usize>()
                }
                FeedFact::Note(note, of) => {
                    note.text.len() + note.openid.len() + note.nickname.len() + view(of)
                }
                FeedFact::Typing(..)
                | FeedFact::GroupGone(_)
                | FeedFact::Missed(_)
                | FeedFact::Worker
                | FeedFact::Counts(_)
                | FeedFact::Nothing => 0,
            }
    }
}

/// How many sessions of an account wait or are open.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Counts"))]
pub struct SessionCounts {
    /// Waiting sessions.
    pub waiting: i64,
    /// Open sessions. Only sent to supervisors.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<i64>,
}

/// An agent as the other agents of the account see them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AgentView {
    /// The agent's id.
    pub kf_account: String,
    /// The name that customers see.
    pub nickname: String,
    /// Whether the agent is online, away or offline.
    pub presence: Presence,
    /// The address of the agent's picture, if there is one.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headimg: Option<String>,
}

/// The changes after a cursor.
#[derive(Debug)]
pub enum ChangesAfter {
    /// The changes in order. May be empty.
    Changes(Vec<FeedChange>),
    /// The feed was trimmed beyond the cursor or is not that long: the reader must load everything again.
    Lost,
}

/// The changes of an owner after `seq`, at most [`ROUND`].
///
/// # Errors
/// Internal only.
pub async fn after(desk: &Desk, owner: &str, seq: i64) -> Result<ChangesAfter> {
    let id = owner.to_owned();
    desk.store.read(owner, move |tx| read(tx, &id, seq)).await
}

fn read(tx: &mut Tx<'_>, owner: &str, seq: i64) -> Result<ChangesAfter> {
    let head = tx.head()?.map_or(0, |head| head.seq);
    let rows = tx.all(SELECT, bind![owner, seq, i64::try_from(ROUND)?])?;
    let expected = if head > seq { Some(seq + 1) } else { None };
    if head < seq || rows.first().map(|row| row.int(0)) != expected {
        return Ok(ChangesAfter::Lost);
    }
    Ok(ChangesAfter::Changes(changes(tx, owner, rows)?))
}

fn changes(tx: &mut Tx<'_>, owner: &str, rows: Vec<Row>) -> Result<Vec<FeedChange>> {
    let appid = Appid::stored(owner.to_owned());
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let facts: Vec<Fact> = serde_json::from_str(&row.text(1))?;
        let facts = facts.into_iter().map(|fact| load_fact(tx, &appid, fact)).collect::<Result<_>>()?;
        changes.push(FeedChange { seq: row.int(0), facts });
    }
    // One current count serves all changes that are read together.
    let moves =
        |change: &&mut FeedChange| change.facts.iter().any(|fact| matches!(fact, FeedFact::Session(_)));
    if let Some(last) = changes.iter_mut().rfind(moves) {
        let (waiting, open) =
            (session::count_waiting(tx, &appid)?, Some(session::count_all_open(tx, &appid)?));
        last.facts.push(FeedFact::Counts(SessionCounts { waiting, open }));
    }
    Ok(changes)
}

/// A block of an owner's feed.
#[derive(Debug)]
pub struct FeedBlock {
    /// The last `seq` that was read.
    pub upto: i64,
    /// The changes in order, without gaps. The first ones may have been trimmed.
    pub changes: Vec<Arc<FeedChange>>,
}

/// The block of the feed of `owner` that begins after `from`.
///
/// # Errors
/// Internal only.
pub async fn block(desk: &Desk, owner: &str, from: i64) -> Result<FeedBlock> {
    let id = owner.to_owned();
    let read = desk.store.read(owner, move |tx| {
        let upto = tx.head()?.map_or(0, |head| head.seq).min(from + BLOCK);
        let mut rows = tx.all(SELECT, bind![&id, from, BLOCK])?;
        rows.retain(|row| row.int(0) <= upto);
        Ok(FeedBlock { upto, changes: changes(tx, &id, rows)?.into_iter().map(Arc::new).collect() })
    });
    read.await
}

fn load_fact(tx: &mut Tx<'_>, appid: &Appid, fact: Fact) -> Result<FeedFact> {
    Ok(match fact {
        Fact::Session { id, .. } => FeedFact::Session(session_view::by_id(tx, appid, id)?),
        Fact::Message { id, session, .. } => match message::by_id(tx, appid, id)? {
            Some(message) if session == 0 => FeedFact::Message(Box::new(message), None),
            Some(message) => {
                FeedFact::Message(Box::new(message), Some(session_view::by_id(tx, appid, session)?))
            }
            None => FeedFact::Nothing,
        },
        Fact::Typing { openid, until } => FeedFact::Typing(openid, until),
        Fact::Presence { kf_account, presence } => {
            let (nickname, headimg) = face(tx, appid, kf_account.as_str())?;
            FeedFact::Agent(AgentView { kf_account: kf_account.to_string(), nickname, presence, headimg })
        }
        Fact::Agent { kf_account } => FeedFact::Changed(kf_account.to_string()),
        Fact::Group { id } => match group::by_id(tx, appid, id)? {
            Some(group) => FeedFact::Group(group),
            None => FeedFact::GroupGone(id),
        },
        Fact::Note { id, session } => {
            let view = session_view::by_id(tx, appid, session)?;
            match note::by_id(tx, appid, &view.openid, id)? {
                Some(note) => FeedFact::Note(note, view),
                None => FeedFact::Nothing,
            }
        }
        Fact::Missed { session } => FeedFact::Missed(session),
        Fact::Worker => FeedFact::Worker,
        Fact::CustomerEvent { .. } | Fact::Access => FeedFact::Nothing,
    })
}

/// An agent as the pages see them.
pub(crate) fn agent_view(agent: &agent::Agent) -> AgentView {
    AgentView {
        kf_account: agent.kf_account.to_string(),
        nickname: agent.nickname.clone(),
        presence: agent.presence,
        headimg: agent.headimg_address(),
    }
}

/// The nickname of an agent and the address of the picture. Both are empty if the agent is gone.
fn face(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<(String, Option<String>)> {
    let agent = agent::find(tx, appid, kf_account)?;
    Ok(agent.map(|agent| (agent.nickname.clone(), agent.headimg_address())).unwrap_or_default())
}

const SELECT: &str = "select seq, facts from change where owner = $1 and seq > $2 order by seq limit $3";
