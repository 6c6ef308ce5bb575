//! Groups of agents: their names, the menu choices that lead to them, and their members.

use crate::people::{agent, presence};
use crate::{Desk, Result, account};
use model::{Appid, Fact, GroupName, WechatId};
use protocol::{Errcode, limits};
use serde::{Deserialize, Serialize};
use store::error::Error;
use store::{Row, Tx, bind};

/// A group of agents as pages and operators see it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS), ts(rename = "Group"))]
pub struct GroupView {
    /// The group's number in the account.
    pub id: i64,
    /// The name.
    pub name: String,
    /// The choice of a menu in a message that sends a customer to the group. Empty if none does.
    pub menu_id: String,
    /// The agents, sorted by id.
    pub members: Vec<String>,
}

/// Names a group: pages by number, operators by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupRef {
    /// By its number.
    Id(i64),
    /// By its name.
    Name(String),
}

/// A change of an account's groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupChange {
    /// Makes a group without members.
    Add {
        /// Its name.
        name: String,
        /// The menu choice that leads to it; empty: none.
        menu_id: String,
    },
    /// Changes a group; what is absent stays.
    Rename {
        /// The group.
        group: GroupRef,
        /// Its new name.
        name: Option<String>,
        /// The menu choice that leads to it; empty: none.
        menu_id: Option<String>,
    },
    /// Deletes a group. Its customers keep their places, and wait for all agents.
    Delete {
        /// The group.
        group: GroupRef,
    },
    /// Makes an agent a member. A member is no error.
    Join {
        /// The group.
        group: GroupRef,
        /// The agent.
        kf_account: String,
    },
    /// Ends a membership. One who is no member is no error.
    Leave {
        /// The group.
        group: GroupRef,
        /// The agent.
        kf_account: String,
    },
}

/// Who changes groups.
#[derive(Clone, Debug)]
pub enum ChangedBy {
    /// The operator, who may.
    Operator,
    /// A worker, who must be a supervisor of the account.
    Worker(WechatId),
}

/// Changes the groups of an account. Returns the group's number.
///
/// # Errors
/// `Forbidden`, `GroupGone`, `GroupName`, `GroupMenuId`, `GroupTaken`, `GroupsFull`, 65401, 40013.
pub async fn change(desk: &Desk, appid: &Appid, by: ChangedBy, change: GroupChange) -> Result<i64> {
    desk.write(appid, move |tx, appid| {
        match &by {
            ChangedBy::Operator => drop(account::get(tx, appid)?),
            ChangedBy::Worker(worker) => drop(presence::supervisor(tx, appid, worker)?),
        }
        let (id, is_changed) = match &change {
            GroupChange::Add { name, menu_id } => (add(tx, appid, name, menu_id)?, true),
            GroupChange::Rename { group, name, menu_id } => {
                rename(tx, appid, group, name.as_deref(), menu_id.as_deref())?
            }
            GroupChange::Delete { group } => (delete(tx, appid, group)?, true),
            GroupChange::Join { group, kf_account } => {
                let (id, agent) = (get(tx, appid, group)?.0, agent::get(tx, appid, kf_account)?);
                (id, tx.run(INSERT_MEMBER, bind![appid, id, &agent.kf_account])? == 1)
            }
            GroupChange::Leave { group, kf_account } => {
                let id = get(tx, appid, group)?.0;
                (id, tx.run(DELETE_MEMBER, bind![appid, id, kf_account])? == 1)
            }
        };
        if is_changed {
            tx.record(Fact::Group { id });
        }
        Ok(id)
    })
    .await
}

fn add(tx: &mut Tx<'_>, appid: &Appid, name: &str, menu_id: &str) -> Result<i64> {
    let (id, name) = (tx.seq(), GroupName::parse(name)?);
    check_free(tx, appid, id, &name, check_menu_id(menu_id)?)?;
    if tx.number(COUNT, bind![appid])? >= limits::GROUPS_MAX {
        return Err(Errcode::GroupsFull.into());
    }
    tx.run(INSERT, bind![appid, id, &name, menu_id])?;
    Ok(id)
}

fn rename(
    tx: &mut Tx<'_>,
    appid: &Appid,
    group: &GroupRef,
    name: Option<&str>,
    menu_id: Option<&str>,
) -> Result<(i64, bool)> {
    let (id, old_name, old_menu_id) = get(tx, appid, group)?;
    let name = GroupName::parse(name.unwrap_or(&old_name))?;
    let menu_id = check_menu_id(menu_id.unwrap_or(&old_menu_id))?;
    check_free(tx, appid, id, &name, menu_id)?;
    tx.run(UPDATE, bind![appid, id, &name, menu_id])?;
    Ok((id, name.as_str() != old_name || menu_id != old_menu_id))
}

fn delete(tx: &mut Tx<'_>, appid: &Appid, group: &GroupRef) -> Result<i64> {
    let id = get(tx, appid, group)?.0;
    for sql in [DELETE, DELETE_MEMBERS, UPDATE_WAITING, UPDATE_OPEN] {
        tx.run(sql, bind![appid, id])?;
    }
    Ok(id)
}

fn check_menu_id(menu_id: &str) -> Result<&str, Errcode> {
    let fits = menu_id.chars().count() <= limits::GROUP_MENU_ID_MAX && !menu_id.chars().any(char::is_control);
    if fits { Ok(menu_id) } else { Err(Errcode::GroupMenuId) }
}

fn check_free(tx: &mut Tx<'_>, appid: &Appid, id: i64, name: &GroupName, menu_id: &str) -> Result<()> {
    match tx.one(SELECT_TAKEN, bind![appid, id, name, menu_id])? {
        Some(_) => Err(Errcode::GroupTaken.into()),
        None => Ok(()),
    }
}

