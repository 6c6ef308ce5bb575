//! The pages' streams: Server-Sent Events that resume.
//!
//! The id of each event is a cursor over all owners that the stream follows ([`Cursor`]).

use crate::desk::cookie::Customer;
use crate::desk::cursor::Cursor;
use crate::desk::feed::FeedFact;
use crate::desk::message::Side;
use crate::desk::snapshot::{ChatState, ServingAgent, serving};
use crate::desk::worker::{self, WorkerLinks};
use crate::desk::{login, presence, sha256};
use crate::error::Error;
use crate::http::Answer;
use crate::http::edge::guard::Login;
use crate::http::edge::query::Query;
use crate::http::pages::chat_caller::ChatCaller;
use crate::http::pages::fact::{ChatFact, ChatSession, ShownChange, TypingEvent, Viewer, for_agent};
use crate::push::FeedStep;
use crate::state::App;
use crate::streams::OpenStream;
use crate::streams::limit::StreamSlot;
use crate::streams::visit::Visit;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{BoxStream, iter, once, select_all, unfold};
use futures_util::{FutureExt, Stream, StreamExt};
use http::{HeaderMap, Uri};
use model::session::SessionState;
use model::{Appid, KfAccount, Openid, Time};
use protocol::Errcode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use store::metrics::GaugeGuard;

/// Interval of the events that keep an idle stream alive.
const BEAT: Duration = Duration::from_secs(5);

/// The cursor that the browser has reached. EventSource's own header is newer than the parameter.
fn asked(app: &App, headers: &HeaderMap, uri: &Uri) -> Cursor {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let since = || Query::of(uri.query().unwrap_or("")).get("since");
    let text = last.filter(|last| !last.is_empty()).or_else(since).unwrap_or_default();
    Cursor::read(app.desk.store.epoch(), &text)
}

/// Joins the feeds of several owners into one stream of steps.
fn follow(app: &App, cursor: &Cursor) -> impl Stream<Item = (String, FeedStep)> + Send + use<> {
    let feeds: Vec<BoxStream<'static, (String, FeedStep)>> = cursor
        .seqs()
        .map(|(owner, seq)| {
            let owner = owner.to_owned();
            app.feeds.follow(owner.clone(), seq).map(move |step| (owner.clone(), step)).boxed()
        })
        .collect();
    select_all(feeds)
}

fn answer(
    app: &App,
    events: impl Stream<Item = Event> + Send + 'static,
    over: impl Future<Output = ()> + Send + 'static,
    open: GaugeGuard,
    slot: StreamSlot,
) -> Response {
    let (replaced, newer) = (slot.replaced.clone(), slot.replaced.clone());
    let (stop, ended) = (app.stop.clone(), app.streams.ended());
    let end = async move {
        tokio::select! {
            () = stop.cancelled_owned() => {}
            () = ended => {}
            () = over => {}
            () = newer.cancelled_owned() => {}
        }
    };
    let last = once(async move { replaced.is_cancelled().then(self::replaced) }).flat_map(iter);
    let events = events.take_until(end.boxed()).chain(last).map(move |event| {
        // Counted as long as this stream lives.
        let _ = (&open, &slot);
        Ok::<_, Infallible>(event)
    });
    let beat = KeepAlive::new().interval(BEAT).event(Event::default().event("beat").data("{}"));
    let mut response = Sse::new(events).keep_alive(beat).into_response();
    // A reverse proxy must not buffer events.
    response.headers_mut().insert("x-accel-buffering", http::HeaderValue::from_static("no"));
    response
}

/// `GET /desk/api/stream`: all accounts of a worker. While it is open the worker's agents are online.
pub async fn desk(State(app): State<App>, login: Login, headers: HeaderMap, uri: Uri) -> Answer<Response> {
    Ok(open(&app, login, &asked(&app, &headers, &uri)).await?)
}

