//! Agents: add, rename, list, and the agents' rows.

use crate::{Desk, Result, account};
use model::account::{Account, Intake, Reception};
use model::agent::Presence;
use model::invitation::{Binding, Status};
use model::media::picture_at;
use model::session::queue::Candidate;
use model::{Appid, Fact, KfAccount, Nickname, SECOND, TextEnum, WechatId};
use protocol::kfaccount::{Kf, KfId, KfList, KfOnline, KfOnlineList, NamedAgent, Person};
use protocol::{Errcode, limits};
use std::collections::HashMap;
use store::bind;
use store::error::Error;
use store::{Row, Tx};

/// addkfaccount.
///
/// # Errors
/// 65404 → 65403 → 65406 → 65405.
pub async fn add(desk: &Desk, appid: &Appid, kf_account: String, nickname: String) -> Result<()> {
    desk.write(appid, move |tx, appid| {
        let (suffix, kf_id) = account::take_kf_id(tx, appid)?;
        let kf_account = suffix.admit(&kf_account)?;
        insert(tx, appid, &kf_account, kf_id, &Nickname::parse(&nickname)?)
    })
    .await
}

/// Inserts an agent for the Mini Programs' retired form of addkfaccount. The id is `kf<kf_id>` and the nickname is the
/// name of the person, who is invited in the same transaction.
///
/// # Errors
/// 65404, 65403, 65406, 65405.
pub(crate) fn insert_for(tx: &mut Tx<'_>, appid: &Appid, person: &WechatId) -> Result<KfAccount> {
    let nickname = Nickname::parse(&person.as_str().chars().take(limits::NICKNAME_MAX).collect::<String>())?;
    let (suffix, kf_id) = account::take_kf_id(tx, appid)?;
    let text = suffix.as_str().ok_or(Errcode::IllegalAgent)?;
    let kf_account = suffix.admit(&format!("kf{kf_id}@{text}"))?;
    insert(tx, appid, &kf_account, kf_id, &nickname)?;
    Ok(kf_account)
}

fn insert(
    tx: &mut Tx<'_>,
    appid: &Appid,
    kf_account: &KfAccount,
    kf_id: i64,
    nickname: &Nickname,
) -> Result<()> {
    if tx.run(INSERT, bind![appid, kf_account, kf_id, nickname])? == 0 {
        return Err(Errcode::AgentExists.into());
    }
    let agents = tx.number(COUNT, bind![appid])?;
    if agents > limits::AGENTS_MAX {
        return Err(Errcode::AgentLimit.into());
    }
    tx.record(Fact::Agent { kf_account: kf_account.clone() });
    Ok(())
}

/// updatekfaccount.
///
/// # Errors
/// 65401 → 65403.
pub async fn rename(desk: &Desk, appid: &Appid, kf_account: String, nickname: String) -> Result<()> {
    desk.write(appid, move |tx, appid| {
        let agent = get(tx, appid, &kf_account)?;
        let nickname = Nickname::parse(&nickname)?;
        tx.run(UPDATE_NICKNAME, bind![appid, &agent.kf_account, &nickname])?;
        tx.record(Fact::Agent { kf_account: agent.kf_account });
        Ok(())
    })
    .await
}

/// setkfadmin and cancelkfadmin. Sets whether the agent is a supervisor. Repeating it changes nothing.
///
/// # Errors
/// 40003 if no agent here has the openid, 65401 if no agent has the id, 65402 if the agent has no worker.
pub async fn set_admin(desk: &Desk, appid: &Appid, who: NamedAgent, supervisor: bool) -> Result<()> {
    desk.write(appid, move |tx, appid| {
        let agent = match &who {
            NamedAgent::Openid(openid) => all(tx, appid)?
                .into_iter()
                .find(|agent| !openid.is_empty() && agent.kf_openid == *openid)
                .ok_or(Errcode::InvalidOpenid)?,
            NamedAgent::KfAccount(kf_account) => get(tx, appid, kf_account)?,
        };
        agent.must_be_bound()?;
        if agent.supervisor != supervisor {
            tx.run(UPDATE_SUPERVISOR, bind![appid, &agent.kf_account, supervisor])?;
            tx.record(Fact::Agent { kf_account: agent.kf_account });
        }
        Ok(())
    })
    .await
}

