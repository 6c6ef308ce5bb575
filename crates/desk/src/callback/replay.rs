//! Replays and simulations: what is recorded of them, and what their answers do when somebody asks for it.

use crate::callback::outcome::{self, Finished, Outcome};
use crate::callback::pushes::{Push, PushId};
use crate::callback::tries::{self, Try};
use crate::people::customer;
use crate::session::queue;
use crate::{Desk, Result, session};
use model::Appid;
use model::session::actor::Target;
use protocol::Errcode;
use protocol::callback::{BodyContent, Reply};
use store::Tx;
use store::bind;

/// Records a replay among the tries of its push, if the push is recorded.
///
/// # Errors
/// Internal only.
pub async fn record(desk: &Desk, appid: &Appid, id: PushId, again: Try) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| match tx.one(SELECT, bind![appid, id.seq, id.fact])? {
        Some(_) => tries::add(tx, appid, id, &again),
        None => Ok(()),
    })
    .await
}

/// Does what the answer to a replay says, as if the push had been answered so. An answer to an event hands nothing over
/// to the desk.
///
/// # Errors
/// `InvalidOpenid` if there is no such customer, and what the answer cannot do: 40007.
pub async fn apply(desk: &Desk, appid: &Appid, push: Push, reply: Reply) -> Result<()> {
    let (outcome, client_id) = (Outcome::Taken, desk.rng.hex::<16>());
    let finished = Finished { push, outcome, tries: Vec::new(), fault: String::new(), reply };
    if !finished.acts() {
        return Ok(());
    }
    desk.write(appid, move |tx, appid| {
        customer::get(tx, appid, finished.push.openid.as_str())?;
        outcome::act(tx, appid, &finished, &client_id)
    })
    .await
}

/// Does what the answer to a simulated push says. The desk has no such message, so only the customer is handed over.
///
/// # Errors
/// As [`apply`].
pub async fn apply_simulated(desk: &Desk, appid: &Appid, push: Push, reply: Reply) -> Result<()> {
    let Reply::Transfer { kf_account } = reply else { return apply(desk, appid, push, reply).await };
    if matches!(push.body.content, BodyContent::Event(_)) {
        return Ok(());
    }
    desk.write(appid, move |tx, appid| hand_over(tx, appid, &push, kf_account.as_deref())).await
}

fn hand_over(tx: &mut Tx<'_>, appid: &Appid, push: &Push, name: Option<&str>) -> Result<()> {
    let openid = customer::get(tx, appid, push.openid.as_str())?;
    let target = outcome::named(tx, appid, name)?;
    match session::current(tx, appid, openid.as_str())? {
        // Nothing changes.
        Some(_) => Err(Errcode::CustomerTaken.into()),
        None => queue::begin(tx, appid, &openid, &target.unwrap_or(Target::EVERYONE)).map(|_| ()),
    }
}

const SELECT: &str = "select at from push where appid = $1 and seq = $2 and fact = $3";
