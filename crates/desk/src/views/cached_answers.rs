//! Cached answers to the lists that programs request most. The server keeps each answer with its `seq`; [`refresh`]
//! brings it up to date from the changes since then, because reading a whole list after each change is too slow for a
//! busy account.

use crate::Result;
use crate::people::agent;
use crate::session;
use bytes::Bytes;
use model::{Appid, Fact};
use protocol::kfaccount::KfOnlineList;
use serde::Serialize;
use std::collections::BTreeSet;
use store::Tx;
use store::bind;

/// The most changes that are applied to a cached answer. After more, the whole list is read again.
const CHANGES: i64 = 64;

/// Which list of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AnswerKey {
    /// getonlinekflist.
    Online,
    /// getkfsessionlist of an agent.
    Sessions(String),
}

/// An answer and the `seq` at which it was right.
#[derive(Clone)]
pub struct CachedAnswer {
    /// The body of the answer.
    pub bytes: Bytes,
    /// The `seq` of the account's feed.
    pub seq: i64,
}

/// What changes mean for cached answers.
enum Touched {
    /// Only sessions of these agents changed.
    Sessions(BTreeSet<String>),
    /// Something else changed, or too much.
    More,
}

/// Returns the answer for this snapshot, made from the last one if possible.
///
/// # Errors
/// 65401, 65402 for the sessions of an agent.
pub fn refresh(
    tx: &mut Tx<'_>,
    appid: &Appid,
    question: &AnswerKey,
    last: Option<&CachedAnswer>,
) -> Result<CachedAnswer> {
    let seq = tx.head()?.map_or(0, |head| head.seq);
    if let Some(last) = last
        && let Touched::Sessions(agents) = touched(tx, appid, last.seq, seq)?
    {
        return Ok(CachedAnswer { seq, bytes: changed(tx, appid, question, last, &agents)? });
    }
    Ok(CachedAnswer { seq, bytes: whole(tx, appid, question)? })
}

fn whole(tx: &mut Tx<'_>, appid: &Appid, question: &AnswerKey) -> Result<Bytes> {
    match question {
        AnswerKey::Online => written(&agent::online(tx, appid)?),
        AnswerKey::Sessions(kf_account) => written(&session::of_agent(tx, appid, kf_account)?),
    }
}

/// Serializes an answer into a buffer without spare capacity.
fn written(answer: &impl Serialize) -> Result<Bytes> {
    Ok(serde_json::to_vec(answer)?.into_boxed_slice().into())
}

fn changed(
    tx: &mut Tx<'_>,
    appid: &Appid,
    question: &AnswerKey,
    last: &CachedAnswer,
    agents: &BTreeSet<String>,
) -> Result<Bytes> {
    match question {
        AnswerKey::Online if agents.is_empty() => Ok(last.bytes.clone()),
        AnswerKey::Online => {
            // The parsed list would take three times the memory, so the serialized one is kept, parsed and changed.
            let mut list: KfOnlineList = serde_json::from_slice(&last.bytes)?;
            for kf in list.kf_online_list.iter_mut().filter(|kf| agents.contains(&kf.kf_account)) {
                kf.accepted_case = session::count_open(tx, appid, &kf.kf_account)?;
            }
            written(&list)
        }
        AnswerKey::Sessions(kf_account) if !agents.contains(kf_account) => Ok(last.bytes.clone()),
        AnswerKey::Sessions(_) => whole(tx, appid, question),
    }
}

/// What the changes after `since` up to `seq` mean for cached answers.
fn touched(tx: &mut Tx<'_>, appid: &Appid, since: i64, seq: i64) -> Result<Touched> {
    let rows = tx.all(SELECT, bind![appid, since, CHANGES])?;
    // Numbers have no gaps, so missing rows were trimmed or exceed the limit.
    if i64::try_from(rows.len())? != seq - since {
        return Ok(Touched::More);
    }
    let mut agents = BTreeSet::new();
    for row in rows {
        for fact in serde_json::from_str::<Vec<Fact>>(&row.text(0))? {
            match fact {
                Fact::Session { kf_account, from, .. } => agents.extend([kf_account, from]),
                Fact::Message { .. }
                | Fact::CustomerEvent { .. }
                | Fact::Group { .. }
                | Fact::Note { .. }
                | Fact::Typing { .. }
                | Fact::Missed { .. }
                | Fact::Worker => {}
                // `Access` includes changes of settings, some of which change how answers are written.
                Fact::Agent { .. } | Fact::Presence { .. } | Fact::Access => return Ok(Touched::More),
            }
        }
    }
    Ok(Touched::Sessions(agents))
}

const SELECT: &str = "select facts from change where owner = $1 and seq > $2 order by seq limit $3";
