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
use protocol::{Errcode, limits};

/// invitekfworker. The person need not have signed up yet.
///
/// # Errors
/// 65401, 65412, 65411, 65409, 65407, 65408, 65410.
pub async fn invite(desk: &Desk, appid: &Appid, kf_account: &str, person: &str) -> Result<(), Error> {
    // Noted on the worker's side first: after a stop here the note is passed over; the other way
    // round the person would never hear of it.
    let noted = match (WechatId::parse(person), KfAccount::parse(kf_account)) {
        (Ok(person), Ok(kf_account)) => {
            Some((worker::note_invitation(desk, &person, appid, &kf_account).await?, kf_account))
        }
        _ => None,
    };
    let bindings = noted.as_ref().map_or(0, |(note, _)| note.bindings);
    let invited = open(desk, appid, kf_account, person, bindings).await;
    match (&invited, noted) {
        (Ok(()), _) => worker::tell(desk, person).await?,
        (Err(_), Some((note, kf_account))) if note.is_new => {
            worker::forget_invitation(desk, person, appid, &kf_account).await?
        }
        _ => {}
    }
    invited
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
    kf_account: &str,
    person: &str,
    bindings: i64,
) -> Result<(), Error> {
    let (appid, kf_account, person) = (appid.clone(), kf_account.to_owned(), person.to_owned());
    desk.store
        .write(&appid.to_string(), move |tx| {
            let agent = agent::get(tx, &appid, &kf_account)?;
            let seats: Vec<_> = agent::all(tx, &appid)?.into_iter().map(|agent| agent.seat).collect();
            let now = tx.now();
            let person =
                invitation::invite(&agent.seat, &seats, &person, bindings, limits::WORKER_BINDINGS_MAX, now)?;
            let expires_at = now + limits::INVITATION_H * HOUR;
            tx.run(
                UPDATE_INVITATION,
                bind![&appid, &agent.kf_account, &person, Status::Waiting.word(), expires_at],
            )?;
            due::set(tx, appid.as_str(), Due::Invitation, agent.kf_account.as_str(), expires_at)?;
            tx.record(Fact::Agent { kf_account: agent.kf_account });
            Ok(())
        })
        .await
}

/// The worker says yes. Three steps: her place among her bindings is taken, she is bound, her
/// invitation is forgotten; refused in the second, the place is given back.
///
/// # Errors
/// `InvitationGone`, `BoundTooOften`.
pub async fn accept(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
) -> Result<(), Error> {
    worker::take_binding(desk, worker, appid, kf_account).await?;
    let bound = bind_agent(desk, worker, appid, kf_account, false).await;
    match &bound {
        Ok(()) => worker::forget_invitation(desk, worker.as_str(), appid, kf_account).await?,
        Err(Error::Refused(_)) => worker::part(desk, worker.as_str(), appid, kf_account).await?,
        Err(Error::Internal(_)) => {}
    }
    bound
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
    worker::take_binding(desk, worker, appid, kf_account).await?;
    let bound = bind_agent(desk, worker, appid, kf_account, true).await;
    match &bound {
        Ok(()) => worker::tell(desk, worker.as_str()).await?,
        Err(Error::Refused(code)) if *code != Errcode::AgentBound => {
            worker::part(desk, worker.as_str(), appid, kf_account).await?
        }
        Err(_) => {}
    }
    bound
}

async fn bind_agent(
    desk: &Desk,
    worker: &WechatId,
    appid: &Appid,
    kf_account: &KfAccount,
    unasked: bool,
) -> Result<(), Error> {
    let kf_openid = super::customer::new_openid(desk);
    let (worker, appid, kf_account) = (worker.clone(), appid.clone(), kf_account.clone());
    desk.store
        .write(&appid.to_string(), move |tx| {
            let gone = if unasked { Errcode::InvalidAgent } else { Errcode::InvitationGone };
            let agent = agent::get(tx, &appid, kf_account.as_str()).map_err(|_| gone)?;
            if agent.seat.worker == worker.as_str() {
                return Ok(());
            }
            may_bind(tx, &appid, &agent, &worker, unasked)?;
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
    unasked: bool,
) -> Result<(), Error> {
    if !unasked {
        return Ok(invitation::answer(&agent.seat, worker.as_str(), tx.now())?);
    }
    if !agent.seat.worker.is_empty() {
        return Err(Errcode::AgentBound.into());
    }
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
    let (person, id, agent) = (worker.clone(), appid.clone(), kf_account.clone());
    let declined = desk.store.write(appid.as_str(), move |tx| {
        let seat = agent::get(tx, &id, agent.as_str()).map_err(|_| Errcode::InvitationGone)?.seat;
        invitation::answer(&seat, person.as_str(), tx.now())?;
        end(tx, &id, &agent, Status::Rejected)
    });
    declined.await?;
    worker::forget_invitation(desk, worker.as_str(), appid, kf_account).await
}

/// Time has come to look at an invitation again: over, it says so.
///
/// # Errors
/// 65401, or `InvitationGone` when it was answered.
pub(super) async fn look(desk: &Desk, appid: &Appid, kf_account: &str) -> Result<(), Error> {
    let (id, kf_account) = (appid.clone(), kf_account.to_owned());
    let over = desk.store.write(appid.as_str(), move |tx| {
        let agent = agent::get(tx, &id, &kf_account)?;
        if agent.seat.status != Status::Waiting {
            return Err(Errcode::InvitationGone.into());
        }
        if agent.seat.status_at(tx.now()) == Status::Expired {
            end(tx, &id, &agent.kf_account, Status::Expired)?;
        }
        Ok(agent)
    });
    let agent = over.await?;
    worker::forget_invitation(desk, &agent.seat.invite_wx, appid, &agent.kf_account).await
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
