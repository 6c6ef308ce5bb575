//! Calls of the debugging page: the accounts that its worker administers, and a token for one of them.

pub mod callback;
pub mod pull;
pub mod pushes;

use crate::desk::administrator;
use crate::desk::callback::alarms as read_alarms;
use crate::http::edge::guard::{Login, PageBody};
use crate::http::edge::query::Params;
use crate::http::pages::answers::{LoggedIn, WorkerName};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use model::Appid;
use model::TextEnum;
use protocol::Errcode;
use serde::{Deserialize, Serialize};

/// An account.
#[derive(Deserialize)]
pub struct TokenBody {
    appid: String,
}

/// An account, in a query.
#[derive(Deserialize)]
pub struct AlarmQuery {
    appid: String,
}

/// What the debugging page begins with.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Debug<'a> {
    /// The worker of the login.
    worker: WorkerName<'a>,
    /// The accounts that the worker administers.
    accounts: Vec<DebugAccount<'a>>,
}

/// An account that the worker administers.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct DebugAccount<'a> {
    /// The account's id.
    appid: &'a str,
    /// The account's name.
    name: &'a str,
    /// What kind of account it is.
    #[cfg_attr(feature = "types", ts(as = "protocol::endpoint::AccountKind"))]
    kind: &'static str,
    /// Whether it is certified.
    certified: bool,
}

impl<'a> DebugAccount<'a> {
    fn of(account: &'a model::Account) -> Self {
        let (appid, kind) = (account.appid.as_str(), account.kind.as_text());
        DebugAccount { appid, name: &account.name, kind, certified: account.certified }
    }
}

/// `GET /desk/api/debug`.
pub async fn accounts(State(app): State<App>, login: Login) -> Answer {
    let accounts = administrator::accounts(&app.desk, &login.worker).await?;
    let LoggedIn { worker } = LoggedIn::of(&login.worker);
    Reply::json(&Debug { worker, accounts: accounts.iter().map(DebugAccount::of).collect() })
}

/// `POST /desk/api/debug/token`.
pub async fn token(State(app): State<App>, login: Login, PageBody(given): PageBody<TokenBody>) -> Answer {
    app.throttles.issue(&login.worker)?;
    let appid = Appid::parse(&given.appid).map_err(|_| Errcode::Forbidden)?;
    let Login { worker, cookie, expires_at } = &login;
    Reply::json(&administrator::issue_token(&app.desk, &appid, worker, cookie, *expires_at).await?)
}

/// `GET /desk/api/debug/callback/alarms`: what failed much at the account's developer's server.
pub async fn alarms(State(app): State<App>, login: Login, Params(of): Params<AlarmQuery>) -> Answer {
    let appid = Appid::parse(&of.appid).map_err(|_| Errcode::Forbidden)?;
    administrator::must_administer(&app.desk, &appid, &login.worker).await?;
    Reply::json(&read_alarms(&app.desk, &appid).await?)
}
