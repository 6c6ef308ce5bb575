//! What the debugging page asks for: the accounts its worker administers, and a token for one of them.

use crate::desk::administrator;
use crate::http::edge::guard::{Login, Sent};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::extract::State;
use model::Appid;
use model::account::Words;
use protocol::Errcode;
use serde::Deserialize;
use serde_json::json;

/// An account.
#[derive(Deserialize)]
pub struct Of {
    appid: String,
}

/// `GET /desk/api/debug`.
pub async fn accounts(State(app): State<App>, login: Login) -> Answer {
    let accounts = administrator::accounts(&app.desk, &login.worker).await?;
    let shown = |account: &model::Account| json!({"appid": account.appid, "name": account.name, "kind": account.kind.word(), "certified": account.certified});
    Reply::json(
        &json!({"worker": {"name": login.worker}, "accounts": accounts.iter().map(shown).collect::<Vec<_>>()}),
    )
}

/// `POST /desk/api/debug/token`.
pub async fn token(State(app): State<App>, login: Login, Sent(given): Sent<Of>) -> Answer {
    app.throttles.issue(&login.worker)?;
    let appid = Appid::parse(&given.appid).map_err(|_| Errcode::Forbidden)?;
    let Login { worker, cookie, expires_at } = &login;
    Reply::json(&administrator::issue_token(&app.desk, &appid, worker, cookie, *expires_at).await?)
}
