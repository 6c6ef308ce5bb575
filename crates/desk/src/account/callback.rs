//! The developer's server of an account: its settings.

use crate::{Desk, Result, account};
use model::callback::{CallbackSettings, shield_holds};
use model::session::routing::DeveloperServer;
use model::{Appid, TextEnum, Time};
use protocol::Errcode;
use protocol::callback::{EncodingAesKey, Format, Mode};
use store::bind;
use store::{Row, Tx};

/// The role of settings that wait for the verification.
const STAGED: &str = "staged";
/// The role of settings that can be stepped back to.
const PREVIOUS: &str = "previous";

/// Reads the settings; `None` if the account has no developer's server.
///
/// # Errors
/// 40013.
pub async fn show(desk: &Desk, appid: &Appid) -> Result<Option<CallbackSettings>> {
    desk.read(appid, |tx, appid| {
        account::get(tx, appid)?;
        of(tx, appid)
    })
    .await
}

/// Reads the settings; `None` also if there is no such account.
///
/// # Errors
/// Internal only.
pub async fn find(desk: &Desk, appid: &Appid) -> Result<Option<CallbackSettings>> {
    desk.read(appid, of).await
}

/// What a delivery needs to know before it starts a push.
#[derive(Clone, Debug)]
pub struct CurrentCallback {
    /// The settings.
    pub settings: CallbackSettings,
    /// Whether pushes wait until they are resumed.
    pub is_paused: bool,
}

/// Reads the settings for a delivery; `None` also if the account is gone.
pub(crate) fn current(tx: &mut Tx<'_>, appid: &Appid) -> Result<Option<CurrentCallback>> {
    let Some(row) = tx.one(SELECT_CURRENT, bind![appid])? else { return Ok(None) };
    Ok(settings(&row).map(|settings| CurrentCallback { settings, is_paused: row.flag(6) }))
}

/// Whether the account's pushes wait until they are resumed.
pub(crate) fn is_paused(tx: &mut Tx<'_>, appid: &Appid) -> Result<bool> {
    Ok(tx.one(SELECT_PAUSED, bind![appid])?.is_some_and(|row| row.flag(0)))
}

/// Pauses or resumes the account's pushes. What is to be pushed meanwhile waits in the change feed. Saving other
/// settings changes nothing of it.
///
/// # Errors
/// `NotFound` if the account has no developer's server.
pub async fn pause(desk: &Desk, appid: &Appid, paused: bool) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| match tx.run(PAUSE, bind![appid, paused])? {
        0 => Err(Errcode::NotFound.into()),
        _ => Ok(()),
    })
    .await
}

fn of(tx: &mut Tx<'_>, appid: &Appid) -> Result<Option<CallbackSettings>> {
    Ok(tx.one(SELECT, bind![appid])?.and_then(|row| settings(&row)))
}

/// The settings of an account: those that pushes use, and those before and after them.
#[derive(Clone, Debug, Default)]
pub struct CallbackVersions {
    /// Those that pushes use; `None` if the account has no developer's server.
    pub current: Option<CallbackSettings>,
    /// Those that wait for their server to answer the verification, and why it has not; empty if it was not asked.
    pub staged: Option<(CallbackSettings, String)>,
    /// Those before the current ones.
    pub previous: Option<CallbackSettings>,
}

/// Reads the settings in all versions.
///
/// # Errors
/// 40013.
pub async fn versions(desk: &Desk, appid: &Appid) -> Result<CallbackVersions> {
    desk.read(appid, |tx, appid| {
        account::get(tx, appid)?;
        let staged = tx.one(SELECT_VERSION, bind![appid, STAGED])?;
        Ok(CallbackVersions {
            current: of(tx, appid)?,
            staged: staged.and_then(|row| Some((settings(&row)?, row.text(6)))),
            previous: version(tx, appid, PREVIOUS)?,
        })
    })
    .await
}

/// Stages settings that were checked: pushes use them once their server has answered the verification. They replace
/// those that were staged before.
///
/// # Errors
/// 40013.
pub async fn stage(desk: &Desk, appid: &Appid, settings: CallbackSettings) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        account::get(tx, appid)?;
        put(tx, appid, STAGED, &settings)
    })
    .await
}

/// Notes why staged settings were not verified, unless others are staged by now.
///
/// # Errors
/// Internal only.
pub async fn note_fault(desk: &Desk, appid: &Appid, settings: CallbackSettings, fault: String) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        if version(tx, appid, STAGED)?.as_ref() == Some(&settings) {
            tx.run(NOTE_FAULT, bind![appid, STAGED, &fault])?;
        }
        Ok(())
    })
    .await
}

