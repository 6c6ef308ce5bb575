//! Calls of the debugging page for pushes: what an account's developer's server was told, and what it answered.

use crate::callback::inspect::{Inspector, NamedValue, Replayed, Simulation};
use crate::desk::account::{administrator, callback};
use crate::desk::callback::PushId;
use crate::desk::callback::inspect::{self, PushFilter, PushesFrom};
use crate::error::Error;
use crate::http::edge::guard::{Base, Login, PageBody};
use crate::http::edge::query::Params;
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::extract::State;
use model::{Appid, Time};
use protocol::Errcode;
use protocol::callback::PUSH_KINDS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The most pushes that one call replays, and the longest time after which it begins no other one.
const REPLAYS: (usize, Duration) = (20, Duration::from_secs(10));

/// Which pushes to list.
#[derive(Deserialize)]
pub struct PushesQuery {
    appid: String,
    /// The push after which to begin, oldest first.
    since: Option<String>,
    /// The push before which to begin, newest first.
    before: Option<String>,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    openid: String,
    #[serde(default)]
    what: String,
}

/// A push of an account.
#[derive(Deserialize)]
pub struct PushQuery {
    appid: String,
    id: String,
}

/// Pushes to replay: some, or all that failed since a time.
#[derive(Deserialize)]
pub struct ReplayBody {
    appid: String,
    #[serde(default)]
    ids: Vec<String>,
    failed_since: Option<Time>,
    /// Of those only the ones after this push.
    after: Option<String>,
    /// Whether answers go to the customers.
    #[serde(default)]
    act: bool,
}

/// What came of replays.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Replays {
    /// The replays in their order.
    replayed: Vec<Replayed>,
    /// The last push of this call, if there are more to replay after it.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An account.
#[derive(Deserialize)]
pub struct PauseBody {
    appid: String,
}

/// A push to compose.
#[derive(Deserialize)]
pub struct SimulateBody {
    appid: String,
    openid: String,
    what: String,
    #[serde(default)]
    members: BTreeMap<String, String>,
    /// Whether the answer goes to the customer.
    #[serde(default)]
    act: bool,
}

/// The kinds of pushes that can be composed.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct PushKinds {
    /// The kinds in their order.
    kinds: Vec<ComposedKind>,
}

/// A kind of push that can be composed.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ComposedKind {
    /// The `MsgType` of a message, or the name of an event.
    what: &'static str,
    /// Whether it is an event.
    event: bool,
    /// Its members beside the common ones, each with a sample.
    members: Vec<NamedValue>,
}

/// The account, if the worker of the login administers it.
async fn administered(app: &App, login: &Login, appid: &str) -> Result<Appid, Error> {
    let appid = Appid::parse(appid).map_err(|_| Errcode::Forbidden)?;
    administrator::must_administer(&app.desk, &appid, &login.worker).await?;
    Ok(appid)
}

/// Refusals in the terms of the pages.
pub(super) fn for_page(error: Error) -> Refusal {
    match error {
        Error::Refused(Errcode::InvalidAppid) => Errcode::Forbidden.into(),
        Error::Refused(Errcode::InvalidOpenid) => Errcode::BadRequest.into(),
        error => error.into(),
    }
}

pub(super) fn inspector<'a>(app: &'a App, base: &'a str) -> Inspector<'a> {
    let inspector = Inspector::new(&app.desk, base, &app.settings.callback_network);
    inspector.forwarding_to(app.forwarders.clone())
}

fn id(text: Option<&str>) -> Result<Option<PushId>, Errcode> {
    text.map(str::parse).transpose()
}

/// `GET /desk/api/debug/pushes`.
pub async fn list(State(app): State<App>, login: Login, Params(asked): Params<PushesQuery>) -> Answer {
    let appid = administered(&app, &login, &asked.appid).await?;
    let from = match id(asked.since.as_deref())? {
        Some(since) => PushesFrom::After(since),
        None => PushesFrom::Before(id(asked.before.as_deref())?),
    };
    let PushesQuery { outcome, openid, what, .. } = asked;
    let page = inspect::list(&app.desk, &appid, from, PushFilter { outcome, openid, what }).await;
    Reply::json(&page.map_err(for_page)?)
}