/// getkflist, sorted by `kf_id`. `base` is prepended to the addresses of pictures.
///
/// # Errors
/// Internal only.
pub async fn list(desk: &Desk, appid: &Appid, base: &str) -> Result<KfList> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| {
        let now = tx.now();
        let as_string = account::get(tx, appid)?.compat.kf_id_as_string;
        let on_wire = |agent: Agent| agent.on_wire(now, &base, as_string);
        let kf_list = all(tx, appid)?.into_iter().map(on_wire).collect();
        Ok(KfList { kf_list })
    })
    .await
}

/// getonlinekflist, sorted by `kf_id`: agents with an open workbench. The status is 0 for agents who are away.
///
/// # Errors
/// Internal only.
pub fn online(tx: &mut Tx<'_>, appid: &Appid) -> Result<KfOnlineList> {
    let account = account::get(tx, appid)?;
    let rows = tx.all(SELECT_ONLINE, bind![appid])?;
    let kf_online_list = rows
        .iter()
        .map(|row| KfOnline {
            kf_account: row.text(0),
            status: i64::from(!row.flag(1)),
            kf_id: KfId::new(row.int(2), account.compat.kf_id_as_string),
            auto_accept: account.auto_accept(intake(&row.text(5), row.int(6))),
            accepted_case: row.int(3),
            kf_openid: row.text(4),
        })
        .collect();
    Ok(KfOnlineList { kf_online_list })
}

/// A row of `agent`.
#[derive(Clone, Debug)]
pub struct Agent {
    /// The agent's id.
    pub kf_account: KfAccount,
    /// The agent's number.
    pub kf_id: i64,
    /// The name that customers see.
    pub nickname: String,
    /// The openid of the worker in this account. Empty without a worker.
    pub kf_openid: String,
    /// The worker, and the last invitation.
    pub binding: Binding,
    /// Whether the agent is online, away or offline.
    pub presence: Presence,
    /// The content hash of the agent's picture. Empty without a picture.
    pub headimg: String,
    /// Whether the agent sees and moves all sessions.
    pub supervisor: bool,
    /// The agent's own switch and limit for customers who are assigned.
    pub intake: Intake,
    /// Whether the desk has set the agent away, because a customer who was assigned got no answer.
    pub is_set_away: bool,
}

impl Agent {
    fn on_wire(self, now: model::Time, base: &str, as_string: bool) -> Kf {
        let status = self.binding.status_at(now);
        let kf_headimgurl = self.headimg_address().map_or_else(String::new, |path| format!("{base}{path}"));
        let person = match (self.binding.worker.is_empty(), status) {
            (false, _) => Person::Bound { kf_wx: self.binding.worker, kf_openid: self.kf_openid },
            (true, Status::None) => Person::Nobody { kf_wx: "" },
            (true, status) => Person::Invited {
                invite_wx: self.binding.invite_wx,
                invite_expire_time: self.binding.expires_at / SECOND,
                invite_status: status.as_text(),
            },
        };
        Kf {
            kf_account: self.kf_account.to_string(),
            kf_headimgurl,
            kf_id: KfId::new(self.kf_id, as_string),
            kf_nick: self.nickname,
            person,
        }
    }

    /// The address of the agent's picture at this server, if there is one.
    #[must_use]
    pub fn headimg_address(&self) -> Option<String> {
        picture_at(&self.headimg)
    }

    /// Checks that the agent has a worker.
    ///
    /// # Errors
    /// 65402.
    pub(crate) fn must_be_bound(&self) -> Result<(), Errcode> {
        if self.binding.worker.is_empty() { Err(Errcode::AgentUnbound) } else { Ok(()) }
    }
}

