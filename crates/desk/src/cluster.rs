//! The cluster: the nodes that share a store, and the leases for work that only one node does.
//!
//! A node is alive while its counter moves. A watching node measures with its own monotonic clock how long another
//! counter has not moved, so clocks of two machines are never compared.

use crate::{Desk, Result};
use model::Time;
use std::collections::{HashMap, HashSet};
use store::bind;
use store::{Row, Tx};

/// Raises this node's counter. Returns `false` if the other nodes had declared this node dead; the counter starts again
/// at 1.
///
/// # Errors
/// Internal only.
pub async fn beat(desk: &Desk) -> Result<bool> {
    let node = desk.node.clone();
    desk.store
        .write_silent("", move |tx| {
            let now = tx.now();
            if tx.run(BEAT, bind![&*node, now])? == 1 {
                return Ok(true);
            }
            tx.run(INSERT, bind![&*node, now])?;
            Ok(false)
        })
        .await
}

/// The nodes in the store.
#[derive(Debug)]
pub struct Nodes {
    /// Each node's counter, and the node's clock when it raised the counter.
    pub beats: HashMap<String, (i64, Time)>,
    /// Nodes with streams but without a counter. Each has ended, or was stopped for so long that others declared it
    /// dead.
    pub lost: HashSet<String>,
}

/// Reads the nodes.
///
/// # Errors
/// Internal only.
pub async fn all(desk: &Desk) -> Result<Nodes> {
    desk.store
        .read("", |tx| {
            let beat = |row: &Row| (row.text(0), (row.int(1), row.int(2)));
            let beats: HashMap<_, _> = tx.all(SELECT, &[])?.iter().map(beat).collect();
            // Steps from node to node by the index, because few nodes have many streams.
            let (mut lost, mut last) = (HashSet::new(), String::new());
            while let Some(row) = tx.one(SELECT_NEXT, bind![&last])? {
                last = row.text(0);
                if !beats.contains_key(&last) {
                    lost.insert(last.clone());
                }
            }
            Ok(Nodes { beats, lost })
        })
        .await
}

/// Deletes a node's counter. The node can no longer add streams, and other nodes can take its leases. May be repeated.
///
/// # Errors
/// Internal only.
pub async fn fence(desk: &Desk, node: &str) -> Result<()> {
    let node = node.to_owned();
    desk.store.write_silent("", move |tx| tx.run(DELETE, bind![&node]).map(|_| ())).await
}

/// Deletes the counters of all other nodes. For a store that only this process uses: all other nodes have stopped.
///
/// # Errors
/// Internal only.
pub async fn fence_others(desk: &Desk) -> Result<()> {
    let node = desk.node.clone();
    desk.store.write_silent("", move |tx| tx.run(DELETE_OTHERS, bind![&*node]).map(|_| ())).await
}

/// Takes the lease for `what`, unless a living node has it. Returns whether this node has it; in a store that is not
/// shared, always. The lease only keeps nodes from doing the same work twice. The work must be safe to do twice, as the
/// verbs of `due` rows are, or its writes must be fenced, as those of pushes are.
///
/// # Errors
/// Internal only.
pub async fn acquire(desk: &Desk, what: &str) -> Result<bool> {
    if !desk.store.is_shared() {
        return Ok(true);
    }
    let (node, what) = (desk.node.clone(), what.to_owned());
    desk.store
        .write_silent("", move |tx| {
            tx.run(TAKE, bind![&what, &*node])?;
            is_holder(tx, &what, &node)
        })
        .await
}

/// Whether a node has the lease for `what` at this moment of the transaction.
pub(crate) fn is_holder(tx: &mut Tx<'_>, what: &str, node: &str) -> Result<bool> {
    Ok(tx.one(SELECT_HOLDER, bind![what])?.is_some_and(|row| row.text(0) == node))
}

/// Takes the lease for `what` from whichever node has it. Returns whether this one did not have it. The other node
/// learns of it when it renews the lease; what it does until then must be safe to do twice.
///
/// # Errors
/// Internal only.
pub async fn seize(desk: &Desk, what: &str) -> Result<bool> {
    if !desk.store.is_shared() {
        return Ok(false);
    }
    let (node, what) = (desk.node.clone(), what.to_owned());
    desk.store.write_silent("", move |tx| Ok(tx.run(SEIZE, bind![&what, &*node])? == 1)).await
}

const BEAT: &str = "update node set beat = beat + 1, clock = $2 where id = $1";
const INSERT: &str =
    "insert into node (id, beat, started_at, clock) values ($1, 1, $2, $2) on conflict (id) do nothing";
const SELECT: &str = "select id, beat, clock from node";
const SELECT_NEXT: &str = "select node from stream where node > $1 order by node limit 1";
const DELETE: &str = "delete from node where id = $1";
const DELETE_OTHERS: &str = "delete from node where id <> $1";
const TAKE: &str = "insert into holder (what, node, epoch) values ($1, $2, 1)
    on conflict (what) do update set node = excluded.node, epoch = holder.epoch + 1
    where holder.node not in (select id from node)";
const SEIZE: &str = "insert into holder (what, node, epoch) values ($1, $2, 1)
    on conflict (what) do update set node = excluded.node, epoch = holder.epoch + 1
    where holder.node <> excluded.node";
const SELECT_HOLDER: &str = "select node from holder where what = $1";
