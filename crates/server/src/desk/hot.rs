//! Answers that programs ask for over and over: kept ready by the application, and made anew here from what has
//! changed since they were made, for a busy account changes a thousand times a second.

use super::{agent, session};
use crate::bind;
use crate::error::Error;
use crate::store::Tx;
use bytes::Bytes;
use model::{Appid, Fact};
use protocol::kfaccount::KfOnlineList;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Changes that are looked through; after more everything is read again.
const CHANGES: i64 = 64;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// getonlinekflist.
    Online,
    /// getkfsessionlist of an agent.
    Sessions(String),
}

/// An answer, and the `seq` it is true at.
#[derive(Clone)]
pub struct Ready {
    /// What is sent.
    pub bytes: Bytes,
    /// The account's number.
    pub seq: i64,
    /// The list it was made of, where parts of it can change.
    online: Option<Arc<KfOnlineList>>,
}

impl Ready {
    /// About how many bytes it takes in memory.
    #[must_use]
    pub fn weight(&self) -> u64 {
        // An agent in the list takes about as much as on the wire twice.
        self.bytes.len() as u64 * if self.online.is_some() { 3 } else { 1 }
    }
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
pub fn read(
    tx: &mut Tx<'_>,
    appid: &Appid,
    question: &Question,
    last: Option<&Ready>,
) -> Result<Ready, Error> {
    let seq = tx.head()?.map_or(0, |head| head.seq);
    if let Some(last) = last
        && let Touched::Sessions(agents) = touched(tx, appid, last.seq, seq)?
    {
        return Ok(Ready { seq, ..changed(tx, appid, question, last, &agents)? });
    }
    Ok(Ready { seq, ..whole(tx, appid, question)? })
}

fn whole(tx: &mut Tx<'_>, appid: &Appid, question: &Question) -> Result<Ready, Error> {
    Ok(match question {
        Question::Online => of_online(agent::online(tx, appid)?)?,
        Question::Sessions(kf_account) => {
            let bytes = serde_json::to_vec(&session::of_agent(tx, appid, kf_account)?)?.into();
            Ready { bytes, seq: 0, online: None }
        }
    })
}

fn of_online(list: KfOnlineList) -> Result<Ready, Error> {
    Ok(Ready { bytes: serde_json::to_vec(&list)?.into(), seq: 0, online: Some(Arc::new(list)) })
}

fn changed(
    tx: &mut Tx<'_>,
    appid: &Appid,
    question: &Question,
    last: &Ready,
    agents: &BTreeSet<String>,
) -> Result<Ready, Error> {
    match (question, &last.online) {
        (Question::Online, Some(list)) => {
            let mut list = KfOnlineList::clone(list);
            let mut any = false;
            for kf in list.kf_online_list.iter_mut().filter(|kf| agents.contains(&kf.kf_account)) {
                kf.accepted_case = session::count_open(tx, appid, &kf.kf_account)?;
                any = true;
            }
            if any { of_online(list) } else { Ok(last.clone()) }
        }
        (Question::Sessions(kf_account), _) if !agents.contains(kf_account) => Ok(last.clone()),
        _ => whole(tx, appid, question),
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
