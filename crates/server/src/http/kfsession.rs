//! Sessions: createkfsession, closesession, getkfsession, getkfsessionlist, getwaitcase.

use super::caller::{Body, Caller};
use super::{Answer, Finish, Reply};
use crate::desk::hot::Question;
use crate::desk::session;
use crate::error::Error;
use crate::state::App;
use axum::extract::State;
use protocol::Errcode;
use protocol::kfsession::Pair;

/// `/customservice/kfsession/create`.
pub async fn create(State(app): State<App>, caller: Caller, Body(pair): Body<Pair>) -> Answer {
    let run = async {
        session::create(&app.desk, caller.account()?, pair.kf_account, pair.openid).await?;
        Ok::<_, Error>(Reply::done())
    };
    run.await.refuse(&app)
}

/// `/customservice/kfsession/close`.
pub async fn close(State(app): State<App>, caller: Caller, Body(pair): Body<Pair>) -> Answer {
    let run = async {
        session::close(&app.desk, caller.account()?, pair.kf_account, pair.openid).await?;
        Ok::<_, Error>(Reply::done())
    };
    run.await.refuse(&app)
}

/// `/customservice/kfsession/getsession`.
pub async fn getsession(State(app): State<App>, caller: Caller) -> Answer {
    let run = async {
        let appid = caller.account()?;
        let openid = caller.query.get("openid").ok_or(Errcode::InvalidOpenid)?;
        Reply::json(&session::of_customer(&app.desk, appid, &openid).await?)
    };
    run.await.refuse(&app)
}

/// `/customservice/kfsession/getsessionlist`.
pub async fn getsessionlist(State(app): State<App>, caller: Caller) -> Answer {
    let run = async {
        let appid = caller.account()?;
        let kf_account = caller.query.get("kf_account").ok_or(Errcode::InvalidAgent)?;
        Ok::<_, Error>(Reply::ready(app.answer(appid, caller.head(), &Question::Sessions(kf_account)).await?))
    };
    run.await.refuse(&app)
}

/// `/customservice/kfsession/getwaitcase`.
pub async fn getwaitcase(State(app): State<App>, caller: Caller) -> Answer {
    let run = async { Reply::json(&session::waiting(&app.desk, caller.account()?).await?) };
    run.await.refuse(&app)
}
