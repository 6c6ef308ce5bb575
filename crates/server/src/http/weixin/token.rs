//! getAccessToken and getStableAccessToken.

use super::route::{merged, on};
use crate::desk;
use crate::http::edge::caller::{Anyone, Body};
use crate::http::{Answer, Reply};
use crate::state::App;
use axum::Router;
use axum::extract::State;
use protocol::endpoint::{GET_ACCESS_TOKEN, GET_STABLE_ACCESS_TOKEN};
use protocol::token::GetStableAccessToken;

/// Every endpoint of the group with its handler.
pub(super) fn routes(app: &App) -> Router<App> {
    merged([on(app, &GET_ACCESS_TOKEN, token), on(app, &GET_STABLE_ACCESS_TOKEN, stable_token)])
}

/// `/cgi-bin/token`: the parameters are in the query, also of a POST.
pub async fn token(State(app): State<App>, Anyone { query, address }: Anyone) -> Answer {
    Reply::json(&desk::token::issue(&app.desk, query.read(), address).await?)
}

/// `/cgi-bin/stable_token`.
pub async fn stable_token(
    State(app): State<App>,
    anyone: Anyone,
    Body(credential): Body<GetStableAccessToken>,
) -> Answer {
    let Anyone { address, .. } = anyone;
    Reply::json(&desk::token::stable(&app.desk, credential, address).await?)
}
