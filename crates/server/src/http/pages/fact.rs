//! Facts of a change as streams send them, and which of them an agent or a customer may see.

use crate::desk::feed::{AgentView, FeedFact, SessionCounts};
use crate::desk::group::GroupView;
use crate::desk::message::MessageView;
use crate::desk::note::NoteView;
use crate::desk::session_view::SessionView;
use crate::desk::snapshot::{ChatState, ServingAgent};
use model::session::SessionState;
use serde::Serialize;
use std::borrow::Cow;

/// One change of an account, with what the reader of the stream may see of it.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Change"))]
pub struct ShownChange<'a, Fact> {
    /// The account.
    pub appid: &'a str,
    /// The number of the change.
    pub seq: i64,
    /// What happened, in order.
    pub facts: &'a [Fact],
}

/// What an agent may see of a fact. Counts come after sessions have moved.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum DeskFact<'a> {
    /// A session moved.
    Session(Cow<'a, SessionView>),
    /// Somebody wrote.
    Message(&'a MessageView),
    /// The agent came, went or chose to be away.
    Agent(&'a AgentView),
    /// How many customers wait.
    Counts(SessionCounts),
    /// A group of agents was made or changed.
    Group(&'a GroupView),
    /// The group with this number was deleted. Its customers wait for all agents.
    #[serde(rename = "group_gone")]
    GroupGone(i64),
    /// An agent left a note.
    Note(&'a NoteView),
    /// The list of customers who were missed has one more, or one less: the one of this session. Only sent to
    /// supervisors.
    Missed(i64),
}

/// What a customer may see of a fact.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ChatFact<'a> {
    /// The customer's session moved, or its agent came or went.
    Session(ChatSession),
    /// The customer wrote, or was written to.
    Message(&'a MessageView),
}

/// A session, as its customer sees it.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ChatSession {
    /// Where it is.
    pub state: ChatState,
    /// Who serves the customer.
    pub agent: Option<ServingAgent>,
}

/// The data of a `typing` event: whether somebody writes to the customer. `true` lasts 15 seconds.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Typing"))]
pub struct TypingEvent {
    /// Whether somebody writes.
    pub typing: bool,
}

/// The agent whose workbench gets a stream.
pub(super) struct Viewer {
    pub(super) kf_account: String,
    /// Whether the agent sees every session.
    pub(super) supervisor: bool,
}

impl Viewer {
    fn sees(&self, view: &SessionView) -> bool {
        self.supervisor || view.state == SessionState::Waiting || view.kf_account == self.kf_account
    }
}

/// The facts that the agent may see.
pub(super) fn for_agent<'a>(fact: &'a FeedFact, agent: &Viewer) -> Vec<DeskFact<'a>> {
    let session = |view| DeskFact::Session(Cow::Borrowed(view));
    match fact {
        FeedFact::Session(view) if agent.sees(view) => vec![session(view)],
        // Tells only that another agent has the customer, or that the customer waits no more.
        FeedFact::Session(view) => {
            let hidden = SessionView { preview: String::new(), ..view.clone() };
            vec![DeskFact::Session(Cow::Owned(hidden))]
        }
        FeedFact::Message(message, Some(view)) if agent.sees(view) => {
            vec![DeskFact::Message(message), session(view)]
        }
        FeedFact::Agent(view) if view.kf_account == agent.kf_account => vec![DeskFact::Agent(view)],
        FeedFact::Counts(counts) if agent.supervisor => vec![DeskFact::Counts(*counts)],
        FeedFact::Counts(counts) => vec![DeskFact::Counts(SessionCounts { open: None, ..*counts })],
        FeedFact::Missed(session) if agent.supervisor => vec![DeskFact::Missed(*session)],
        FeedFact::Group(group) => vec![DeskFact::Group(group)],
        FeedFact::GroupGone(id) => vec![DeskFact::GroupGone(*id)],
        FeedFact::Note(note, view) if agent.sees(view) => vec![DeskFact::Note(note)],
        FeedFact::Message(..)
        | FeedFact::Note(..)
        | FeedFact::Typing(..)
        | FeedFact::Missed(_)
        | FeedFact::Agent(_)
        | FeedFact::Changed(_)
        | FeedFact::Worker
        | FeedFact::Nothing => Vec::new(),
    }
}
