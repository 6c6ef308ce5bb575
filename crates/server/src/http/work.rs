//! The binding to WeCom: getKfWorkBound, bindKfWork and unbindKfWork.

use super::caller::{Body, Caller};
use super::{Answer, Finish, Reply};
use crate::desk::work;
use crate::error::Error;
use crate::state::App;
use axum::extract::State;
use protocol::work::Corp;

/// `/customservice/work/get`.
pub async fn get(State(app): State<App>, caller: Caller) -> Answer {
    let run = async { Reply::json(&work::get(&app.desk, caller.account()?).await?) };
    run.await.refuse(&app)
}

/// `/customservice/work/bind`.
pub async fn bind(State(app): State<App>, caller: Caller, Body(corp): Body<Corp>) -> Answer {
    let run = async {
        work::bind(&app.desk, caller.account()?, corp.corpid()?).await?;
        Ok::<_, Error>(Reply::done())
    };
    run.await.refuse(&app)
}

/// `/customservice/work/unbind`.
pub async fn unbind(State(app): State<App>, caller: Caller, Body(corp): Body<Corp>) -> Answer {
    let run = async {
        work::unbind(&app.desk, caller.account()?, corp.corpid()?).await?;
        Ok::<_, Error>(Reply::done())
    };
    run.await.refuse(&app)
}
