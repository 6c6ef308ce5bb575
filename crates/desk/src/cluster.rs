//! Nodes: the processes that share a store, and which of them does what only one may do.
//!
//! A node is alive while its counter moves. Whoever watches measures with its own monotonic clock how
//! long it has not: nobody compares times of two machines.

use crate::Desk;
use model::Time;
use std::collections::{HashMap, HashSet};
use store::Row;
use store::bind;
use store::error::Error;

/// Raises this node's counter; `false` when others have taken it for dead meanwhile, and it begins
/// anew.
///
/// # Errors
/// Internal only.
pub async fn beat(desk: &Desk) -> Result<bool, Error> {
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

/// The nodes, as the store knows them.
#[derive(Debug)]
pub struct Nodes {
    /// Every node's counter, and what its clock showed when it raised that.
    pub beats: HashMap<String, (i64, Time)>,
    /// Nodes that have streams and no counter: each has ended, or was stopped while others took it for dead.
    pub lost: HashSet<String>,
}

/// The nodes that there are now.
///
/// # Errors
/// Internal only.
pub async fn all(desk: &Desk) -> Result<Nodes, Error> {
    desk.store
        .read("", |tx| {
            let beat = |row: &Row| (row.text(0), (row.int(1), row.int(2)));
            let beats: HashMap<_, _> = tx.all(SELECT, &[])?.iter().map(beat).collect();
            // A step from node to node, for there are many streams of few nodes.
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

/// A node is no more: from now on it notes no stream, and what it held can be taken. May be repeated.
///
/// # Errors
/// Internal only.
pub async fn fence(desk: &Desk, node: &str) -> Result<(), Error> {
    let node = node.to_owned();
    desk.store.write_silent("", move |tx| tx.run(DELETE, bind![&node]).map(|_| ())).await
}

/// This node is alone with its store: every other is one that stopped.
///
/// # Errors
/// Internal only.
pub async fn fence_others(desk: &Desk) -> Result<(), Error> {
    let node = desk.node.clone();
    desk.store.write_silent("", move |tx| tx.run(DELETE_OTHERS, bind![&*node]).map(|_| ())).await
}

/// Whether this node does `what`, taking it up when no living node does. Alone with its store it always
/// does. This keeps nodes out of each other's way and no more: what is held must be safe to do twice,
/// as the verbs of due rows are, which look again under their owner's lock.
///
/// # Errors
/// Internal only.
pub async fn acquire(desk: &Desk, what: &'static str) -> Result<bool, Error> {
    if !desk.store.is_shared() {
        return Ok(true);
    }
    let node = desk.node.clone();
    desk.store
        .write_silent("", move |tx| {
            tx.run(TAKE, bind![what, &*node])?;
            let holder = tx.one(SELECT_HOLDER, bind![what])?;
            Ok(holder.is_some_and(|row| row.text(0) == *node))
        })
        .await
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
const SELECT_HOLDER: &str = "select node from holder where what = $1";
