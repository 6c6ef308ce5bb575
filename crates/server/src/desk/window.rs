//! What programs may still send to a customer, and what the customer did to let them.

use super::{Desk, account, customer};
use crate::bind;
use crate::error::Error;
use crate::store::Tx;
use model::window::{Action, Typing, Window, can};
use model::{Appid, Openid};
use protocol::{Errcode, Kind};

/// A customer did something other than write, as an operator says. Who is unknown becomes a customer with it.
///
/// # Errors
/// `InvalidAppid`, `InvalidOpenid`; `BadRequest` for what customers of this kind of account cannot do.
pub async fn act(desk: &Desk, appid: &Appid, openid: &str, action: Action) -> Result<(), Error> {
    let (appid, openid) = (appid.clone(), Openid::parse(openid)?);
    desk.store
        .keep(&appid.to_string(), move |tx| {
            let kind = account::get(tx, &appid)?.kind;
            if !can(action, kind) {
                return Err(Errcode::BadRequest.into());
            }
            customer::create_unless(tx, &appid, &openid)?;
            acted(tx, &appid, &openid, action, kind)
        })
        .await
}

/// The page was opened, by a customer with this window if the browser has written before. Where that is entering
/// customer service it lets programs write to the customer. A window that stays the same to the second is not written.
///
/// # Errors
/// Internal only.
pub async fn entered(
    desk: &Desk,
    appid: &Appid,
    openid: Option<&Openid>,
    kind: Kind,
    window: Window,
) -> Result<(), Error> {
    let opens = move |window: Window, now| !window.after(Action::Enter, kind, now).is_about(window);
    let Some(openid) = openid.filter(|_| opens(window, desk.now())) else { return Ok(()) };
    let (owner, appid, openid) = (appid.to_string(), appid.clone(), openid.clone());
    let write = desk.store.keep(&owner, move |tx| {
        // Another page of the customer may have been quicker.
        if opens(of(tx, &appid, &openid)?.0, tx.now()) {
            acted(tx, &appid, &openid, Action::Enter, kind)?;
        }
        Ok(())
    });
    write.await
}

/// She did something.
pub(super) fn acted(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    action: Action,
    kind: Kind,
) -> Result<(), Error> {
    let now = tx.now();
    let (window, _) = of(tx, appid, openid)?;
    let Window { until, left } = window.after(action, kind, now);
    tx.run(UPSERT, bind![appid, openid, until, left]).map(|_| ())
}

/// She wrote. Nothing lasts longer than what that opens, so what was before need not be read.
pub(super) fn heard(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    let Window { until, left } = Window::default().after(Action::Message, Kind::Service, now);
    tx.run(HEARD, bind![appid, openid, until, left, now]).map(|_| ())
}

/// She chose from a menu that was sent to her.
pub(super) fn tapped(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid, kind: Kind) -> Result<(), Error> {
    acted(tx, appid, openid, Action::Menu, kind)?;
    spoke(tx, appid, openid)
}

/// She was written to by a program.
///
/// # Errors
/// 45015, 45047.
pub(super) fn spend(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    let (window, _) = of(tx, appid, openid)?;
    let Window { until, left } = window.spend(now)?;
    tx.run(UPSERT, bind![appid, openid, until, left])?;
    answered(tx, appid, openid)
}

/// She was written to: nobody types any more.
pub(super) fn answered(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    tx.run(ANSWERED, bind![appid, openid, now]).map(|_| ())
}

fn spoke(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(), Error> {
    let now = tx.now();
    tx.run(SPOKE, bind![appid, openid, now]).map(|_| ())
}

/// How things stand with a customer.
pub(super) fn of(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid) -> Result<(Window, Typing), Error> {
    let row = tx.one(SELECT, bind![appid, openid])?;
    Ok(row.map_or_else(Default::default, |row| {
        let window = Window { until: row.int(0), left: row.int(1) };
        (window, Typing { spoke_at: row.int(2), until: row.int(3) })
    }))
}

/// Stores until when she sees that somebody types.
pub(super) fn set_typing(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    typing: Typing,
) -> Result<(), Error> {
    tx.run(TYPING, bind![appid, openid, typing.until]).map(|_| ())
}

const SELECT: &str =
    "select until, remaining, spoke_at, typing_until from send_window where appid = $1 and openid = $2";
const UPSERT: &str =
    "insert into send_window (appid, openid, until, remaining, spoke_at, typing_until) values ($1, $2, $3, $4, 0, 0)
    on conflict (appid, openid) do update set until = excluded.until, remaining = excluded.remaining";
const HEARD: &str =
    "insert into send_window (appid, openid, until, remaining, spoke_at, typing_until) values ($1, $2, $3, $4, $5, 0)
    on conflict (appid, openid) do update set until = excluded.until, remaining = excluded.remaining,
    spoke_at = excluded.spoke_at";
const ANSWERED: &str =
    "update send_window set spoke_at = $3, typing_until = 0 where appid = $1 and openid = $2";
const SPOKE: &str = "update send_window set spoke_at = $3 where appid = $1 and openid = $2";
const TYPING: &str = "update send_window set typing_until = $3 where appid = $1 and openid = $2";
