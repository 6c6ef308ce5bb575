//! Events of customers: what they do, other than writing, that the developer's server is told.

use crate::people::customer;
use crate::{Desk, Result, account};
use model::session::window::Action;
use model::{Appid, Fact, Openid};
use protocol::callback::{BodyContent, Event, compose};
use std::collections::BTreeMap;
use store::Tx;
use store::bind;

/// Runs a verb that records an action and its event by [`record`]. It is a change of the account only if there is an
/// event: a verb without a fact changes nothing.
///
/// # Errors
/// Those of the verb.
pub(crate) async fn write(
    desk: &Desk,
    appid: &Appid,
    action: Action,
    verb: impl Fn(&mut Tx<'_>, &Appid) -> Result<()> + Clone + Send + 'static,
) -> Result<()> {
    let silent = verb.clone();
    let is_done = desk.write_silent(appid, move |tx, appid| {
        if action.event().is_some() && account::callback::exists(tx, appid)? {
            return Ok(false);
        }
        silent(tx, appid).map(|()| true)
    });
    if is_done.await? { Ok(()) } else { desk.write(appid, verb).await }
}

/// Stores what a customer did, with these members of the event, if the account has a developer's server. Members that
/// are not given are empty.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    action: Action,
    members: &BTreeMap<String, String>,
) -> Result<()> {
    let Some(event) = action.event() else { return Ok(()) };
    if !account::callback::exists(tx, appid)? {
        return Ok(());
    }
    let (id, members) = (tx.seq(), serde_json::to_string(members)?);
    tx.run(INSERT, bind![appid, id, openid, event, &members])?;
    let event_at = customer::next_event(tx, appid, openid)?;
    tx.record(Fact::CustomerEvent { id, openid: openid.clone(), event_at });
    Ok(())
}

/// The event with this number; `None` if it is gone.
pub(crate) fn by_id(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<Option<Event>> {
    let Some(row) = tx.one(SELECT, bind![appid, id])? else { return Ok(None) };
    let members: BTreeMap<String, String> = serde_json::from_str(&row.text(1))?;
    let member = |name: &str| Some(members.get(name).cloned().unwrap_or_default());
    Ok(match compose(&row.text(0), id, member) {
        Some(BodyContent::Event(event)) => Some(event),
        _ => None,
    })
}

const INSERT: &str =
    "insert into customer_event (appid, id, openid, event, members) values ($1, $2, $3, $4, $5)";
const SELECT: &str = "select event, members from customer_event where appid = $1 and id = $2";