async fn open(app: &App, login: Login, asked: &Cursor) -> Result<Response, Error> {
    let WorkerLinks { bindings, .. } = worker::links(&app.desk, &login.worker).await?;
    let own = worker::owner(login.worker.as_str());
    let (expires_at, person) = (login.expires_at, format!("@{}", sha256(&login.cookie)));
    let mut workbench = WorkbenchStream {
        app: app.clone(),
        cursor: Cursor::of(app.desk.store.epoch()).with(&own, asked.seq(&own)),
        own,
        agents: BTreeMap::new(),
        login,
        open: Vec::new(),
    };
    for (appid, kf_account) in bindings {
        match app.streams.enter(&workbench.login.worker, appid.clone(), kf_account.clone()).await {
            Ok(open) => workbench.open.push(open),
            // The account has deleted the agent a moment ago, or never bound this worker.
            Err(Error::Refused(Errcode::InvalidAgent)) => continue,
            Err(error) => return Err(error),
        }
        workbench.cursor.set(appid.as_str(), asked.seq(appid.as_str()));
        // A change of this ends the stream.
        let supervisor = presence::is_supervisor(&app.desk, &workbench.login.worker, &appid).await?;
        let seen = Viewer { kf_account: kf_account.to_string(), supervisor };
        workbench.agents.insert(appid.to_string(), seen);
    }
    let steps = follow(app, &workbench.cursor).boxed();
    let events = unfold(Some((workbench, steps)), |open| async move {
        let (mut workbench, mut steps) = open?;
        loop {
            let (owner, step) = steps.next().await?;
            match workbench.events_of(&owner, step).await {
                Next::Nothing => {}
                Next::Event(event) => return Some((event, Some((workbench, steps)))),
                Next::Last(event) => return Some((event, None)),
                Next::End => return None,
            }
        }
    });
    let slot = app.stream_limit.enter(person);
    let clock = app.desk.clock().clone();
    let over = async move { clock.sleep_until(expires_at).await };
    Ok(answer(app, events, over, GaugeGuard::enter(&app.metrics.desk_streams), slot))
}

/// State of a workbench stream.
struct WorkbenchStream {
    app: App,
    cursor: Cursor,
    own: String,
    /// The worker's agent, by account.
    agents: BTreeMap<String, Viewer>,
    login: Login,
    /// Keeps the agents online.
    open: Vec<OpenStream>,
}

impl WorkbenchStream {
    async fn events_of(&mut self, owner: &str, step: FeedStep) -> Next {
        let FeedStep::Change(change) = step else { return Next::Last(reset()) };
        self.cursor.set(owner, change.seq);
        if owner == self.own {
            // An ended login ends its streams; anything else changes the worker's accounts or invitations.
            return if is_logged_in(&self.app, &self.login).await { Next::Last(reset()) } else { Next::End };
        }
        let Some(agent) = self.agents.get(owner) else { return Next::End };
        // The agent's rights have changed, which this stream does not know.
        if change
            .facts
            .iter()
            .any(|fact| matches!(fact, FeedFact::Changed(changed) if *changed == agent.kf_account))
        {
            return Next::Last(reset());
        }
        let facts: Vec<_> = change.facts.iter().flat_map(|fact| for_agent(fact, agent)).collect();
        if facts.is_empty() {
            Next::Nothing
        } else {
            let shown = ShownChange { appid: owner, seq: change.seq, facts: &facts };
            Next::Event(event("change", &self.cursor, &shown))
        }
    }
}

/// What a workbench stream does with a step.
enum Next {
    Nothing,
    Event(Event),
    Last(Event),
    End,
}

async fn is_logged_in(app: &App, login: &Login) -> bool {
    login::identify(&app.desk, &login.cookie).await.is_ok()
}

