//! Invitations: a person is asked to be an agent, and accepts or declines.
//!
//! The account's row of the agent decides. The worker's list of bindings and invitations follows it in a transaction of
//! its own ([`worker::reconcile`]). A transaction that makes the two differ leaves a `due` row, which repeats this step
//! if it did not run.

use crate::people::agent::{self, Agent};
use crate::people::worker;
use crate::rules::Rules;
use crate::{Desk, Result, due};
use model::due::Due;
use model::invitation::{self, Status};
use model::{Appid, Fact, HOUR, KfAccount, TextEnum, WechatId};
use protocol::Errcode;
use store::Tx;
use store::bind;
use store::error::Error;

/// invitekfworker. The person need not have signed up. Two steps: the account's agent, then the worker's list.
///
/// # Errors
/// 65401, 65412, 65411, 65409, 65407, 65408, 65410.
pub async fn invite(desk: &Desk, appid: &Appid, kf_account: &str, person: &str) -> Result<()> {
    let (agent, name, rules) = (kf_account.to_owned(), person.to_owned(), desk.rules);
    let invited = desk.write(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, &agent)?;
        agent.binding.must_be_free(tx.now())?;
        open(tx, appid, &agent, &WechatId::parse(&name)?, rules)
    });
    let kf_account = invited.await?;
    worker::reconcile(desk, person, appid, &kf_account).await
}

/// The Mini Programs' retired form of addkfaccount: adds an agent and invites a person in one transaction. Then updates
/// the worker's list.
///
/// # Errors
/// Those of addkfaccount, then those of invitekfworker.
pub async fn add_and_invite(desk: &Desk, appid: &Appid, person: &str) -> Result<()> {
    let (name, rules) = (WechatId::parse(person)?, desk.rules);
    let invited = desk.write(appid, move |tx, appid| {
        let kf_account = agent::insert_for(tx, appid, &name)?;
        let agent = agent::get(tx, appid, kf_account.as_str())?;
        open(tx, appid, &agent, &name, rules)
    });
    let kf_account = invited.await?;
    worker::reconcile(desk, person, appid, &kf_account).await
}

/// Invites a person, in the account's transaction. The person's other agents are counted here, and again when the
/// person accepts.
fn open(tx: &mut Tx<'_>, appid: &Appid, agent: &Agent, person: &WechatId, rules: Rules) -> Result<KfAccount> {
    let others: Vec<_> = agent::all(tx, appid)?.into_iter().map(|agent| agent.binding).collect();
    let (bindings, now) = (worker::count_bindings(tx, person)?, tx.now());
    invitation::invite(&agent.binding, &others, person, bindings, rules.worker_agents_max.into(), now)?;
    let (kf_account, expires_at) = (&agent.kf_account, now + i64::from(rules.invitation_hours) * HOUR);
    tx.run(UPDATE_INVITATION, bind![appid, kf_account, person, Status::Waiting.as_text(), expires_at])?;
    due::set(tx, appid.as_str(), Due::Invitation, kf_account.as_str(), expires_at)?;
    worker::schedule_recheck(tx, person.as_str(), appid, kf_account)?;
    tx.record(Fact::Agent { kf_account: kf_account.clone() });
    Ok(kf_account.clone())
}

/// A worker accepts an invitation.
///
/// # Errors
/// `InvitationGone`, 65407, `BoundTooOften`.
pub async fn accept(desk: &Desk, worker: &WechatId, appid: &Appid, kf_account: &KfAccount) -> Result<()> {
    bind_agent(desk, worker, appid, kf_account, Asked::Yes).await
}

/// The operator binds a worker to an agent without an invitation.
///
/// # Errors
/// 65401, 65412, 65407, `BoundTooOften`.
pub async fn bind_without_asking(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<()> {
    bind_agent(desk, worker, appid, kf_account, Asked::No).await
}

/// Whether the binding needs an invitation.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Yes,
    No,
}

/// Binds a worker to an agent in three steps: reserves a place in the worker's list, binds the worker at the account,
/// and reconciles the list with the account. If the outcome of the second step is unknown, a `due` row reconciles
/// later.
async fn bind_agent(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
    asked: Asked,
) -> Result<()> {
    worker::take_binding(desk, worker, appid, kf_account).await?;
    let bound = bind_at_account(desk, worker, appid, kf_account, asked).await;
    if bound.as_ref().err().is_none_or(Error::is_rule) {
        worker::reconcile(desk, worker.as_str(), appid, kf_account).await?;
    }
    bound
}

