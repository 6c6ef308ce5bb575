//! Snapshots: everything that a page shows, and the cursor to follow the feed from. Each account is read in one
//! snapshot of the store.

use crate::account::administrator;
use crate::message::{self, MessageView};
use crate::people::agent;
use crate::people::worker::{self, WorkerLinks};
use crate::session::group::{self, GroupView};
use crate::session::note::NoteView;
use crate::session::window;
use crate::views::cursor::Cursor;
use crate::views::feed::{AgentView, agent_view};
use crate::views::session_view::{self, SessionView};
use crate::views::supervisor;
use crate::views::workbench_state::{self, SavedDraft};
use crate::{Desk, Result, account, session};
use model::account::Reception;
use model::agent::Presence;
use model::invitation::Status;
use model::session::SessionState;
use model::{Appid, KfAccount, Openid, Time, WechatId};
use protocol::{AccountKind, Errcode};
use serde::Serialize;
use std::collections::BTreeMap;
use store::Tx;
use store::error::Error;

/// What the workbench of a worker shows.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct DeskSnapshot {
    /// The worker.
    pub worker: Worker,
    /// The epoch of the store. It changes if data were restored or moved; numbers then mean other messages.
    pub epoch: String,
    /// The cursor of the page's stream.
    pub since: String,
    /// The accounts in which the worker is an agent.
    pub accounts: Vec<AccountSnapshot>,
    /// The invitations that wait for the worker's answer.
    pub invitations: Vec<InvitationView>,
}

/// A worker, on their own pages.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Worker {
    /// The worker's name.
    pub name: String,
    /// Whether the worker administers an account, and can get tokens at `/debug`.
    pub administers: bool,
}

/// An account, for one of its agents.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct AccountSnapshot {
    /// Its id.
    pub appid: String,
    /// Its name.
    pub name: String,
    /// The `seq` of the account's feed.
    pub seq: i64,
    /// Whether the first message of a customer waits or goes to an agent.
    pub reception: Reception,
    /// The most sessions that are assigned to an agent without a limit of their own.
    pub capacity: i64,
    /// The agent that the worker is.
    pub agent: OwnAgent,
    /// The agent's open sessions.
    pub sessions: Vec<SessionView>,
    /// The first 200 open sessions of other agents, for a supervisor. Their messages are requested one by one.
    pub others: Vec<SessionView>,
    /// The number of open sessions of other agents, for a supervisor.
    pub others_count: i64,
    /// The first 100 waiting sessions.
    pub waiting: Vec<SessionView>,
    /// The number of waiting sessions.
    pub waiting_count: i64,
    /// The number of the customer's messages that the worker has not read, by session of the agent. Sessions without
    /// any are left out.
    pub unread: BTreeMap<i64, i64>,
    /// The texts that the worker has typed and not sent.
    pub drafts: Vec<SavedDraft>,
    /// The last messages of the agent's sessions.
    pub messages: Vec<MessageView>,
    /// The agents' notes between these messages.
    pub notes: Vec<NoteView>,
    /// The groups of agents, oldest first.
    pub groups: Vec<GroupView>,
}

/// The agent that a worker is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Agent"))]
pub struct OwnAgent {
    #[serde(flatten)]
    view: AgentView,
    /// The agent's number, by which the API also names the agent.
    kf_id: i64,
    /// Whether customers are assigned to the agent.
    is_automatic: bool,
    /// The most sessions that are assigned to the agent automatically. The agent may take more.
    capacity: i64,
    /// The agent's own switch. Absent if the account's `reception` decides.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    own_reception: Option<Reception>,
    /// The agent's own limit. Absent if the account's `capacity` is the limit.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    own_capacity: Option<i64>,
    /// Whether the desk has set the agent away, because a customer who was assigned got no answer.
    is_set_away: bool,
    /// Whether the agent sees and moves all sessions.
    supervisor: bool,
}

/// An invitation, for the invited worker.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Invitation"))]
pub struct InvitationView {
    /// The account's id.
    appid: String,
    /// The account's name.
    account_name: String,
    /// The agent that the worker would be.
    kf_account: String,
    /// The name that customers would see.
    nickname: String,
    /// When the invitation expires.
    expires_at: Time,
}