/// The columns that [`agent`] reads.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "select kf_account, kf_id, nickname, worker, kf_openid, invite_wx, invite_status, invite_expires_at,
    connected, away, headimg, supervisor, reception, capacity, away_reason from agent where appid = $1 ",
            $which
        )
    };
}

fn agent(row: &Row) -> Agent {
    Agent {
        kf_account: KfAccount::stored(row.text(0)),
        kf_id: row.int(1),
        nickname: row.text(2),
        kf_openid: row.text(4),
        binding: Binding {
            worker: row.text(3),
            invite_wx: row.text(5),
            status: Status::from_text(&row.text(6)).unwrap_or(Status::None),
            expires_at: row.int(7),
        },
        presence: Presence::of(row.flag(8), row.flag(9)),
        headimg: row.text(10),
        supervisor: row.flag(11),
        intake: intake(&row.text(12), row.int(13)),
        is_set_away: row.flag(9) && !row.text(14).is_empty(),
    }
}

/// The agent with this id, if there is one.
pub(crate) fn find(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<Option<Agent>> {
    Ok(tx.one(SELECT, bind![appid, kf_account])?.map(|row| agent(&row)))
}

/// The agent with this id.
///
/// # Errors
/// 65401 if there is none, also if the id is malformed.
pub(crate) fn get(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<Agent> {
    find(tx, appid, kf_account)?.ok_or(Error::Refused(Errcode::InvalidAgent))
}

/// The agent that a worker is in this account, if any.
pub(crate) fn of_worker(tx: &mut Tx<'_>, appid: &Appid, worker: &WechatId) -> Result<Option<Agent>> {
    Ok(tx.one(SELECT_OF_WORKER, bind![appid, worker])?.map(|row| agent(&row)))
}

/// All agents, sorted by `kf_id`.
pub(crate) fn all(tx: &mut Tx<'_>, appid: &Appid) -> Result<Vec<Agent>> {
    Ok(tx.all(SELECT_ALL, bind![appid])?.iter().map(agent).collect())
}

/// The agents that a customer may be assigned to: those who are online.
pub(crate) fn candidates(tx: &mut Tx<'_>, appid: &Appid, account: &Account) -> Result<Vec<Candidate>> {
    with_groups(tx, appid, account, SELECT_CANDIDATES)
}

/// All agents with a worker, as assignment sees them.
pub(crate) fn all_candidates(tx: &mut Tx<'_>, appid: &Appid, account: &Account) -> Result<Vec<Candidate>> {
    with_groups(tx, appid, account, SELECT_ALL_CANDIDATES)
}

fn with_groups(
    tx: &mut Tx<'_>,
    appid: &Appid,
    account: &Account,
    agents: &'static str,
) -> Result<Vec<Candidate>> {
    let mut groups = HashMap::<String, Vec<i64>>::new();
    for row in tx.all(SELECT_GROUPS, bind![appid])? {
        groups.entry(row.text(0)).or_default().push(row.int(1));
    }
    let rows = tx.all(agents, bind![appid])?;
    let of = |row| candidate(row, account, groups.remove(&row.text(0)).unwrap_or_default());
    Ok(rows.iter().map(of).collect())
}

fn candidate(row: &Row, account: &Account, groups: Vec<i64>) -> Candidate {
    let (is_automatic, limit) = account.intake(intake(&row.text(5), row.int(6)));
    Candidate {
        kf_account: KfAccount::stored(row.text(0)),
        kf_id: row.int(1),
        presence: Presence::of(row.flag(7), row.flag(8)),
        is_automatic,
        open: row.int(2),
        limit,
        free_since: row.int(3),
        assigned_at: row.int(4),
        groups,
    }
}

/// Sets the agent's own switch and limit for customers who are assigned. `None` is the account's value.
///
/// # Errors
/// `Forbidden` if the worker is no agent of the account, `BadRequest` if the limit is less than 1.
pub async fn set_intake(desk: &Desk, worker: &WechatId, appid: &Appid, intake: Intake) -> Result<()> {
    let worker = worker.clone();
    intake.check()?;
    desk.write(appid, move |tx, appid| {
        let agent = of_worker(tx, appid, &worker)?.ok_or(Errcode::Forbidden)?;
        let reception = intake.reception.map_or("", Reception::as_text);
        let capacity = intake.capacity.unwrap_or(0);
        tx.run(UPDATE_INTAKE, bind![appid, &agent.kf_account, reception, capacity])?;
        tx.record(Fact::Agent { kf_account: agent.kf_account });
        Ok(())
    })
    .await
}

/// Records that the agent got a customer by assignment.
pub(crate) fn note_assigned(tx: &mut Tx<'_>, appid: &Appid, kf_account: &KfAccount) -> Result<()> {
    let now = tx.now();
    tx.run(UPDATE_ASSIGNED, bind![appid, kf_account, now]).map(|_| ())
}

/// Sets an agent away who did not ask for it, because a customer who was assigned got no answer.
pub(crate) fn set_away_unasked(tx: &mut Tx<'_>, appid: &Appid, kf_account: &str) -> Result<()> {
    tx.run(UPDATE_SET_AWAY, bind![appid, kf_account])?;
    if let Some(Agent { kf_account, presence, .. }) = find(tx, appid, kf_account)? {
        tx.record(Fact::Presence { kf_account, presence });
    }
    Ok(())
}

fn intake(reception: &str, capacity: i64) -> Intake {
    Intake { reception: Reception::from_text(reception), capacity: (capacity > 0).then_some(capacity) }
}

const INSERT: &str =
    "insert into agent (appid, kf_account, kf_id, nickname, worker, kf_openid, invite_wx, invite_status,
    invite_expires_at, connected, away, free_since)
    values ($1, $2, $3, $4, '', '', '', '', 0, 0, 0, 0) on conflict (appid, kf_account) do nothing";
const COUNT: &str = "select count(*) from agent where appid = $1";
const SELECT: &str = select!("and kf_account = $2");
const SELECT_ALL: &str = select!("order by kf_id");
const SELECT_OF_WORKER: &str = select!("and worker = $2 and worker <> ''");
const SELECT_ONLINE: &str = "select a.kf_account, a.away, a.kf_id,
    (select count(*) from session s where s.appid = a.appid and s.kf_account = a.kf_account and s.state = 'open'),
    a.kf_openid, a.reception, a.capacity
    from agent a where a.appid = $1 and a.connected = 1 order by a.kf_id";
/// The columns that [`candidate`] reads.
macro_rules! select_candidates {
    ($which:literal) => {
        concat!(
            "select a.kf_account, a.kf_id, (select count(*) from session s
    where s.appid = a.appid and s.kf_account = a.kf_account and s.state = 'open'),
    a.free_since, a.assigned_at, a.reception, a.capacity, a.connected, a.away
    from agent a where a.appid = $1 and a.worker <> '' ",
            $which,
            " order by a.kf_id"
        )
    };
}

const SELECT_CANDIDATES: &str = select_candidates!("and a.connected = 1 and a.away = 0");
const SELECT_ALL_CANDIDATES: &str = select_candidates!("");
const SELECT_GROUPS: &str = "select kf_account, group_id from group_member where appid = $1";
const UPDATE_INTAKE: &str =
    "update agent set reception = $3, capacity = $4 where appid = $1 and kf_account = $2";
const UPDATE_NICKNAME: &str = "update agent set nickname = $3 where appid = $1 and kf_account = $2";
const UPDATE_SUPERVISOR: &str = "update agent set supervisor = $3 where appid = $1 and kf_account = $2";
const UPDATE_ASSIGNED: &str = "update agent set assigned_at = $3 where appid = $1 and kf_account = $2";
const UPDATE_SET_AWAY: &str =
    "update agent set away = 1, away_reason = 'no_answer' where appid = $1 and kf_account = $2 and away = 0";
