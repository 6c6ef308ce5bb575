//! The send window of a customer: how many messages programs may still send and until when, and the actions of the
//! customer that open it.

use crate::people::customer;
use crate::session::customer_event;
use crate::{Desk, Result, account};
use model::session::window::{Action, Typing, Window, begins_visit, can};
use model::{Appid, Openid, Time};
use protocol::{AccountKind, Errcode};
use std::collections::BTreeMap;
use store::Tx;
use store::bind;

/// Records an action of a customer other than writing, for the operator. Creates the customer if necessary. The
/// developer's server is told of it, with these members of the event.
///
/// # Errors
/// 40013, 40003. `BadRequest` if customers of this kind of account cannot do this.
pub async fn act(
    desk: &Desk,
    appid: &Appid,
    openid: &str,
    action: Action,
    members: BTreeMap<String, String>,
) -> Result<()> {
    let openid = Openid::parse(openid)?;
    customer_event::write(desk, appid, action, move |tx, appid| {
        let kind = account::get(tx, appid)?.kind;
        if !can(action, kind) {
            return Err(Errcode::BadRequest.into());
        }
        customer::create_if_absent(tx, appid, &openid)?;
        if action != Action::View {
            record_action(tx, appid, &openid, action, kind)?;
        }
        customer_event::record(tx, appid, &openid, action, &members)
    })
    .await
}

/// Records that a customer opened the page, which opens the window once per visit in accounts where this counts as
/// entering customer service. The developer's server is told of each visit. `openid` is `None` for a browser without a
/// customer. `seen_at` is when the customer was last there.
///
/// # Errors
/// Internal only.
pub async fn enter(
    desk: &Desk,
    appid: &Appid,
    openid: Option<&Openid>,
    kind: AccountKind,
    seen_at: Time,
) -> Result<()> {
    let enters = move |seen_at, now| can(Action::Enter, kind) && begins_visit(seen_at, now);
    let Some(openid) = openid.filter(|_| enters(seen_at, desk.now())) else { return Ok(()) };
    let openid = openid.clone();
    let write = customer_event::write(desk, appid, Action::Enter, move |tx, appid| {
        // Another page of the customer may have recorded it already.
        if !enters(of(tx, appid, &openid)?.seen_at, tx.now()) {
            return Ok(());
        }
        record_action(tx, appid, &openid, Action::Enter, kind)?;
        customer_event::record(tx, appid, &openid, Action::Enter, &BTreeMap::new())
    });
    write.await
}

/// Records that the customer is at the page.
///
/// # Errors
/// Internal only.
pub async fn record_visit(desk: &Desk, appid: &Appid, openid: &Openid) -> Result<()> {
    let openid = openid.clone();
    let write = desk.write_silent(appid, move |tx, appid| {
        let now = tx.now();
        tx.run(SEEN, bind![appid, &openid, now]).map(|_| ())
    });
    write.await
}

/// Records an action of a customer, which may open the window.
pub(crate) fn record_action(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    action: Action,
    kind: AccountKind,
) -> Result<()> {
    let now = tx.now();
    let SendState { window, seen_at, .. } = of(tx, appid, openid)?;
    let Window { until, left } = window.after(action, kind, now);
    let seen_at = if action == Action::Enter { now } else { seen_at };
    tx.run(ACTED, bind![appid, openid, until, left, now, seen_at]).map(|_| ())
}

/// Records that a customer wrote. No action opens a longer window, so the previous window is not read.
pub(crate) fn record_message(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<()> {
    let now = tx.now();
    let Window { until, left } = Window::default().after(Action::Message, AccountKind::Service, now);
    tx.run(HEARD, bind![appid, openid, until, left, now]).map(|_| ())
}

/// Records that a customer chose from a menu.
pub(crate) fn record_menu_choice(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    kind: AccountKind,
) -> Result<()> {
    record_action(tx, appid, openid, Action::Menu, kind)?;
    record_text(tx, appid, openid)
}

/// Counts a message that a program sends to a customer.
///
/// # Errors
/// 45015 if the window is closed, 45047 if no messages are left.
pub(crate) fn count_send(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<()> {
    let now = tx.now();
    let Window { left, .. } = of(tx, appid, openid)?.window.count_send(now)?;
    tx.run(SPENT, bind![appid, openid, left])?;
    record_answer(tx, appid, openid)
}

/// Records that the customer got a message, which ends the display of typing.
pub(crate) fn record_answer(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<()> {
    let now = tx.now();
    tx.run(ANSWERED, bind![appid, openid, now]).map(|_| ())
}

fn record_text(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<()> {
    let now = tx.now();
    tx.run(SPOKE, bind![appid, openid, now]).map(|_| ())
}

/// The row of a customer's send window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SendState {
    /// Until when programs may send, and how many messages.
    pub(crate) window: Window,
    /// When a message was last written, and until when typing is shown.
    pub(crate) typing: Typing,
    /// When the customer was last known to be at the page, 0 for never.
    pub(crate) seen_at: Time,
}

/// Reads a customer's send window. All values are 0 if the customer has done nothing yet.
pub(crate) fn of(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<SendState> {
    let row = tx.one(SELECT, bind![appid, openid])?;
    Ok(row.map_or_else(Default::default, |row| SendState {
        window: Window { until: row.int(0), left: row.int(1) },
        typing: Typing { spoke_at: row.int(2), until: row.int(3) },
        seen_at: row.int(4),
    }))
}

/// Stores until when the customer sees that an agent is typing.
pub(crate) fn set_typing(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid, typing: Typing) -> Result<()> {
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