/// Drops staged settings.
///
/// # Errors
/// Internal only.
pub async fn unstage(desk: &Desk, appid: &Appid) -> Result<()> {
    desk.write_silent(appid, |tx, appid| tx.run(DELETE_VERSION, bind![appid, STAGED]).map(|_| ())).await
}

/// Switches to staged settings whose server has answered the verification. Pushes begin with what happens from now on,
/// if the account had no developer's server. Sessions that exist stay with the desk. The settings until now can be
/// stepped back to.
///
/// # Errors
/// 40013; `Conflict` if other settings are staged by now.
pub async fn switch(desk: &Desk, appid: &Appid, settings: CallbackSettings) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| {
        account::get(tx, appid)?;
        if version(tx, appid, STAGED)?.as_ref() != Some(&settings) {
            return Err(Errcode::Conflict.into());
        }
        tx.run(DELETE_VERSION, bind![appid, STAGED])?;
        if let Some(before) = of(tx, appid)?.filter(|before| *before != settings) {
            put(tx, appid, PREVIOUS, &before)?;
        }
        save(tx, appid, &settings)
    })
    .await
}

/// Steps back to the previous settings, which were verified when they were set. Those until now become the previous
/// ones, and their key is still tried for answers. Returns the settings; `None` if there are no previous ones.
///
/// # Errors
/// 40013.
pub async fn step_back(desk: &Desk, appid: &Appid) -> Result<Option<CallbackSettings>> {
    desk.write_silent(appid, |tx, appid| {
        account::get(tx, appid)?;
        let Some(mut settings) = version(tx, appid, PREVIOUS)? else { return Ok(None) };
        match of(tx, appid)? {
            Some(before) => {
                put(tx, appid, PREVIOUS, &before)?;
                if before.key.is_some() && before.key != settings.key {
                    settings.previous_key = before.key;
                }
            }
            None => drop(tx.run(DELETE_VERSION, bind![appid, PREVIOUS])?),
        }
        save(tx, appid, &settings)?;
        Ok(Some(settings))
    })
    .await
}

/// Removes the settings. Everything that customers write goes to the desk again. The settings can be stepped back to.
///
/// # Errors
/// Internal only.
pub async fn remove(desk: &Desk, appid: &Appid) -> Result<()> {
    desk.write_silent(appid, |tx, appid| {
        if let Some(before) = of(tx, appid)? {
            put(tx, appid, PREVIOUS, &before)?;
        }
        tx.run(DELETE_VERSION, bind![appid, STAGED])?;
        tx.run(DELETE, bind![appid])?;
        tx.run(DELETE_CURSOR, bind![appid]).map(|_| ())
    })
    .await
}

/// Stores settings in a role other than the current.
fn put(tx: &mut Tx<'_>, appid: &Appid, role: &str, settings: &CallbackSettings) -> Result<()> {
    let (now, [current, previous]) = (tx.now(), keys(settings));
    let (mode, format) = (settings.mode.as_text(), settings.format.as_text());
    let (url, token) = (settings.url.as_str(), &settings.token);
    tx.run(PUT_VERSION, bind![appid, role, url, token, mode, format, current, previous, now]).map(|_| ())
}

/// Stores the current settings. A shield ends with the settings under which it began.
fn save(tx: &mut Tx<'_>, appid: &Appid, settings: &CallbackSettings) -> Result<()> {
    if of(tx, appid)?.as_ref() != Some(settings) {
        tx.run(END_SHIELD, bind![appid])?;
    }
    let (now, [current, previous]) = (tx.now(), keys(settings));
    let (mode, format) = (settings.mode.as_text(), settings.format.as_text());
    let (url, token) = (settings.url.as_str(), &settings.token);
    tx.run(UPSERT, bind![appid, url, token, mode, format, current, previous, now])?;
    tx.run(BEGIN, bind![appid]).map(|_| ())
}

/// The current and the previous key, each empty if there is none.
fn keys(settings: &CallbackSettings) -> [&str; 2] {
    [&settings.key, &settings.previous_key].map(|key| key.as_ref().map_or("", EncodingAesKey::as_str))
}

fn version(tx: &mut Tx<'_>, appid: &Appid, role: &str) -> Result<Option<CallbackSettings>> {
    Ok(tx.one(SELECT_VERSION, bind![appid, role])?.and_then(|row| settings(&row)))
}

/// The accounts whose developer's server was set at a time or later. Since 0 these are all that have one.
///
/// # Errors
/// Internal only.
pub async fn set_since(desk: &Desk, at: Time) -> Result<Vec<Appid>> {
    let read = desk.store.read("", move |tx| {
        let rows = tx.all(SELECT_SINCE, bind![at])?;
        Ok(rows.iter().map(|row| Appid::stored(row.text(0))).collect())
    });
    read.await
}