async fn bind_at_account(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
    asked: Asked,
) -> Result<()> {
    let kf_openid = crate::people::customer::new_openid(desk);
    let (worker, kf_account) = (worker.clone(), kf_account.clone());
    desk.write(appid, move |tx, appid| {
        let gone = if asked == Asked::Yes { Errcode::InvitationGone } else { Errcode::InvalidAgent };
        let agent = agent::find(tx, appid, kf_account.as_str())?.ok_or(gone)?;
        if agent.binding.worker == worker.as_str() {
            return Ok(());
        }
        may_bind(tx, appid, &agent, &worker, asked)?;
        tx.run(UPDATE_WORKER, bind![appid, &kf_account, &worker, &kf_openid])?;
        due::clear(tx, appid.as_str(), Due::Invitation, kf_account.as_str())?;
        for person in [worker.as_str(), &agent.binding.invite_wx] {
            worker::schedule_recheck(tx, person, appid, &kf_account)?;
        }
        tx.record(Fact::Agent { kf_account: kf_account.clone() });
        Ok(())
    })
    .await
}

fn may_bind(tx: &mut Tx<'_>, appid: &Appid, agent: &Agent, worker: &WechatId, asked: Asked) -> Result<()> {
    match asked {
        Asked::Yes => invitation::answer(&agent.binding, worker.as_str(), tx.now())?,
        Asked::No if !agent.binding.worker.is_empty() => return Err(Errcode::AgentBound.into()),
        Asked::No => {}
    }
    // The worker may have become another agent of this account since the invitation.
    let elsewhere = agent::all(tx, appid)?.iter().any(|other| other.binding.worker == worker.as_str());
    if elsewhere { Err(Errcode::AlreadyWorker.into()) } else { Ok(()) }
}

/// A worker declines an invitation. Two steps: the account's agent, then the worker's list.
///
/// # Errors
/// `InvitationGone`.
pub async fn decline(desk: &Desk, worker: &WechatId, appid: &Appid, kf_account: &KfAccount) -> Result<()> {
    let (agent, name) = (kf_account.clone(), worker.clone());
    let declined = desk.write(appid, move |tx, appid| {
        let agent = agent::find(tx, appid, agent.as_str())?.ok_or(Errcode::InvitationGone)?;
        invitation::answer(&agent.binding, name.as_str(), tx.now())?;
        end(tx, appid, &agent, Status::Rejected)
    });
    declined.await?;
    worker::reconcile(desk, worker.as_str(), appid, kf_account).await
}

/// Ends an invitation that has expired, and removes it from the worker's list. Otherwise reschedules the `due` row to
/// its end.
///
/// # Errors
/// 65401, or `InvitationGone` if it was answered.
pub(crate) async fn recheck(desk: &Desk, appid: &Appid, kf_account: &str) -> Result<()> {
    let kf_account = KfAccount::stored(kf_account.to_owned());
    let key = kf_account.clone();
    let settle = desk.write_silent(appid, move |tx, appid| {
        let binding = agent::get(tx, appid, key.as_str())?.binding;
        let waits = binding.status_at(tx.now()) == Status::Waiting;
        if waits {
            due::set(tx, appid.as_str(), Due::Invitation, key.as_str(), binding.expires_at)?;
        }
        Ok(waits)
    });
    if settle.await? {
        return Ok(());
    }
    let agent = kf_account.clone();
    let rechecked = desk.write(appid, move |tx, appid| {
        let agent = agent::get(tx, appid, agent.as_str())?;
        match (agent.binding.status, agent.binding.status_at(tx.now())) {
            (Status::Waiting, Status::Expired) => end(tx, appid, &agent, Status::Expired)?,
            // A new invitation was sent between the two steps, which rescheduled the row.
            (Status::Waiting, _) => return Ok(String::new()),
            _ => return Err(Errcode::InvitationGone.into()),
        }
        Ok(agent.binding.invite_wx)
    });
    worker::reconcile(desk, &rechecked.await?, appid, &kf_account).await
}

fn end(tx: &mut Tx<'_>, appid: &Appid, agent: &Agent, status: Status) -> Result<()> {
    let kf_account = &agent.kf_account;
    tx.run(UPDATE_STATUS, bind![appid, kf_account, status.as_text()])?;
    due::clear(tx, appid.as_str(), Due::Invitation, kf_account.as_str())?;
    worker::schedule_recheck(tx, &agent.binding.invite_wx, appid, kf_account)?;
    tx.record(Fact::Agent { kf_account: kf_account.clone() });
    Ok(())
}

const UPDATE_INVITATION: &str = "update agent set invite_wx = $3, invite_status = $4, invite_expires_at = $5
    where appid = $1 and kf_account = $2";
const UPDATE_STATUS: &str = "update agent set invite_status = $3 where appid = $1 and kf_account = $2";
const UPDATE_WORKER: &str =
    "update agent set worker = $3, kf_openid = $4, invite_wx = '', invite_status = '',
    invite_expires_at = 0 where appid = $1 and kf_account = $2";
