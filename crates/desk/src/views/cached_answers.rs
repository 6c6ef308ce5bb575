//! Answers that programs ask for over and over: kept ready by the application, and made anew here from what has
//! changed since they were made, for a busy account changes a thousand times a second.

use crate::people::agent;
use crate::session;
use bytes::Bytes;
use model::{Appid, Fact};
use protocol::kfaccount::KfOnlineList;
use serde::Serialize;
use std::collections::BTreeSet;
use store::Tx;
use store::bind;
use store::error::Error;

/// Changes that are looked through; after more everything is read again.
const CHANGES: i64 = 64;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AnswerKey {
    /// getonlinekflist.
    Online,
    /// getkfsessionlist of an agent.
    Sessions(String),
}

/// An answer, and the `seq` it is true at.
#[derive(Clone)]
pub struct CachedAnswer {
    /// What is sent.
    pub bytes: Bytes,
    /// The account's number.
    pub seq: i64,
}

/// What changes touched.
enum Touched {
    /// Sessions of these agents, and nothing else that either list shows.
    Sessions(BTreeSet<String>),
    /// Who is there, or what cannot be told any more.
    More,
}

/// The answer as it stands in this snapshot, made of the last one where that is possible.
///
/// # Errors
/// Of the sessions of an agent: 65401, 65402.
pub fn refresh(
    tx: &mut Tx<'_>,
    appid: &Appid,
    question: &AnswerKey,
    last: Option<&CachedAnswer>,
) -> Result<CachedAnswer, Error> {
    let seq = tx.head()?.map_or(0, |head| head.seq);
    if let Some(last) = last
        && let Touched::Sessions(agents) = touched(tx, appid, last.seq, seq)?
    {
        return Ok(CachedAnswer { seq, bytes: changed(tx, appid, question, last, &agents)? });
    }
    Ok(CachedAnswer { seq, bytes: whole(tx, appid, question)? })
}

fn whole(tx: &mut Tx<'_>, appid: &Appid, question: &AnswerKey) -> Result<Bytes, Error> {
    match question {
        AnswerKey::Online => written(&agent::online(tx, appid)?),
        AnswerKey::Sessions(kf_account) => written(&session::of_agent(tx, appid, kf_account)?),
    }
}

/// An answer's bytes, without the room they grew in.
fn written(answer: &impl Serialize) -> Result<Bytes, Error> {
    Ok(serde_json::to_vec(answer)?.into_boxed_slice().into())
}

fn changed(
    tx: &mut Tx<'_>,
    appid: &Appid,
    question: &AnswerKey,
    last: &CachedAnswer,
    agents: &BTreeSet<String>,
) -> Result<Bytes, Error> {
    match question {
        AnswerKey::Online if agents.is_empty() => Ok(last.bytes.clone()),
        AnswerKey::Online => {
            // Kept as it is sent, which takes a third of the room; read, it is changed in one place.
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

/// What the changes after `since` up to `seq` touched.
fn touched(tx: &mut Tx<'_>, appid: &Appid, since: i64, seq: i64) -> Result<Touched, Error> {
    let rows = tx.all(SELECT, bind![appid, since, CHANGES])?;
    // Numbers have no gaps: what is missing was trimmed, or is more than is looked through.
    if i64::try_from(rows.len())? != seq - since {
        return Ok(Touched::More);
    }
    let mut agents = BTreeSet::new();
    for row in rows {
        for fact in serde_json::from_str::<Vec<Fact>>(&row.text(0))? {
            match fact {
                Fact::Session { kf_account, from, .. } => agents.extend([kf_account, from]),
                Fact::Message { .. } | Fact::Typing { .. } | Fact::Worker => {}
                // Also a change of the account's settings, some of which say how answers look.
                Fact::Agent { .. } | Fact::Presence { .. } | Fact::Access => return Ok(Touched::More),
            }
        }
    }
    Ok(Touched::Sessions(agents))
}

const SELECT: &str = "select facts from change where owner = $1 and seq > $2 order by seq limit $3";