/// `GET /chat/api/{appid}/stream`: the facts of one customer.
pub async fn chat(
    State(app): State<App>,
    caller: ChatCaller,
    headers: HeaderMap,
    uri: Uri,
) -> Answer<Response> {
    let Customer { openid, kind, agent } = caller.customer()?;
    let (appid, asked) = (caller.appid.as_str(), asked(&app, &headers, &uri));
    let cursor = Cursor::of(app.desk.store.epoch()).with(appid, asked.seq(appid));
    let chat = ChatStream { appid: caller.appid, openid, agent, cursor, sees_typing: false };
    let slot = app.stream_limit.enter(format!("{} {}", chat.appid, chat.openid));
    let visit = Visit::begin(&app.desk, &chat.appid, &chat.openid, kind).await;
    let steps = follow(&app, &chat.cursor).boxed();
    let clock = app.desk.clock().clone();
    let events = unfold((chat, steps), move |(mut chat, mut steps)| {
        let clock = clock.clone();
        async move {
            let (_, step) = steps.next().await?;
            Some((iter(chat.events_of(step, clock.now())), (chat, steps)))
        }
    });
    Ok(answer(&app, events.flatten(), visit.last(), GaugeGuard::enter(&app.metrics.chat_streams), slot))
}

/// State of a customer's stream.
struct ChatStream {
    appid: Appid,
    openid: Openid,
    /// The agent who serves the customer.
    agent: Option<KfAccount>,
    cursor: Cursor,
    /// Whether the page shows that the agent types.
    sees_typing: bool,
}

impl ChatStream {
    fn events_of(&mut self, step: FeedStep, now: Time) -> Vec<Event> {
        let FeedStep::Change(change) = step else { return vec![reset()] };
        self.cursor.set(self.appid.as_str(), change.seq);
        let mut events: Vec<_> =
            change.facts.iter().filter_map(|fact| self.typing_event(fact, now)).collect();
        let facts: Vec<_> = change.facts.iter().filter_map(|fact| self.shown_fact(fact)).collect();
        if !facts.is_empty() {
            let (appid, seq) = (self.appid.as_str(), change.seq);
            events.push(event("change", &self.cursor, &ShownChange { appid, seq, facts: &facts }));
        }
        events
    }

    /// The part of a fact that the customer may see.
    fn shown_fact<'a>(&mut self, fact: &'a FeedFact) -> Option<ChatFact<'a>> {
        match fact {
            FeedFact::Session(view) if view.openid == self.openid.as_str() => {
                let is_served = view.state == SessionState::Open;
                self.agent = is_served.then(|| KfAccount::stored(view.kf_account.clone()));
                Some(ChatFact::Session(ChatSession { state: view.state.into(), agent: serving(view) }))
            }
            FeedFact::Agent(view) if self.agent.as_ref().is_some_and(|it| it.as_str() == view.kf_account) => {
                let agent = Some(ServingAgent::of(view));
                Some(ChatFact::Session(ChatSession { state: ChatState::Open, agent }))
            }
            FeedFact::Message(message, _) if message.openid == self.openid.as_str() => {
                Some(ChatFact::Message(message))
            }
            _ => None,
        }
    }

    /// The event that the agent began to type, or stopped because the message was sent.
    fn typing_event(&mut self, fact: &FeedFact, now: Time) -> Option<Event> {
        let types = match fact {
            FeedFact::Typing(openid, until) if *openid == self.openid => now < *until,
            FeedFact::Message(message, _)
                if message.openid == self.openid.as_str() && message.from != Side::Customer =>
            {
                false
            }
            _ => return None,
        };
        let is_news = types || self.sees_typing;
        self.sees_typing = types;
        is_news.then(|| event("typing", &self.cursor, &TypingEvent { typing: types }))
    }
}

fn reset() -> Event {
    Event::default().event("reset").data("{}")
}

/// The event that a newer stream of the same person replaces this one. Without an id, so that the page resumes where it
/// was.
fn replaced() -> Event {
    Event::default().event("replaced").data("{}")
}

/// An event with the cursor after it. If it cannot be serialised, the page loads everything again.
fn event(name: &str, cursor: &Cursor, data: &impl Serialize) -> Event {
    match serde_json::to_string(data) {
        Ok(data) => Event::default().event(name).id(cursor.text()).data(data),
        Err(_) => reset(),
    }
}
