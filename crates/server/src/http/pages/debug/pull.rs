//! Pushes for programs, which present the account's own token: what a developer's server has missed, by a cursor.

use crate::desk::callback::PushId;
use crate::desk::callback::inspect::{self, PushFilter, PushesFrom};
use crate::desk::token::TokenHolder;
use crate::http::edge::client_address::address;
use crate::http::edge::guard::Base;
use crate::http::edge::query::{Params, Query};
use crate::http::pages::debug::pushes::{for_page, inspector};
use crate::http::{Answer, Refusal, Reply};
use crate::state::App;
use axum::extract::{FromRequestParts, State};
use http::request::Parts;
use model::Appid;
use protocol::Errcode;
use serde::Deserialize;

/// The account of a program that presents the account's own token, or a token of the debugging page.
pub struct TokenAccount(Appid);

impl FromRequestParts<App> for TokenAccount {
    type Rejection = Refusal;

    /// Refuses with `LoginNeeded` without a valid token, with `Forbidden` for a platform, and from an address that is
    /// not on the account's list.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let query = Query::of_request(parts);
        let token = query.find("access_token").ok_or(Errcode::LoginNeeded)?;
        let access = match app.access(&token).await {
            Ok((access, _)) => access,
            Err(error) if error.is_rule() => return Err(Errcode::LoginNeeded.into()),
            Err(error) => return Err(error.into()),
        };
        access.check_life(app.desk.now()).map_err(|_| Errcode::LoginNeeded)?;
        if access.holder != TokenHolder::Account {
            return Err(Errcode::Forbidden.into());
        }
        if access.ip_allowlist.is_set() {
            let from = address(&parts.headers, &parts.extensions, app);
            access.check_address(from).map_err(|_| Errcode::Forbidden)?;
        }
        app.throttles.pull(&access.owner)?;
        Ok(TokenAccount(access.owner.clone()))
    }
}

/// Which pushes to pull.
#[derive(Deserialize)]
pub struct PullQuery {
    /// The push after which to begin; all that are kept when absent.
    since: Option<String>,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    openid: String,
    #[serde(default)]
    what: String,
}

/// A push.
#[derive(Deserialize)]
pub struct PulledQuery {
    id: String,
}

/// `GET /debug/api/pushes`: pushes in their order.
pub async fn list(
    State(app): State<App>,
    TokenAccount(appid): TokenAccount,
    Params(asked): Params<PullQuery>,
) -> Answer {
    let PullQuery { since, outcome, openid, what } = asked;
    let since = since.map_or(Ok(PushId { seq: 0, fact: 0 }), |since| since.parse())?;
    let filter = PushFilter { outcome, openid, what };
    let page = inspect::list(&app.desk, &appid, PushesFrom::After(since), filter).await;
    Reply::json(&page.map_err(for_page)?)
}

/// `GET /debug/api/pushes/show`: a push with all that is known of it.
pub async fn show(
    State(app): State<App>,
    TokenAccount(appid): TokenAccount,
    Base(base): Base,
    Params(asked): Params<PulledQuery>,
) -> Answer {
    let shown = inspector(&app, &base).show(&appid, asked.id.parse::<PushId>()?).await;
    Reply::json(&shown.map_err(for_page)?)
}
