//! Who delivers the pushes of an account: the node with the lease. What a node still writes after another one took over
//! does nothing, because the cursor counts who took over.

use crate::account::callback;
use crate::{Desk, Result, cluster};
use model::{Appid, Time};
use store::Tx;
use store::bind;

/// The right to deliver an account's pushes. Each node that takes over gets one with a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PushLease {
    epoch: i64,
}

/// The delivery of an account, taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTaken {
    /// The right to deliver.
    pub lease: PushLease,
    /// Everything that is pushed up to this change is done.
    pub cursor: i64,
    /// Until when the developer's server is left alone; 0 if it is not.
    pub shielded_until: Time,
}

/// Takes over the delivery, unless a living node has it. `None` also if the account has no developer's server.
///
/// # Errors
/// Internal only.
pub async fn take(desk: &Desk, appid: &Appid) -> Result<Option<LeaseTaken>> {
    if !renew(desk, appid).await? {
        return Ok(None);
    }
    let (node, is_shared) = (desk.node.clone(), desk.store.is_shared());
    desk.write_silent(appid, move |tx, appid| {
        // Another node may have taken the lease since. Its own claim waits for this transaction, or came before it.
        if is_shared && !cluster::is_holder(tx, &name(appid), &node)? {
            return Ok(None);
        }
        let Some(row) = tx.one(CLAIM, bind![appid])? else { return Ok(None) };
        let (lease, cursor) = (PushLease { epoch: row.int(0) }, row.int(1));
        let shielded_until = callback::shield(tx, appid)?.unwrap_or_default().until;
        Ok(Some(LeaseTaken { lease, cursor, shielded_until }))
    })
    .await
}

/// Whether this node still has the lease. It takes one that no node has.
///
/// # Errors
/// Internal only.
pub async fn renew(desk: &Desk, appid: &Appid) -> Result<bool> {
    cluster::acquire(desk, &name(appid)).await
}

/// Takes the lease from the node that has it, because the account's machine that listens is connected to this one. What
/// the other node still writes does nothing: it does not reach the machine, so its pushes may fail.
///
/// # Errors
/// Internal only.
pub async fn seize(desk: &Desk, appid: &Appid) -> Result<()> {
    if cluster::seize(desk, &name(appid)).await? {
        desk.write_silent(appid, |tx, appid| tx.run(CLAIM, bind![appid]).map(|_| ())).await?;
    }
    Ok(())
}

fn name(appid: &Appid) -> String {
    format!("callback:{appid}")
}

impl PushLease {
    /// Whether no other node has taken over.
    pub(super) fn holds(self, tx: &mut Tx<'_>, appid: &Appid) -> Result<bool> {
        Ok(tx.one(SELECT_EPOCH, bind![appid])?.is_some_and(|row| row.int(0) == self.epoch))
    }

    /// Notes that all pushes up to a change are done. Returns `false`, and nothing is written, if another node took
    /// over.
    pub(super) fn advance(self, tx: &mut Tx<'_>, appid: &Appid, upto: i64) -> Result<bool> {
        Ok(tx.run(ADVANCE, bind![appid, upto, self.epoch])? == 1)
    }
}

const CLAIM: &str = "update push_cursor set epoch = epoch + 1 where appid = $1 returning epoch, seq";
const SELECT_EPOCH: &str = "select epoch from push_cursor where appid = $1";
const ADVANCE: &str = "update push_cursor set seq = case when seq < $2 then $2 else seq end
    where appid = $1 and epoch = $3";