/// The developer's server of the account, for who gets what a customer writes.
pub(crate) fn server(tx: &mut Tx<'_>, appid: &Appid) -> Result<DeveloperServer> {
    Ok(shield(tx, appid)?.map_or(DeveloperServer::Absent, Shield::server))
}

/// How the account's server is left alone.
#[derive(Clone, Copy, Default)]
pub(crate) struct Shield {
    /// Until when it is left alone; 0 if it is not.
    pub(crate) until: Time,
    /// Whether customers who write wait at the desk meanwhile.
    pub(crate) is_replaced: bool,
}

impl Shield {
    /// The shield at `now` by its columns.
    pub(crate) fn stored(is_replaced: bool, until: Time, now: Time) -> Shield {
        Shield { until: Some(until).filter(|until| shield_holds(*until, now)).unwrap_or(0), is_replaced }
    }

    /// The server that has this shield.
    pub(crate) fn server(self) -> DeveloperServer {
        match self {
            Shield { until, is_replaced: true } if until > 0 => DeveloperServer::Replaced,
            _ => DeveloperServer::Present,
        }
    }
}

/// The shield of the account's server; `None` if the account has no developer's server.
pub(crate) fn shield(tx: &mut Tx<'_>, appid: &Appid) -> Result<Option<Shield>> {
    let Some(row) = tx.one(SELECT_SHIELD, bind![appid])? else { return Ok(None) };
    Ok(Some(Shield::stored(row.flag(0), row.int(1), tx.now())))
}

/// Whether the account has a developer's server.
pub(crate) fn exists(tx: &mut Tx<'_>, appid: &Appid) -> Result<bool> {
    Ok(server(tx, appid)? != DeveloperServer::Absent)
}

/// Sets whether customers who write wait at the desk while the server is left alone. Returns `false` if the account has
/// no developer's server.
///
/// # Errors
/// 40013.
pub async fn set_desk_while_shielded(desk: &Desk, appid: &Appid, on: bool) -> Result<bool> {
    desk.write_silent(appid, move |tx, appid| {
        account::get(tx, appid)?;
        Ok(tx.run(SET_REPLACED, bind![appid, on])? == 1)
    })
    .await
}

fn settings(row: &Row) -> Option<CallbackSettings> {
    let key = |column| EncodingAesKey::parse(&row.text(column)).ok();
    Some(CallbackSettings {
        url: row.text(0).into(),
        token: row.text(1),
        mode: Mode::from_text(&row.text(2))?,
        format: Format::from_text(&row.text(3))?,
        key: key(4),
        previous_key: key(5),
    })
}

const SELECT: &str = "select url, token, mode, format, aes_key, previous_key from callback where appid = $1";
const SELECT_CURRENT: &str = "select url, token, mode, format, aes_key, previous_key, paused from callback
    join push_cursor using (appid) where appid = $1";
const SELECT_SINCE: &str = "select appid from callback where set_at >= $1 order by set_at";
const SELECT_SHIELD: &str = "select desk_while_shielded, shielded_until from callback where appid = $1";
const END_SHIELD: &str = "update callback set shielded_until = 0 where appid = $1";
const SET_REPLACED: &str = "update callback set desk_while_shielded = $2 where appid = $1";
const SELECT_VERSION: &str =
    "select url, token, mode, format, aes_key, previous_key, fault from callback_version
    where appid = $1 and role = $2";
const PUT_VERSION: &str = "insert into callback_version
    (appid, role, url, token, mode, format, aes_key, previous_key, fault, set_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, '', $9) on conflict (appid, role) do update set url = excluded.url,
    token = excluded.token, mode = excluded.mode, format = excluded.format, aes_key = excluded.aes_key,
    previous_key = excluded.previous_key, fault = excluded.fault, set_at = excluded.set_at";
const NOTE_FAULT: &str = "update callback_version set fault = $3 where appid = $1 and role = $2";
const DELETE_VERSION: &str = "delete from callback_version where appid = $1 and role = $2";
const UPSERT: &str = "insert into callback (appid, url, token, mode, format, aes_key, previous_key, set_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (appid) do update set url = excluded.url,
    token = excluded.token, mode = excluded.mode, format = excluded.format, aes_key = excluded.aes_key,
    previous_key = excluded.previous_key, set_at = excluded.set_at";
const BEGIN: &str = "insert into push_cursor (appid, seq) select owner, seq from head where owner = $1
    on conflict (appid) do nothing";
const SELECT_PAUSED: &str = "select paused from push_cursor where appid = $1";
const PAUSE: &str = "update push_cursor set paused = $2 where appid = $1";
const DELETE: &str = "delete from callback where appid = $1";
const DELETE_CURSOR: &str = "delete from push_cursor where appid = $1";