/// `GET /desk/api/debug/pushes/show`.
pub async fn show(
    State(app): State<App>,
    login: Login,
    Base(base): Base,
    Params(asked): Params<PushQuery>,
) -> Answer {
    let appid = administered(&app, &login, &asked.appid).await?;
    let shown = inspector(&app, &base).show(&appid, asked.id.parse::<PushId>()?).await;
    Reply::json(&shown.map_err(for_page)?)
}

/// `POST /desk/api/debug/pushes/replay`.
pub async fn replay(
    State(app): State<App>,
    login: Login,
    Base(base): Base,
    PageBody(asked): PageBody<ReplayBody>,
) -> Answer {
    let appid = administered(&app, &login, &asked.appid).await?;
    let mut ids = asked.ids.iter().map(|id| id.parse()).collect::<Result<Vec<PushId>, _>>()?;
    if let Some(since) = asked.failed_since {
        let after = id(asked.after.as_deref())?;
        // One more tells whether there are more.
        let failed = inspect::failed_since(&app.desk, &appid, since, after, REPLAYS.0 + 1).await;
        ids.extend(failed.map_err(for_page)?);
    }
    let (inspector, began) = (inspector(&app, &base), app.desk.clock().uptime());
    let (mut replayed, mut last, number) = (Vec::new(), None, ids.len());
    for id in ids {
        let is_long = app.desk.clock().uptime().saturating_sub(began) > REPLAYS.1;
        let is_allowed = app.throttles.push(&login.worker);
        match last {
            // What was replayed is shown, and the caller goes on later.
            Some(last) if replayed.len() == REPLAYS.0 || is_long || is_allowed.is_err() => {
                return Reply::json(&Replays { replayed, next: Some(PushId::to_string(&last)) });
            }
            _ => is_allowed?,
        }
        match inspector.replay(&appid, id, asked.act).await {
            Ok(one) => replayed.push(one),
            // Of several, one whose change is gone is left out.
            Err(Error::Refused(Errcode::NotFound)) if number > 1 => {}
            Err(error) => return Err(for_page(error)),
        }
        last = Some(id);
    }
    Reply::json(&Replays { replayed, next: None })
}

/// `POST /desk/api/debug/pushes/pause`.
pub async fn pause(State(app): State<App>, login: Login, PageBody(asked): PageBody<PauseBody>) -> Answer {
    set_paused(&app, &login, &asked.appid, true).await
}

/// `POST /desk/api/debug/pushes/resume`.
pub async fn resume(State(app): State<App>, login: Login, PageBody(asked): PageBody<PauseBody>) -> Answer {
    set_paused(&app, &login, &asked.appid, false).await
}

async fn set_paused(app: &App, login: &Login, appid: &str, paused: bool) -> Answer {
    let appid = administered(app, login, appid).await?;
    callback::pause(&app.desk, &appid, paused).await?;
    Ok(Reply::done())
}

/// `POST /desk/api/debug/pushes/simulate`.
pub async fn simulate(
    State(app): State<App>,
    login: Login,
    Base(base): Base,
    PageBody(asked): PageBody<SimulateBody>,
) -> Answer {
    let appid = administered(&app, &login, &asked.appid).await?;
    app.throttles.push(&login.worker)?;
    let SimulateBody { openid, what, members, act, .. } = asked;
    let simulation = Simulation { openid, what, members };
    let simulated = inspector(&app, &base).simulate(&appid, &simulation, act).await;
    Reply::json(&simulated.map_err(for_page)?)
}

/// `GET /desk/api/debug/pushes/kinds`.
pub async fn kinds(_: Login) -> Answer {
    let kinds = PUSH_KINDS.iter().map(|kind| {
        let members = kind.members.iter().map(|(name, sample)| NamedValue::of(name, *sample)).collect();
        ComposedKind { what: kind.what, event: kind.is_event, members }
    });
    Reply::json(&PushKinds { kinds: kinds.collect() })
}