/// The number, the name and the menu choice of a group.
fn get(tx: &mut Tx<'_>, appid: &Appid, group: &GroupRef) -> Result<(i64, String, String)> {
    let row = match group {
        GroupRef::Id(id) => tx.one(SELECT, bind![appid, *id])?,
        GroupRef::Name(name) => tx.one(SELECT_NAMED, bind![appid, name.trim()])?,
    };
    row.map(|row| (row.int(0), row.text(1), row.text(2))).ok_or(Error::Refused(Errcode::GroupGone))
}

/// The groups of an account, oldest first. Any agent of the account may read them.
///
/// # Errors
/// `Forbidden`.
pub async fn list(desk: &Desk, worker: &WechatId, appid: &Appid) -> Result<Vec<GroupView>> {
    let worker = worker.clone();
    desk.read(appid, move |tx, appid| {
        presence::of_worker(tx, appid, &worker)?;
        all(tx, appid)
    })
    .await
}

/// The groups of an account, oldest first, for the operator.
///
/// # Errors
/// 40013.
pub async fn list_for_operator(desk: &Desk, appid: &Appid) -> Result<Vec<GroupView>> {
    desk.read(appid, |tx, appid| {
        account::get(tx, appid)?;
        all(tx, appid)
    })
    .await
}

/// The groups of an account, oldest first.
pub(crate) fn all(tx: &mut Tx<'_>, appid: &Appid) -> Result<Vec<GroupView>> {
    let mut groups: Vec<_> = tx.all(SELECT_ALL, bind![appid])?.iter().map(view).collect();
    for row in tx.all(SELECT_ALL_MEMBERS, bind![appid])? {
        if let Some(group) = groups.iter_mut().find(|group| group.id == row.int(0)) {
            group.members.push(row.text(1));
        }
    }
    groups.iter_mut().for_each(|group| group.members.sort());
    Ok(groups)
}

/// The group with this number; `None` if it was deleted.
pub(crate) fn by_id(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<Option<GroupView>> {
    let Some(row) = tx.one(SELECT, bind![appid, id])? else { return Ok(None) };
    let mut members: Vec<_> =
        tx.all(SELECT_MEMBERS, bind![appid, id])?.iter().map(|row| row.text(0)).collect();
    members.sort();
    Ok(Some(GroupView { members, ..view(&row) }))
}

fn view(row: &Row) -> GroupView {
    GroupView { id: row.int(0), name: row.text(1), menu_id: row.text(2), members: Vec::new() }
}

/// The group to which this choice of a menu leads, if there is one.
pub(crate) fn of_menu_choice(tx: &mut Tx<'_>, appid: &Appid, menu_id: &str) -> Result<Option<i64>> {
    Ok(tx.one(SELECT_OF_CHOICE, bind![appid, menu_id])?.map(|row| row.int(0)))
}

/// The group that a program names, by its name or as `name@alias`.
pub(crate) fn named(tx: &mut Tx<'_>, appid: &Appid, name: &str) -> Result<Option<i64>> {
    let name = match name.rsplit_once('@') {
        Some((before, suffix)) => {
            let account = account::get(tx, appid)?;
            if [account.alias, account.original_id].iter().any(|it| it == suffix) { before } else { name }
        }
        None => name,
    };
    Ok(tx.one(SELECT_NAMED, bind![appid, name.trim()])?.map(|row| row.int(0)))
}

/// Checks that a customer can be sent to this group; 0 stands for all agents.
///
/// # Errors
/// `GroupGone`.
pub(crate) fn must_exist(tx: &mut Tx<'_>, appid: &Appid, id: i64) -> Result<()> {
    if id == 0 { Ok(()) } else { get(tx, appid, &GroupRef::Id(id)).map(|_| ()) }
}

const INSERT: &str = "insert into agent_group (appid, id, name, menu_id) values ($1, $2, $3, $4)";
const UPDATE: &str = "update agent_group set name = $3, menu_id = $4 where appid = $1 and id = $2";
const DELETE: &str = "delete from agent_group where appid = $1 and id = $2";
const COUNT: &str = "select count(*) from agent_group where appid = $1";
const SELECT: &str = "select id, name, menu_id from agent_group where appid = $1 and id = $2";
const SELECT_NAMED: &str = "select id, name, menu_id from agent_group where appid = $1 and name = $2";
const SELECT_ALL: &str = "select id, name, menu_id from agent_group where appid = $1 order by id";
const SELECT_OF_CHOICE: &str =
    "select id from agent_group where appid = $1 and menu_id = $2 and menu_id <> ''";
const SELECT_TAKEN: &str = "select id from agent_group
    where appid = $1 and id <> $2 and (name = $3 or (menu_id = $4 and menu_id <> '')) limit 1";
const INSERT_MEMBER: &str = "insert into group_member (appid, group_id, kf_account) values ($1, $2, $3)
    on conflict (appid, group_id, kf_account) do nothing";
const DELETE_MEMBER: &str = "delete from group_member where appid = $1 and group_id = $2 and kf_account = $3";
const DELETE_MEMBERS: &str = "delete from group_member where appid = $1 and group_id = $2";
const SELECT_MEMBERS: &str = "select kf_account from group_member where appid = $1 and group_id = $2";
const SELECT_ALL_MEMBERS: &str = "select group_id, kf_account from group_member where appid = $1";
const UPDATE_WAITING: &str =
    "update session set group_id = 0 where appid = $1 and group_id = $2 and state = 'waiting'";
const UPDATE_OPEN: &str =
    "update session set group_id = 0 where appid = $1 and group_id = $2 and state = 'open'";
