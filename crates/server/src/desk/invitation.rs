//! Invitations: a person is asked to be an agent, and says yes or no.
//!
//! The account's row of the agent is what counts. The worker's side is a list of where to look, kept
//! in steps that may each be repeated: whoever reads it passes over what the account does not confirm.

use super::agent::{self, Agent};
use super::{Desk, due, worker};
use crate::bind;
use crate::error::Error;
use crate::store::Tx;
use model::account::Words;
use model::due::Due;
use model::invitation::{self, Status};
use model::{Appid, Fact, HOUR, KfAccount, WechatId};
use protocol::Errcode;

/// invitekfworker. The person need not have signed up yet. Three steps: noted on the person's side,
/// made at the account, told. After a stop between the first two the note is passed over; the other
/// way round the person would never hear of it.
///
/// # Errors
/// 65401, 65412, 65411, 65409, 65407, 65408, 65410.
pub async fn invite(desk: &Desk, appid: &Appid, kf_account: &str, person: &str) -> Result<(), Error> {
    let (desk, appid, kf_account, person) =
        (desk.clone(), appid.clone(), kf_account.to_owned(), person.to_owned());
    super::to_the_end(async move {
        let agent = may_invite(&desk, &appid, kf_account).await?;
        let person = WechatId::parse(&person)?;
        let bindings = worker::note_invitation(&desk, &person, &appid, &agent).await?;
        open(&desk, &appid, &agent, &person, bindings).await?;
        worker::tell(&desk, person.as_str()).await
    })
    .await
}

/// What the agent alone has against an invitation, before anything is noted.
async fn may_invite(desk: &Desk, appid: &Appid, kf_account: String) -> Result<KfAccount, Error> {
    let appid = appid.clone();
    desk.store
        .read(&appid.to_string(), move |tx| {
            let agent = agent::get(tx, &appid, &kf_account)?;
            agent.seat.must_be_free(tx.now())?;
            Ok(agent.kf_account)
        })
        .await
}

/// The Mini Programs' retired form of addkfaccount: a new agent, and an invitation to be her. When
/// the person cannot be invited, the agent goes again.
///
/// # Errors
/// Those of addkfaccount, then those of invitekfworker.
pub async fn add_and_invite(desk: &Desk, appid: &Appid, person: &str) -> Result<(), Error> {
    let kf_account = agent::add_for(desk, appid, &WechatId::parse(person)?).await?;
    let invited = invite(desk, appid, kf_account.as_str(), person).await;
    if let Err(Error::Refused(_)) = &invited {
        agent::delete(desk, appid, kf_account.as_str()).await?;
    }
    invited
}

async fn open(
    desk: &Desk,
    appid: &Appid,
    kf_account: &KfAccount,
    person: &WechatId,
    bindings: i64,
) -> Result<(), Error> {
    let (appid, kf_account, person) = (appid.clone(), kf_account.clone(), person.clone());
    let rules = desk.rules;
    desk.store
        .write(&appid.to_string(), move |tx| {
            let agent = agent::get(tx, &appid, kf_account.as_str())?;
            let seats: Vec<_> = agent::all(tx, &appid)?.into_iter().map(|agent| agent.seat).collect();
            let now = tx.now();
            invitation::invite(&agent.seat, &seats, &person, bindings, rules.worker_agents_max.into(), now)?;
            let expires_at = now + i64::from(rules.invitation_hours) * HOUR;
            tx.run(
                UPDATE_INVITATION,
                bind![&appid, &kf_account, &person, Status::Waiting.word(), expires_at],
            )?;
            due::set(tx, appid.as_str(), Due::Invitation, kf_account.as_str(), expires_at)?;
            tx.record(Fact::Agent { kf_account: kf_account.clone() });
            Ok(())
        })
        .await
}

