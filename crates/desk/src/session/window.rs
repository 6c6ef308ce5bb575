//! What programs may still send to a customer, and what the customer did to let them.

use crate::people::customer;
use crate::{Desk, account};
use model::session::window::{Action, Typing, Window, begins_visit, can};
use model::{Appid, Openid, Time};
use protocol::{AccountKind, Errcode};
use store::Tx;
use store::bind;
use store::error::Error;

/// A customer did something other than write, as an operator says. Who is unknown becomes a customer with it.
///
/// # Errors
/// `InvalidAppid`, `InvalidOpenid`; `BadRequest` for what customers of this kind of account cannot do.
pub async fn act(desk: &Desk, appid: &Appid, openid: &str, action: Action) -> Result<(), Error> {
    let openid = Openid::parse(openid)?;
    desk.write_silent(appid, move |tx, appid| {
        let kind = account::get(tx, appid)?.kind;
        if !can(action, kind) {
            return Err(Errcode::BadRequest.into());
        }
        customer::create_if_absent(tx, appid, &openid)?;
        record_action(tx, appid, &openid, action, kind)
    })
    .await
}

/// The page was opened, by a customer who was last known to be there at `seen_at` if the browser has written before.
/// Where that is entering customer service it lets programs write to the customer, once a visit.
///
/// # Errors
/// Internal only.
pub async fn enter(
    desk: &Desk,
    appid: &Appid,
    openid: Option<&Openid>,
    kind: AccountKind,
    seen_at: Time,
) -> Result<(), Error> {
    let enters = move |seen_at, now| can(Action::Enter, kind) && begins_visit(seen_at, now);
    let Some(openid) = openid.filter(|_| enters(seen_at, desk.now())) else { return Ok(()) };
    let openid = openid.clone();
    let write = desk.write_silent(appid, move |tx, appid| {
        // Another page of the customer may have been quicker.
        if enters(of(tx, appid, &openid)?.seen_at, tx.now()) {
            record_action(tx, appid, &openid, Action::Enter, kind)?;
        }
        Ok(())
    });
    write.await
}

/// The customer is at the page.
///
/// # Errors
/// Internal only.
pub async fn record_visit(desk: &Desk, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let openid = openid.clone();
    let write = desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        tx.run(SEEN, bind![appid, &openid, now]).map(|_| ())
    });
    write.await
}

/// She did something.
pub(crate) fn record_action(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    action: Action,
    kind: AccountKind,
) -> Result<(), Error> {
    let now = tx.now();
    let SendState { window, seen_at, .. } = of(tx, appid, openid)?;
    let Window { until, left } = window.after(action, kind, now);
    let seen_at = if action == Action::Enter { now } else { seen_at };
    tx.run(ACTED, bind![appid, openid, until, left, now, seen_at]).map(|_| ())
}

/// She wrote. Nothing lasts longer than what that opens, so what was before need not be read.
pub(crate) fn record_message(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    let Window { until, left } = Window::default().after(Action::Message, AccountKind::Service, now);
    tx.run(HEARD, bind![appid, openid, until, left, now]).map(|_| ())
}

/// She chose from a menu that was sent to her.
pub(crate) fn record_menu_choice(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    kind: AccountKind,
) -> Result<(), Error> {
    record_action(tx, appid, openid, Action::Menu, kind)?;
    record_text(tx, appid, openid)
}

/// She was written to by a program.
///
/// # Errors
/// 45015, 45047.
pub(crate) fn count_send(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    let Window { left, .. } = of(tx, appid, openid)?.window.spend(now)?;
    tx.run(SPENT, bind![appid, openid, left])?;
    record_answer(tx, appid, openid)
}

/// She was written to: nobody types any more.
pub(crate) fn record_answer(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    tx.run(ANSWERED, bind![appid, openid, now]).map(|_| ())
}

fn record_text(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    tx.run(SPOKE, bind![appid, openid, now]).map(|_| ())
}

/// How things stand with a customer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendState {
    /// What programs may still send.
    pub(crate) window: Window,
    /// What was written when, and what is shown of more to come.
    pub(crate) typing: Typing,
    /// When the customer was last known to be at the page, 0 for never.
    pub(crate) seen_at: Time,
}

/// Reads how things stand with a customer; of one who did nothing yet all is 0.
pub(crate) fn of(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<SendState, Error> {
    let row = tx.one(SELECT, bind![appid, openid])?;
    Ok(row.map_or_else(Default::default, |row| SendState {
        window: Window { until: row.int(0), left: row.int(1) },
        typing: Typing { spoke_at: row.int(2), until: row.int(3) },
        seen_at: row.int(4),
    }))
}

/// Stores until when she sees that somebody types.
pub(crate) fn set_typing(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    typing: Typing,
) -> Result<(), Error> {
    tx.run(TYPING, bind![appid, openid, typing.until]).map(|_| ())
}

const SELECT: &str = "select until, remaining, spoke_at, typing_until, seen_at from send_window
    where appid = $1 and openid = $2";
const ACTED: &str =
    "insert into send_window (appid, openid, until, remaining, spoke_at, typing_until, acted_at, seen_at)
    values ($1, $2, $3, $4, 0, 0, $5, $6) on conflict (appid, openid) do update set until = excluded.until,
    remaining = excluded.remaining, acted_at = excluded.acted_at, seen_at = excluded.seen_at";
const HEARD: &str =
    "insert into send_window (appid, openid, until, remaining, spoke_at, typing_until, acted_at, seen_at)
    values ($1, $2, $3, $4, $5, 0, $5, $5) on conflict (appid, openid) do update set until = excluded.until,
    remaining = excluded.remaining, spoke_at = excluded.spoke_at, acted_at = excluded.acted_at,
    seen_at = excluded.seen_at";
const SPENT: &str = "update send_window set remaining = $3 where appid = $1 and openid = $2";
const SEEN: &str = "update send_window set seen_at = $3 where appid = $1 and openid = $2";
const ANSWERED: &str =
    "update send_window set spoke_at = $3, typing_until = 0 where appid = $1 and openid = $2";
const SPOKE: &str = "update send_window set spoke_at = $3 where appid = $1 and openid = $2";
const TYPING: &str = "update send_window set typing_until = $3 where appid = $1 and openid = $2";
