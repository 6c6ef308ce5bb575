//! getAccessToken and getStableAccessToken.

use super::caller::{Anyone, Body, Query};
use super::{Answer, Finish, Reply};
use crate::desk;
use crate::error::Error;
use crate::state::App;
use axum::extract::State;
use protocol::token::{AccessToken, Credential};

/// `/cgi-bin/token`: the parameters stand in the query, also when it is posted.
pub async fn token(State(app): State<App>, Anyone { query, address }: Anyone) -> Answer {
    let issue =
        async { issued(&app, desk::token::issue(&app.desk, presented(&query), address).await?).await };
    issue.await.refuse_from(&app, address)
}

/// `/cgi-bin/stable_token`.
pub async fn stable_token(
    State(app): State<App>,
    anyone: Anyone,
    Body(credential): Body<Credential>,
) -> Answer {
    let Anyone { address, .. } = anyone;
    let issue = async { issued(&app, desk::token::stable(&app.desk, credential, address).await?).await };
    issue.await.refuse_from(&app, address)
}

/// The answer with a token. What it gives access to is looked up already, so that the first call with it need not wait.
async fn issued(app: &App, token: AccessToken) -> Result<Reply, Error> {
    // If that fails, the first call looks again, and says why.
    let _ = app.access(&token.access_token).await;
    Reply::json(&token)
}

fn presented(query: &Query) -> Credential {
    Credential {
        grant_type: query.get("grant_type"),
        appid: query.get("appid"),
        secret: query.get("secret"),
        force_refresh: false,
    }
}