/// The worker says yes. Three steps: her place among her bindings is taken, she is bound, her
/// invitation is forgotten; refused in the second, the place is given back.
///
/// # Errors
/// `InvitationGone`, 65407, `BoundTooOften`.
pub async fn accept(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<(), Error> {
    bind_to_the_end(desk, worker, appid, kf_account, Asked::Yes).await
}

/// The operator binds a worker without asking her.
///
/// # Errors
/// 65401, 65412, 65407, `BoundTooOften`.
pub async fn bind_unasked(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<(), Error> {
    bind_to_the_end(desk, worker, appid, kf_account, Asked::No).await
}

/// Whether the worker was asked, and so needs an invitation.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Yes,
    No,
}

async fn bind_to_the_end(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
    asked: Asked,
) -> Result<(), Error> {
    let (desk, worker, appid, kf_account) = (desk.clone(), worker.clone(), appid.clone(), kf_account.clone());
    super::to_the_end(async move {
        worker::take_binding(&desk, &worker, &appid, &kf_account).await?;
        let bound = bind_agent(&desk, &worker, &appid, &kf_account, asked).await;
        match &bound {
            Ok(()) => worker::forget_invitation(&desk, worker.as_str(), &appid, &kf_account).await?,
            Err(Error::Refused(_)) => worker::part(&desk, worker.as_str(), &appid, &kf_account).await?,
            Err(Error::Internal(_)) => {}
        }
        bound
    })
    .await
}

async fn bind_agent(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
    asked: Asked,
) -> Result<(), Error> {
    let kf_openid = super::customer::new_openid(desk);
    let (worker, appid, kf_account) = (worker.clone(), appid.clone(), kf_account.clone());
    desk.store
        .write(&appid.to_string(), move |tx| {
            let gone = if asked == Asked::Yes { Errcode::InvitationGone } else { Errcode::InvalidAgent };
            let agent = agent::find(tx, &appid, kf_account.as_str())?.ok_or(gone)?;
            if agent.seat.worker == worker.as_str() {
                return Ok(());
            }
            may_bind(tx, &appid, &agent, &worker, asked)?;
            tx.run(UPDATE_WORKER, bind![&appid, &kf_account, &worker, &kf_openid])?;
            due::clear(tx, appid.as_str(), Due::Invitation, kf_account.as_str())?;
            tx.record(Fact::Agent { kf_account: kf_account.clone() });
            Ok(())
        })
        .await
}

fn may_bind(
    tx: &mut Tx<'_>,
    appid: &Appid,
    agent: &Agent,
    worker: &WechatId,
    asked: Asked,
) -> Result<(), Error> {
    match asked {
        Asked::Yes => invitation::answer(&agent.seat, worker.as_str(), tx.now())?,
        Asked::No if !agent.seat.worker.is_empty() => return Err(Errcode::AgentBound.into()),
        Asked::No => {}
    }
    // Maybe she became another agent of this account since she was invited.
    let elsewhere = agent::all(tx, appid)?.iter().any(|other| other.seat.worker == worker.as_str());
    if elsewhere { Err(Errcode::AlreadyWorker.into()) } else { Ok(()) }
}

/// The worker says no.
///
/// # Errors
/// `InvitationGone`.
pub async fn decline(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<(), Error> {
    let (desk, worker, appid, kf_account) = (desk.clone(), worker.clone(), appid.clone(), kf_account.clone());
    super::to_the_end(async move {
        reject(&desk, &worker, &appid, &kf_account).await?;
        worker::tell(&desk, worker.as_str()).await
    })
    .await
}

async fn reject(desk: &Desk, worker: &WechatId, appid: &Appid, kf_account: &KfAccount) -> Result<(), Error> {
    let (worker, appid, kf_account) = (worker.clone(), appid.clone(), kf_account.clone());
    desk.store
        .write(&appid.to_string(), move |tx| {
            let agent = agent::find(tx, &appid, kf_account.as_str())?.ok_or(Errcode::InvitationGone)?;
            invitation::answer(&agent.seat, worker.as_str(), tx.now())?;
            end(tx, &appid, &kf_account, Status::Rejected)
        })
        .await
}

/// Time has come to look at an invitation again: over, it says so. The note on the person's side
/// stays, for she may be invited again; whoever reads it passes over it.
///
/// # Errors
/// 65401, or `InvitationGone` when it was answered.
pub(super) async fn look(desk: &Desk, appid: &Appid, kf_account: &str) -> Result<(), Error> {
    let (id, kf_account) = (appid.clone(), kf_account.to_owned());
    let looked = desk.store.write(appid.as_str(), move |tx| {
        let agent = agent::get(tx, &id, &kf_account)?;
        match (agent.seat.status, agent.seat.status_at(tx.now())) {
            (Status::Waiting, Status::Expired) => end(tx, &id, &agent.kf_account, Status::Expired)?,
            // Sent again meanwhile; its row was moved then.
            (Status::Waiting, _) => return Ok(String::new()),
            _ => return Err(Errcode::InvitationGone.into()),
        }
        Ok(agent.seat.invite_wx)
    });
    let person = looked.await?;
    if person.is_empty() { Ok(()) } else { worker::tell(desk, &person).await }
}

fn end(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount, status: Status) -> Result<(), Error> {
    tx.run(UPDATE_STATUS, bind![appid, kf_account, status.word()])?;
    due::clear(tx, appid.as_str(), Due::Invitation, kf_account.as_str())?;
    tx.record(Fact::Agent { kf_account: kf_account.clone() });
    Ok(())
}

const UPDATE_INVITATION: &str = "update agent set invite_wx = $3, invite_status = $4, invite_expires_at = $5
    where appid = $1 and kf_account = $2";
const UPDATE_STATUS: &str = "update agent set invite_status = $3 where appid = $1 and kf_account = $2";
const UPDATE_WORKER: &str =
    "update agent set worker = $3, kf_openid = $4, invite_wx = '', invite_status = '',
    invite_expires_at = 0 where appid = $1 and kf_account = $2";