/// Reads the snapshot of a worker's workbench. Skips accounts that do not confirm the worker's list.
///
/// # Errors
/// Internal only.
pub async fn workbench(desk: &Desk, name: &WechatId) -> Result<DeskSnapshot> {
    let WorkerLinks { bindings, invitations, seq } = worker::links(desk, name).await?;
    let mut since = Cursor::of(desk.store.epoch()).with(&worker::owner(name.as_str()), seq);
    let (mut accounts, mut invited) = (Vec::new(), Vec::new());
    for (appid, _) in bindings {
        if let Some(account) = account_view(desk, &appid, name).await? {
            since.set(appid.as_str(), account.seq);
            accounts.push(account);
        }
    }
    for (appid, kf_account) in invitations {
        invited.extend(invitation_view(desk, &appid, &kf_account, name).await?);
    }
    let administers = administrator::is_administrator(desk, name).await?;
    let (worker, epoch) = (Worker { name: name.to_string(), administers }, desk.store.epoch().to_owned());
    Ok(DeskSnapshot { worker, epoch, since: since.text(), accounts, invitations: invited })
}

async fn account_view(desk: &Desk, appid: &Appid, worker: &WechatId) -> Result<Option<AccountSnapshot>> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| match crate::people::presence::of_worker(tx, appid, &worker) {
        Ok(agent) => read_account(tx, appid, &worker, agent).map(Some),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    })
    .await
}

fn read_account(
    tx: &mut Tx<'_>,
    appid: &Appid,
    worker: &WechatId,
    agent: agent::Agent,
) -> Result<AccountSnapshot> {
    let seq = tx.head()?.map_or(0, |head| head.seq);
    let account = account::get(tx, appid)?;
    let (is_automatic, capacity) = account.intake(agent.intake);
    let open = session::open_of(tx, appid, &agent.kf_account)?;
    let (mut messages, mut notes) = (Vec::new(), Vec::new());
    for session in &open {
        let page = message::page_for_agent(tx, appid, session, 0)?;
        messages.extend(page.messages);
        notes.extend(page.notes);
    }
    messages.sort_by_key(|message| message.id);
    notes.sort_by_key(|note| note.id);
    let sessions = session_view::open_of(tx, appid, &agent.kf_account)?;
    let waiting = session_view::waiting(tx, appid)?;
    let (others, others_count) = match agent.supervisor {
        true => (supervisor::others(tx, appid, &agent, 0)?, supervisor::count_others(tx, appid, &agent)?),
        false => (Vec::new(), 0),
    };
    Ok(AccountSnapshot {
        appid: appid.to_string(),
        name: account.name,
        seq,
        reception: account.reception,
        capacity: account.capacity,
        agent: OwnAgent {
            view: agent_view(&agent),
            kf_id: agent.kf_id,
            is_automatic,
            capacity,
            own_reception: agent.intake.reception,
            own_capacity: agent.intake.capacity,
            is_set_away: agent.is_set_away,
            supervisor: agent.supervisor,
        },
        sessions,
        others,
        others_count,
        waiting,
        waiting_count: session::count_waiting(tx, appid)?,
        unread: workbench_state::unread(tx, worker, appid, &agent.kf_account)?,
        drafts: workbench_state::drafts(tx, worker, appid)?,
        messages,
        notes,
        groups: group::all(tx, appid)?,
    })
}

async fn invitation_view(
    desk: &Desk,
    appid: &Appid,
    kf_account: &KfAccount,
    person: &WechatId,
) -> Result<Option<InvitationView>> {
    let (kf_account, person) = (kf_account.clone(), person.clone());
    let read = desk.read(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, kf_account.as_str())?;
        let waits = agent.binding.invite_wx == person.as_str()
            && agent.binding.status_at(tx.now()) == Status::Waiting;
        let account = account::get(tx, appid)?;
        Ok(waits.then(|| InvitationView {
            appid: appid.to_string(),
            account_name: account.name,
            kf_account: kf_account.to_string(),
            nickname: agent.nickname,
            expires_at: agent.binding.expires_at,
        }))
    });
    match read.await {
        Err(Error::Refused(_)) => Ok(None),
        other => other,
    }
}

