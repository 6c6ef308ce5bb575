//! The queue: customers who wait, in the order of their first word without an answer, and the agents who get them.

use crate::people::agent;
use crate::session::{self, release};
use crate::{Desk, Result, account, due};
use model::due::{Due, QUEUE_PAUSE};
use model::session::SessionState;
use model::session::actor::Target;
use model::session::queue::{Candidate, Place, SAME_AGENT, Strategy, assign, choose};
use model::{Account, Appid, Fact, KfAccount, Openid, SECOND, Session, Time};
use protocol::msgrecord::Opercode;
use std::collections::BTreeSet;
use store::error::Error;
use store::{Row, Tx, bind};

/// The most customers whom one transaction assigns. A `due` row continues.
const ROUND: usize = 64;
/// The most customers of a group whom one transaction considers, so that those whom no agent may get delay few others.
const CONSIDERED: i64 = 256;

/// Begins a session of a customer who writes: with the agent whom the target names, who exists, or with an agent of the
/// group who has room and whom no earlier customer waits for, else in the group's queue.
pub(crate) fn begin(tx: &mut Tx<'_>, appid: &Appid, openid: &Openid, target: &Target) -> Result<Session> {
    let (now, seq) = (tx.now(), tx.seq());
    let mut waiting = Session::begin(seq, openid.clone(), now).after_customer_message(now);
    release::forget_missed(tx, appid, openid)?;
    match target {
        Target::Agent(agent) => {
            let session = waiting.open(agent, now);
            session::save(tx, appid, &session, Opercode::Taken)?;
            return Ok(session);
        }
        Target::Group(group) => waiting.group = *group,
    }
    let account = account::get(tx, appid)?;
    let chosen = match !account.feature || is_paused(tx, appid)? || is_anybody_waiting(tx, appid)? {
        // The queue decides, at the end of the verb.
        true => None,
        false => {
            let agents = agent::candidates(tx, appid, &account)?;
            let place = place(tx, appid, &account, &waiting)?;
            choose(&place, &agents, account.queue.strategy).map(|agent| agent.kf_account.clone())
        }
    };
    match chosen {
        Some(agent) => give(tx, appid, &account, waiting, &agent),
        None => {
            session::save(tx, appid, &waiting, Opercode::Waiting)?;
            Ok(waiting)
        }
    }
}

/// Sends a customer who waits to the queue of a group, to the place of before. Nothing happens to one who waits there.
pub(crate) fn send_to_group(tx: &mut Tx<'_>, appid: &Appid, waiting: Session, group: i64) -> Result<Session> {
    let is_there = waiting.group == group;
    let session = Session { group, ..waiting };
    if !is_there {
        session::regroup(tx, appid, &session)?;
    }
    Ok(session)
}

/// Assigns customers who wait to agents with room, the earliest first, if the facts of the change may have made room.
///
/// # Errors
/// Internal only.
pub(crate) fn drain(tx: &mut Tx<'_>, appid: &Appid) -> Result<()> {
    let may_make_room = |fact: &Fact| match fact {
        Fact::Session { state: SessionState::Open, from, .. } => !from.is_empty(),
        Fact::Session { .. }
        | Fact::Presence { .. }
        | Fact::Agent { .. }
        | Fact::Group { .. }
        | Fact::Access => true,
        Fact::Message { .. }
        | Fact::Note { .. }
        | Fact::CustomerEvent { .. }
        | Fact::Typing { .. }
        | Fact::Missed { .. }
        | Fact::Worker => false,
    };
    if tx.facts().iter().any(may_make_room) && is_anybody_waiting(tx, appid)? && !is_paused(tx, appid)? {
        assign_all(tx, appid)?;
    }
    Ok(())
}

/// Assigns customers who wait, once a pause is over or a round was full. Up to two steps.
///
/// # Errors
/// Internal only.
pub(crate) async fn resume(desk: &Desk, appid: &Appid) -> Result<()> {
    let assigned = desk.write(appid, |tx, appid| {
        due::clear(tx, appid.as_str(), Due::Queue, "")?;
        assign_all(tx, appid)
    });
    if assigned.await? == 0 {
        // Without a fact, the step above was rolled back.
        desk.write_silent(appid, |tx, appid| due::clear(tx, appid.as_str(), Due::Queue, "")).await?;
    }
    Ok(())
}

/// Returns the number of customers who were assigned.
fn assign_all(tx: &mut Tx<'_>, appid: &Appid) -> Result<usize> {
    let account = match account::get(tx, appid) {
        Ok(account) if account.feature => account,
        Ok(_) | Err(Error::Refused(_)) => return Ok(0),
        Err(error) => return Err(error),
    };
    let (now, mut agents) = (tx.now(), agent::candidates(tx, appid, &account)?);
    agents.retain(Candidate::has_room);
    let groups: BTreeSet<i64> =
        agents.iter().flat_map(|agent| agent.groups.iter().copied().chain([0])).collect();
    let mut waiting = Vec::new();
    for group in groups {
        waiting.extend(places(tx, appid, &account, group)?);
    }
    let mut assigned = assign(waiting, &mut agents, account.queue.strategy, now);
    if assigned.len() > ROUND {
        assigned.truncate(ROUND);
        due::set(tx, appid.as_str(), Due::Queue, "", now)?;
    }
    for (id, agent) in &assigned {
        let session = session::by_id(tx, appid, *id)?;
        give(tx, appid, &account, session, agent)?;
    }
    Ok(assigned.len())
}

