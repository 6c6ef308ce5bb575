//! The change feed, as those who hear of changes read it: facts with the texts they name, read once
//! for all streams of an account.

use crate::message::{self, MessageView};
use crate::people::agent;
use crate::views::session_view::{self, SessionView};
use crate::{Desk, session};
use model::agent::Presence;
use model::{Appid, Fact, Openid, Time};
use serde::Serialize;
use serde_json::Value;
use std::sync::Arc;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// Changes a reader takes in one go.
pub const ROUND: usize = 256;
/// Changes of a block, the part of a feed that streams which are behind share. Few, because a stream that missed one
/// change reads the whole block.
pub const BLOCK: i64 = 64;

/// One change with its facts told.
#[derive(Clone, Debug)]
pub struct FeedChange {
    /// Its number.
    pub seq: i64,
    /// Its facts, as they stand now.
    pub facts: Vec<FeedFact>,
}

impl FeedChange {
    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<FeedChange>() + self.facts.iter().map(FeedFact::bytes).sum::<usize>()
    }
}

/// A fact with what a page needs to show it.
#[derive(Clone, Debug)]
pub enum FeedFact {
    /// A session moved.
    Session(SessionView),
    /// Somebody wrote in a session that now is as told, or outside of any.
    Message(Box<MessageView>, Option<SessionView>),
    /// Until when a customer sees that somebody types; 0 for no longer.
    Typing(Openid, Time),
    /// An agent came or went.
    Agent(AgentView),
    /// An agent was added, renamed, invited, bound or removed.
    Changed(String),
    /// A worker's invitations, bindings or logins changed.
    Worker,
    /// How many customers wait and how many sessions are open, after sessions have moved.
    Counts(SessionCounts),
    /// Nothing a page shows.
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
                FeedFact::Typing(..) | FeedFact::Worker | FeedFact::Counts(_) | FeedFact::Nothing => 0,
            }
    }
}

/// How many sessions of an account are in a state.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Counts"))]
pub struct SessionCounts {
    /// Those that wait.
    pub waiting: i64,
    /// Those that an agent has; only supervisors are told.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<i64>,
}

/// An agent as the workbenches of the account see them.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AgentView {
    /// The agent's id.
    pub kf_account: String,
    /// The name customers see.
    pub nickname: String,
    /// Whether the agent is there.
    pub presence: Presence,
    /// Where the agent's picture is, if there is one.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headimg: Option<String>,
}

/// What comes after a cursor.
#[derive(Debug)]
pub enum ChangesAfter {
    /// These changes, in order; maybe none.
    Changes(Vec<FeedChange>),
    /// The feed was trimmed past the cursor, or has never come that far: load everything again.
    Lost,
}

/// The changes of an owner after number `seq`, at most 256.
///
/// # Errors
/// Internal only.
pub async fn after(desk: &Desk, owner: &str, seq: i64) -> Result<ChangesAfter, Error> {
    let id = owner.to_owned();
    desk.store.read(owner, move |tx| read(tx, &id, seq)).await
}

fn read(tx: &mut Tx<'_>, owner: &str, seq: i64) -> Result<ChangesAfter, Error> {
    let head = tx.head()?.map_or(0, |head| head.seq);
    let rows = tx.all(SELECT, bind![owner, seq, i64::try_from(ROUND)?])?;
    let expected = if head > seq { Some(seq + 1) } else { None };
    if head < seq || rows.first().map(|row| row.int(0)) != expected {
        return Ok(ChangesAfter::Lost);
    }
    Ok(ChangesAfter::Changes(changes(tx, owner, rows)?))
}

fn changes(tx: &mut Tx<'_>, owner: &str, rows: Vec<Row>) -> Result<Vec<FeedChange>, Error> {
    let appid = Appid::stored(owner.to_owned());
    let mut changes = Vec::with_capacity(rows.len());
    for row in rows {
        let facts: Vec<Fact> = serde_json::from_str(&row.text(1))?;
        let facts =
            facts.into_iter().map(|fact| load_fact(tx, &appid, fact)).collect::<Result<_, Error>>()?;
        changes.push(FeedChange { seq: row.int(0), facts });
    }
    // Counted once for all changes that are read together, as they stand now.
    let moves =
        |change: &&mut FeedChange| change.facts.iter().any(|fact| matches!(fact, FeedFact::Session(_)));
    if let Some(last) = changes.iter_mut().rfind(moves) {
        let (waiting, open) =
            (session::count_waiting(tx, &appid)?, Some(session::count_all_open(tx, &appid)?));
        last.facts.push(FeedFact::Counts(SessionCounts { waiting, open }));
    }
    Ok(changes)
}

/// A part of an owner's feed, as far as it is kept.
#[derive(Debug)]
pub struct FeedBlock {
    /// The last number it was read to.
    pub upto: i64,
    /// Its changes, in order and without a gap. The first ones may be gone.
    pub changes: Vec<Arc<FeedChange>>,
}

/// The block of the feed of `owner` that begins after number `from`.
///
/// # Errors
/// Internal only.
pub async fn block(desk: &Desk, owner: &str, from: i64) -> Result<FeedBlock, Error> {
    let id = owner.to_owned();
    let read = desk.store.read(owner, move |tx| {
        let upto = tx.head()?.map_or(0, |head| head.seq).min(from + BLOCK);
        let mut rows = tx.all(SELECT, bind![&id, from, BLOCK])?;
        rows.retain(|row| row.int(0) <= upto);
        Ok(FeedBlock { upto, changes: changes(tx, &id, rows)?.into_iter().map(Arc::new).collect() })
    });
    read.await
}

fn load_fact(tx: &mut Tx<'_>, appid: &Appid, fact: Fact) -> Result<FeedFact, Error> {
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
        Fact::Worker => FeedFact::Worker,
        Fact::Access => FeedFact::Nothing,
    })
}

/// An agent as the pages see her.
pub(crate) fn agent_view(agent: &agent::Agent) -> AgentView {
    AgentView {
        kf_account: agent.kf_account.to_string(),
        nickname: agent.nickname.clone(),
        presence: agent.presence,
        headimg: agent.headimg_address(),
    }
}

/// The name customers see of an agent and where her picture is; nothing for none, and for one that is gone.
fn face(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<(String, Option<String>), Error> {
    let agent = agent::find(tx, appid, kf_account)?;
    Ok(agent.map(|agent| (agent.nickname.clone(), agent.headimg_address())).unwrap_or_default())
}

const SELECT: &str = "select seq, facts from change where owner = $1 and seq > $2 order by seq limit $3";
