//! How pushes end, and what the answers to them do.

use crate::callback::pushes::Push;
use crate::message::api_message;
use crate::people::agent;
use crate::{Desk, Result, message, session};
use model::session::SessionState;
use model::{Appid, KfAccount, TextEnum};
use protocol::Errcode;
use protocol::callback::{BodyContent, Reply};
use protocol::msgrecord::Opercode;
use store::Tx;
use store::bind;
use store::error::Error;

/// How a push ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The developer's server took it.
    Taken,
    /// Every try failed.
    Failed,
    /// It was taken, but first tried so late that the answer does not act.
    Late,
}

impl TextEnum for Outcome {
    const TEXTS: &'static [(&'static str, Self)] =
        &[("taken", Outcome::Taken), ("failed", Outcome::Failed), ("late", Outcome::Late)];
}

/// A push that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The push.
    pub push: Push,
    /// How it ended.
    pub outcome: Outcome,
    /// How often it was tried.
    pub tries: u32,
    /// What was wrong with the last try, or why the answer could not act; empty if nothing.
    pub fault: String,
    /// What the developer's server wants.
    pub reply: Reply,
}

/// Records how a push ended, and does what the answer says, once for each push. `upto` is the change up to which all
/// pushes are done then.
///
/// # Errors
/// Internal only. What is wrong with an answer is recorded as the push's fault.
pub async fn finish(desk: &Desk, appid: &Appid, finished: Finished, upto: i64) -> Result<()> {
    let acts = finished.outcome == Outcome::Taken && finished.reply != Reply::Nothing;
    if acts {
        let (acting, client_id) = (finished.clone(), desk.rng.hex::<16>());
        let acted = desk.write(appid, move |tx, appid| {
            if record(tx, appid, &acting, "")? {
                act(tx, appid, &acting, &client_id)?;
            }
            move_cursor(tx, appid, upto)
        });
        match acted.await {
            Err(Error::Refused(code)) if code != Errcode::SystemError => {
                return quietly(desk, appid, finished, upto, &code.to_string()).await;
            }
            other => return other,
        }
    }
    quietly(desk, appid, finished, upto, "").await
}

async fn quietly(desk: &Desk, appid: &Appid, finished: Finished, upto: i64, refusal: &str) -> Result<()> {
    let refusal = refusal.to_owned();
    desk.write_silent(appid, move |tx, appid| {
        record(tx, appid, &finished, &refusal)?;
        move_cursor(tx, appid, upto)
    })
    .await
}

/// Records the push; `false` if it is recorded already.
fn record(tx: &mut Tx<'_>, appid: &Appid, finished: &Finished, refusal: &str) -> Result<bool> {
    let Finished { push, outcome, tries, fault, .. } = finished;
    let (now, tries) = (tx.now(), i64::from(*tries));
    let fault = if refusal.is_empty() { fault } else { refusal };
    let (id, outcome, what) = (push.id, outcome.as_text(), push.what());
    let rows =
        tx.run(INSERT, bind![appid, id.seq, id.fact, &push.openid, what, outcome, tries, fault, now])?;
    Ok(rows == 1)
}

/// Notes that all pushes up to a change are done.
///
/// # Errors
/// Internal only.
pub async fn advance(desk: &Desk, appid: &Appid, upto: i64) -> Result<()> {
    desk.write_silent(appid, move |tx, appid| move_cursor(tx, appid, upto)).await
}

fn move_cursor(tx: &mut Tx<'_>, appid: &Appid, upto: i64) -> Result<()> {
    tx.run(ADVANCE, bind![appid, upto]).map(|_| ())
}

/// Does what an answer says.
fn act(tx: &mut Tx<'_>, appid: &Appid, finished: &Finished, client_id: &str) -> Result<()> {
    match &finished.reply {
        Reply::Nothing => Ok(()),
        Reply::Message(content) => {
            api_message::insert_reply(tx, appid, &finished.push.openid, content, client_id)
        }
        Reply::Transfer { kf_account } => transfer(tx, appid, &finished.push, kf_account.as_deref()),
    }
}

/// Hands the customer and the answered message over to the desk. An unknown seat stands for the waiting list.
fn transfer(tx: &mut Tx<'_>, appid: &Appid, push: &Push, seat: Option<&str>) -> Result<()> {
    let BodyContent::Message(answered) = &push.body.content else { return Ok(()) };
    let seat = seat.map(|seat| agent::find(tx, appid, seat)).transpose()?.flatten();
    let seat: Option<KfAccount> = seat.map(|agent| agent.kf_account);
    let (openid, now) = (&push.openid, tx.now());
    let session = match (session::current(tx, appid, openid.as_str())?, &seat) {
        (None, seat) => session::begin(tx, appid, openid, seat.as_ref())?,
        (Some(waiting), Some(seat)) if waiting.state == SessionState::Waiting => {
            let open = waiting.open(seat.as_str(), now);
            session::save(tx, appid, &open, Opercode::Taken)?;
            open
        }
        // The customer waits already, or an agent serves the customer.
        (Some(session), _) => session,
    };
    message::move_into(tx, appid, answered.msg_id, &session)
}

const INSERT: &str = "insert into push (appid, seq, fact, openid, what, outcome, tries, fault, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (appid, seq, fact) do nothing";
const ADVANCE: &str = "update push_cursor set seq = $2 where appid = $1 and seq < $2";