/// Gives a customer to an agent by assignment.
fn give(
    tx: &mut Tx<'_>,
    appid: &Appid,
    account: &Account,
    session: Session,
    agent: &KfAccount,
) -> Result<Session> {
    let now = tx.now();
    let session = session.assign(agent.as_str(), now);
    session::save(tx, appid, &session, Opercode::Taken)?;
    if account.queue.strategy == Strategy::RoundRobin {
        agent::note_assigned(tx, appid, agent)?;
    }
    if account.queue.answer_s > 0 {
        let at = now + account.queue.answer_s * SECOND;
        due::set(tx, appid.as_str(), Due::Answer, &session.id.to_string(), at)?;
    }
    Ok(session)
}

/// Pauses assignment in all accounts with agents who were there before a stop, because the first agent to come back
/// would get every customer. Agents who are away from their workbenches get their whole grace anew.
///
/// # Errors
/// Internal only.
pub async fn pause_after_start(desk: &Desk) -> Result<()> {
    desk.store
        .write_silent("", |tx| {
            let now = tx.now();
            tx.run(PAUSE, bind![now + QUEUE_PAUSE])?;
            tx.run(RESTART_GRACES, bind![now])?;
            tx.run(RESTART_ABSENCES, bind![now]).map(|_| ())
        })
        .await
}

pub(crate) fn is_paused(tx: &mut Tx<'_>, appid: &Appid) -> Result<bool> {
    let now = tx.now();
    Ok(tx.one(SELECT_PAUSE, bind![appid, now])?.is_some())
}

/// How many customers of the same queue are before this one.
pub(crate) fn before(tx: &mut Tx<'_>, appid: &Appid, session: &Session) -> Result<i64> {
    tx.number(COUNT_BEFORE, bind![appid, session.group, session.since, session.id])
}

fn is_anybody_waiting(tx: &mut Tx<'_>, appid: &Appid) -> Result<bool> {
    Ok(tx.one(SELECT_ANY, bind![appid])?.is_some())
}

/// The place of a session that is not stored yet.
fn place(tx: &mut Tx<'_>, appid: &Appid, account: &Account, session: &Session) -> Result<Place> {
    let last = match account.queue.last_agent_first {
        true => tx.one(SELECT_LAST_AGENT, bind![appid, &session.openid, since_when(account, tx.now())])?,
        false => None,
    };
    Ok(session.place(last.map_or_else(String::new, |row| row.text(0))))
}

/// The first places of a group, in order.
fn places(tx: &mut Tx<'_>, appid: &Appid, account: &Account, group: i64) -> Result<Vec<Place>> {
    let cutoff = since_when(account, tx.now());
    let place = |row: &Row| Place {
        session: row.int(0),
        since: row.int(1),
        group,
        tried: row.text(2).split_whitespace().map(str::to_owned).collect(),
        last_agent: row.text(3),
    };
    Ok(tx.all(SELECT_QUEUE, bind![appid, group, cutoff, CONSIDERED])?.iter().map(place).collect())
}

/// Sessions that were active before this time count for no agent.
fn since_when(account: &Account, now: Time) -> Time {
    if account.queue.last_agent_first { now - SAME_AGENT } else { Time::MAX }
}

const SELECT_ANY: &str = "select id from session where appid = $1 and state = 'waiting' limit 1";
const SELECT_PAUSE: &str = "select at from due where owner = $1 and kind = 'queue' and key = '' and at > $2";
const SELECT_QUEUE: &str = "select s.id, s.since, s.tried, coalesce((select l.kf_account from session l
    where l.appid = s.appid and l.openid = s.openid and l.state = 'closed' and l.kf_account <> '' and l.active_at > $3
    order by l.id desc limit 1), '')
    from session s where s.appid = $1 and s.state = 'waiting' and s.group_id = $2 order by s.since, s.id limit $4";
const SELECT_LAST_AGENT: &str = "select kf_account from session where appid = $1 and openid = $2
    and state = 'closed' and kf_account <> '' and active_at > $3 order by id desc limit 1";
const COUNT_BEFORE: &str =
    "select count(*) from session where appid = $1 and state = 'waiting' and group_id = $2
    and (since < $3 or (since = $3 and id < $4))";
const PAUSE: &str = "insert into due (owner, kind, key, at)
    select distinct appid, 'queue', '', cast($1 as bigint) from agent where connected = 1
    on conflict (owner, kind, key) do update set at = excluded.at";
const RESTART_GRACES: &str = "update due set at = at + cast($1 as bigint) - (select a.left_at from agent a
    where a.appid = due.owner and a.kf_account = due.key)
    where kind = 'grace' and exists (select a.left_at from agent a
    where a.appid = due.owner and a.kf_account = due.key and a.left_at > 0 and a.signed_out = 0)";
const RESTART_ABSENCES: &str =
    "update agent set left_at = $1 where connected = 0 and left_at > 0 and signed_out = 0";
