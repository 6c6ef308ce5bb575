//! Cursors: how far a page has read the feeds that it follows. Pages treat them as opaque.

use std::collections::BTreeMap;

/// A `seq` that no feed has. A stream that starts here gets `reset`, and its page loads everything again.
const LOST: i64 = -1;

/// How far each feed has been read, in the store with this epoch. Its text is `epoch;owner:seq,owner:seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    epoch: String,
    seqs: BTreeMap<String, i64>,
    /// The `seq` for owners that the cursor does not name.
    otherwise: i64,
}

impl Cursor {
    /// A cursor that has read nothing of the store with this epoch.
    #[must_use]
    pub fn of(epoch: &str) -> Self {
        Cursor { epoch: epoch.to_owned(), seqs: BTreeMap::new(), otherwise: 0 }
    }

    /// Parses a page's cursor. An empty text has read nothing. A cursor of another epoch is from another store, so that
    /// every owner is at a lost `seq`. Malformed pairs are skipped.
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

    /// Sets the `seq` of an owner.
    #[must_use]
    pub fn with(mut self, owner: &str, seq: i64) -> Self {
        self.set(owner, seq);
        self
    }

    /// Sets the `seq` of an owner.
    pub fn set(&mut self, owner: &str, seq: i64) {
        self.seqs.insert(owner.to_owned(), seq);
    }

    /// The `seq` after which to read an owner's feed. 0 for an owner that the cursor does not name.
    #[must_use]
    pub fn seq(&self, owner: &str) -> i64 {
        self.seqs.get(owner).copied().unwrap_or(self.otherwise)
    }

    /// The owners that the cursor names, and their `seq`.
    pub fn seqs(&self) -> impl Iterator<Item = (&str, i64)> {
        self.seqs.iter().map(|(owner, seq)| (owner.as_str(), *seq))
    }

    /// The text for a snapshot or for the id of an event.
    #[must_use]
    pub fn text(&self) -> String {
        let pairs: Vec<_> = self.seqs().map(|(owner, seq)| format!("{owner}:{seq}")).collect();
        format!("{};{}", self.epoch, pairs.join(","))
    }
}