/// What the page of a customer shows.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ChatSnapshot {
    /// The kind of account.
    #[serde(skip)]
    pub kind: AccountKind,
    /// When the customer was last known to be at the page, 0 for never.
    #[serde(skip)]
    pub seen_at: Time,
    /// The account.
    pub account: ChatAccount,
    /// The epoch of the store, as on the workbench.
    pub epoch: String,
    /// The cursor of the page's stream. Empty before the customer's first message.
    pub since: String,
    /// The state of the customer's session.
    pub state: ChatState,
    /// The agent who serves the customer.
    pub agent: Option<ServingAgent>,
    /// The customer's last messages.
    pub messages: Vec<MessageView>,
}

/// The state of a customer's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ChatState {
    /// The customer has never written.
    None,
    /// The customer waits for an agent.
    Waiting,
    /// An agent serves the customer.
    Open,
    /// The last session is over.
    Closed,
}

impl From<SessionState> for ChatState {
    fn from(state: SessionState) -> Self {
        match state {
            SessionState::Waiting => ChatState::Waiting,
            SessionState::Open => ChatState::Open,
            SessionState::Closed => ChatState::Closed,
        }
    }
}

/// An account, for its customers.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ChatAccount {
    /// The account's name.
    name: String,
}

/// An agent, for the customer.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ServingAgent {
    /// The name that customers see.
    pub nickname: String,
    /// The address of the agent's picture, if there is one.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headimg: Option<String>,
    /// Whether the agent has a workbench open, online or away. An agent who is away continues to serve customers.
    pub online: bool,
}

impl ServingAgent {
    /// Converts the view of an agent for customers.
    #[must_use]
    pub fn of(view: &AgentView) -> Self {
        let online = view.presence != Presence::Offline;
        ServingAgent { nickname: view.nickname.clone(), headimg: view.headimg.clone(), online }
    }
}

/// Reads the snapshot of a customer's page.
///
/// # Errors
/// `NotFound` if there is no such account.
pub async fn chat(desk: &Desk, appid: &Appid, openid: Option<Openid>) -> Result<ChatSnapshot> {
    let epoch = desk.store.epoch().to_owned();
    desk.read(appid, move |tx, appid| {
        let account = account::get(tx, appid).map_err(|error| match error {
            Error::Refused(_) => Error::Refused(Errcode::NotFound),
            internal @ Error::Internal(_) => internal,
        })?;
        let (kind, account, epoch) = (account.kind, ChatAccount { name: account.name }, epoch.clone());
        let Some(openid) = &openid else {
            return Ok(ChatSnapshot {
                kind,
                seen_at: 0,
                account,
                epoch,
                since: String::new(),
                state: ChatState::None,
                agent: None,
                messages: Vec::new(),
            });
        };
        let seq = tx.head()?.map_or(0, |head| head.seq);
        let messages = message::page_of_all(tx, appid, openid, 0)?;
        let session = session::current(tx, appid, openid.as_str())?;
        let state = match &session {
            Some(session) => session.state.into(),
            None if messages.is_empty() => ChatState::None,
            None => ChatState::Closed,
        };
        let view = session.map(|session| session_view::of(tx, appid, &session)).transpose()?;
        let agent = view.and_then(|view| serving(&view));
        let seen_at = window::of(tx, appid, openid)?.seen_at;
        let since = Cursor::of(&epoch).with(appid.as_str(), seq).text();
        Ok(ChatSnapshot { kind, seen_at, account, epoch, since, state, agent, messages })
    })
    .await
}

/// The agent who serves a session, if it is open.
#[must_use]
pub fn serving(view: &SessionView) -> Option<ServingAgent> {
    (view.state == SessionState::Open).then(|| ServingAgent {
        nickname: view.nickname.clone(),
        headimg: view.headimg.clone(),
        online: view.is_agent_here,
    })
}
