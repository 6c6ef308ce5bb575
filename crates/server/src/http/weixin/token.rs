//! getAccessToken and getStableAccessToken.

use super::route::on;
use crate::desk;
use crate::http::edge::caller::{Anyone, Body};
use crate::http::edge::query::Query;
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::endpoint::{GET_ACCESS_TOKEN, GET_STABLE_ACCESS_TOKEN};
use protocol::token::AccountSecret;

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    Router::new().merge(on(app, &GET_ACCESS_TOKEN, token)).merge(on(
        app,
        &GET_STABLE_ACCESS_TOKEN,
        stable_token,
    ))
}

/// `/cgi-bin/token`: the parameters stand in the query, also when it is posted.
pub async fn token(State(app): State<App>, Anyone { query, address }: Anyone) -> Answer {
    Reply::json(&desk::token::issue(&app.desk, presented(&query), address).await?)
}

/// `/cgi-bin/stable_token`.
pub async fn stable_token(
    State(app): State<App>,
    anyone: Anyone,
    Body(credential): Body<AccountSecret>,
) -> Answer {
    let Anyone { address, .. } = anyone;
    Reply::json(&desk::token::stable(&app.desk, credential, address).await?)
}

fn presented(query: &Query) -> AccountSecret {
    AccountSecret {
        grant_type: query.get("grant_type"),
        appid: query.get("appid"),
        secret: query.get("secret"),
        force_refresh: false,
    }
}
