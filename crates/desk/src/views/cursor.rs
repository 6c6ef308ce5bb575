//! Cursors: how far a page has read the feeds that it follows. Pages keep them and hand them back unread.

use std::collections::BTreeMap;

/// A number that no feed has. A stream that begins here gets `reset`: its page loads everything again.
const LOST: i64 = -1;

/// How far each owner's feed has been read, in the store of one epoch. As a text: `epoch;owner:seq,owner:seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    epoch: String,
    seqs: BTreeMap<String, i64>,
    /// What an owner has that is not named.
    otherwise: i64,
}

impl Cursor {
    /// The cursor of a page that has read nothing of the store of this epoch.
    #[must_use]
    pub fn of(epoch: &str) -> Self {
        Cursor { epoch: epoch.to_owned(), seqs: BTreeMap::new(), otherwise: 0 }
    }

    /// Reads a page's cursor in the store of this epoch; of an empty text nothing has been read. The numbers of another
    /// store, or of one that is not named, mean nothing here: every owner is lost. What is no pair is passed over.
    #[must_use]
    pub fn read(epoch: &str, text: &str) -> Self {
        let none = Cursor::of(epoch);
        if text.is_empty() {
            return none;
        }
        let Some(pairs) = text.strip_prefix(epoch).and_then(|rest| rest.strip_prefix(';')) else {
            return Cursor { otherwise: LOST, ..none };
        };
        let pair = |pair: &str| {
            let (owner, seq) = pair.rsplit_once(':')?;
            Some((owner.to_owned(), seq.parse().ok()?))
        };
        Cursor { seqs: pairs.split(',').filter_map(pair).collect(), ..none }
    }

    /// The same with the number that an owner has been read to.
    #[must_use]
    pub fn with(mut self, owner: &str, seq: i64) -> Self {
        self.set(owner, seq);
        self
    }

    /// Takes note that an owner has been read to this number.
    pub fn set(&mut self, owner: &str, seq: i64) {
        self.seqs.insert(owner.to_owned(), seq);
    }

    /// Where to begin with an owner; one that is not named has never been read.
    #[must_use]
    pub fn seq(&self, owner: &str) -> i64 {
        self.seqs.get(owner).copied().unwrap_or(self.otherwise)
    }

    /// The owners it names, and how far each has been read.
    pub fn seqs(&self) -> impl Iterator<Item = (&str, i64)> {
        self.seqs.iter().map(|(owner, seq)| (owner.as_str(), *seq))
    }

    /// As it is written in a snapshot and in an event's id.
    #[must_use]
    pub fn text(&self) -> String {
        let pairs: Vec<_> = self.seqs().map(|(owner, seq)| format!("{owner}:{seq}")).collect();
        format!("{};{}", self.epoch, pairs.join(","))
    }
}
