//! How pushes end, and what the answers to them do.

use crate::callback::lease::PushLease;
use crate::callback::notice;
use crate::callback::pushes::Push;
use crate::callback::tries::{self, Try};
use crate::message::api_message;
use crate::people::agent;
use crate::session::{self, group, queue};
use crate::{Desk, Result, message};
use model::session::SessionState;
use model::session::actor::Target;
use model::{Appid, TextEnum};
use protocol::Errcode;
use protocol::callback::{BodyContent, Reply};
use protocol::msgrecord::Opercode;
use std::sync::Arc;
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
    /// The tries, in their order.
    pub tries: Vec<Try>,
    /// What was wrong with the last try, or why the answer could not act; empty if nothing.
    pub fault: String,
    /// What the developer's server wants.
    pub reply: Reply,
}

/// Records how a push ended, and does what the answer says, or tells the customer that there was none, once for each
/// push. `upto` is the change up to which all pushes are done then. Returns `false`, and nothing is done, if another
/// node delivers by now.
///
/// # Errors
/// Internal only. What is wrong with an answer is recorded as the push's fault.
pub async fn finish(
    desk: &Desk,
    appid: &Appid,
    lease: PushLease,
    finished: Finished,
    upto: i64,
) -> Result<bool> {
    let mut finished = finished;
    if finished.acts() {
        let (acting, client_id) = (finished.clone(), desk.rng.hex::<16>());
        let acted = desk.write(appid, move |tx, appid| {
            let acts = lease.advance(tx, appid, upto)? && record(tx, appid, &acting)?;
            if acts {
                tries::prune_sometimes(tx, appid, [acting.push.id].into_iter())?;
                act(tx, appid, &acting, &client_id)?;
            }
            Ok(acts)
        });
        match acted.await {
            Ok(true) => return Ok(true),
            // It is recorded already, or another node delivers: the verb was rolled back.
            Ok(false) => {}
            Err(Error::Refused(code)) if code != Errcode::SystemError => finished.fault = code.to_string(),
            Err(error) => return Err(error),
        }
    }
    record_all(desk, appid, lease, [finished].into(), upto).await
}

/// Records how pushes ended, without doing what answers say, in one transaction. `upto` is as for [`finish`]. Returns
/// `false`, and nothing is recorded, if another node delivers by now.
///
/// # Errors
/// Internal only.
pub async fn record_all(
    desk: &Desk,
    appid: &Appid,
    lease: PushLease,
    finished: Arc<[Finished]>,
    upto: i64,
) -> Result<bool> {
    desk.write_silent(appid, move |tx, appid| {
        let is_own = lease.advance(tx, appid, upto)?;
        if is_own {
            finished.iter().try_for_each(|it| record(tx, appid, it).map(|_| ()))?;
            tries::prune_sometimes(tx, appid, finished.iter().map(|it| it.push.id))?;
        }
        Ok(is_own)
    })
    .await
}

impl Finished {
    /// Whether the end of this push changes something that pages show.
    #[must_use]
    pub fn acts(&self) -> bool {
        let is_message = matches!(self.push.body.content, BodyContent::Message(_));
        match self.outcome {
            Outcome::Taken => match &self.reply {
                Reply::Nothing => false,
                Reply::Message(_) => true,
                Reply::Transfer { .. } => is_message,
            },
            Outcome::Failed => is_message,
            Outcome::Late => false,
        }
    }
}

/// Records the push; `false` if it is recorded already.
fn record(tx: &mut Tx<'_>, appid: &Appid, finished: &Finished) -> Result<bool> {
    let Finished { push, outcome, tries, fault, .. } = finished;
    let (now, number) = (tx.now(), i64::try_from(tries.len()).unwrap_or(i64::MAX));
    let (id, outcome, what) = (push.id, outcome.as_text(), push.what());
    let rows =
        tx.run(INSERT, bind![appid, id.seq, id.fact, &push.openid, what, outcome, number, fault, now])?;
    if rows == 1 {
        tries::keep(tx, appid, id, tries)?;
    }
    Ok(rows == 1)
}

/// Notes that all pushes up to a change are done. Returns `false` if another node delivers by now.
///
/// # Errors
/// Internal only.
pub async fn advance(desk: &Desk, appid: &Appid, lease: PushLease, upto: i64) -> Result<bool> {
    desk.write_silent(appid, move |tx, appid| lease.advance(tx, appid, upto)).await
}

/// Does what an answer says, or tells the customer that there was none.
pub(super) fn act(tx: &mut Tx<'_>, appid: &Appid, finished: &Finished, client_id: &str) -> Result<()> {
    if finished.outcome == Outcome::Failed {
        return notice::insert(tx, appid, &finished.push);
    }
    match &finished.reply {
        Reply::Nothing => Ok(()),
        Reply::Message(content) => {
            api_message::insert_reply(tx, appid, &finished.push.openid, content, client_id)
        }
        Reply::Transfer { kf_account } => transfer(tx, appid, &finished.push, kf_account.as_deref()),
    }
}

/// Hands the customer and the answered message over to the desk.
fn transfer(tx: &mut Tx<'_>, appid: &Appid, push: &Push, name: Option<&str>) -> Result<()> {
    let BodyContent::Message(answered) = &push.body.content else { return Ok(()) };
    let target = named(tx, appid, name)?;
    let (openid, now) = (&push.openid, tx.now());
    let session = match (session::current(tx, appid, openid.as_str())?, target) {
        (None, target) => queue::begin(tx, appid, openid, &target.unwrap_or(Target::EVERYONE))?,
        (Some(waiting), Some(target)) if waiting.state == SessionState::Waiting => match target {
            Target::Agent(agent) => {
                let open = waiting.open(&agent, now);
                session::save(tx, appid, &open, Opercode::Taken)?;
                open
            }
            Target::Group(group) => queue::send_to_group(tx, appid, waiting, group)?,
        },
        // The customer waits already, or an agent serves the customer.
        (Some(session), _) => session,
    };
    message::move_into(tx, appid, answered.msg_id, &session)
}

/// The agent or the group that an answer names. An unknown name is none, and stands for the waiting list.
pub(super) fn named(tx: &mut Tx<'_>, appid: &Appid, name: Option<&str>) -> Result<Option<Target>> {
    let Some(name) = name else { return Ok(None) };
    if let Some(agent) = agent::find(tx, appid, name)? {
        return Ok(Some(Target::Agent(agent.kf_account.to_string())));
    }
    Ok(group::named(tx, appid, name)?.map(Target::Group))
}

const INSERT: &str = "insert into push (appid, seq, fact, openid, what, outcome, tries, fault, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (appid, seq, fact) do nothing";
