//! The data for measurements of adding agents: every turn gets a fresh copy of the same database, on either engine.

use crate::data::database::{self, Cluster};
use crate::data::seed;
use anyhow::ensure;
use kefu::config::Place;
use postgres::Client;
use rusqlite::{Connection, OpenFlags};
use std::path::PathBuf;

/// The name of the original database of a cluster, and of its copy.
pub(crate) const SEED: &str = "seed";
const COPY: &str = "copy";

pub(crate) enum Ground<'b> {
    /// A database in one file, and the folder for its copies.
    Sqlite { snapshot: PathBuf, folder: PathBuf },
    /// The database [`SEED`] of a cluster.
    Postgres(&'b Cluster),
}

impl Ground<'_> {
    pub(crate) fn fresh(&self) -> anyhow::Result<Place> {
        match self {
            Ground::Sqlite { snapshot, folder } => {
                seed::restore(snapshot, folder)?;
                Ok(Place::Folder(folder.clone()))
            }
            Ground::Postgres(cluster) => cluster.copy(SEED, COPY),
        }
    }

    /// The process id of the database server; `None` for SQLite, which runs in the product's process.
    pub(crate) fn database(&self) -> Option<u32> {
        match self {
            Ground::Sqlite { .. } => None,
            Ground::Postgres(cluster) => Some(cluster.pid),
        }
    }
}

/// Counts of a database's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Census {
    agents: i64,
    changes: i64,
    seqs: i64,
    kf_ids: i64,
    /// The highest number of agents in one account.
    most: i64,
}

impl Census {
    pub(crate) fn of(place: &Place) -> anyhow::Result<Self> {
        match place {
            Place::Folder(folder) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
                let conn = Connection::open_with_flags(folder.join("kefu.db"), flags)?;
                Census::ask(|sql| Ok(conn.query_row(sql, [], |row| row.get(0))?))
            }
            Place::Postgres(url) => database::with(url, |client: &mut Client| {
                Census::ask(|sql| Ok(client.query_one(sql, &[])?.get(0)))
            }),
        }
    }

    fn ask(mut int: impl FnMut(&str) -> anyhow::Result<i64>) -> anyhow::Result<Self> {
        Ok(Census {
            agents: int("select count(*) from agent")?,
            changes: int("select count(*) from change")?,
            seqs: int("select cast(sum(seq) as bigint) from head")?,
            kf_ids: int("select cast(sum(next_kf_id) as bigint) from account")?,
            most: int(
                "select coalesce(max(n), 0) from (select count(*) as n from agent group by appid) as numbers",
            )?,
        })
    }

    /// Fails unless exactly the acknowledged agents were written since `before`, beside so many messages.
    pub(crate) fn check(self, before: Census, acknowledged: usize, messages: usize) -> anyhow::Result<()> {
        let (agents, messages) = (i64::try_from(acknowledged)?, i64::try_from(messages)?);
        for (what, before, after, expected) in [
            ("agents", before.agents, self.agents, agents),
            ("changes", before.changes, self.changes, agents + messages),
            ("numbers of changes", before.seqs, self.seqs, agents + messages),
            ("numbers of agents", before.kf_ids, self.kf_ids, agents),
        ] {
            let there = after - before;
            ensure!(there == expected, "{expected} acknowledged, {there} {what} written");
        }
        ensure!(self.most <= 100, "an account has {} agents", self.most);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Census;

    #[test]
    fn exactly_the_acknowledged_agents_must_be_written() {
        let before = Census { agents: 10, changes: 20, seqs: 30, kf_ids: 40, most: 9 };
        let after = Census { agents: 12, changes: 22, seqs: 32, kf_ids: 42, most: 10 };
        assert!(after.check(before, 2, 0).is_ok());
        assert!(after.check(before, 3, 0).is_err());
        assert!(after.check(before, 1, 0).is_err());
        assert!(after.check(before, 2, 1).is_err());
        assert!(Census { changes: 27, seqs: 37, ..after }.check(before, 2, 5).is_ok());
        assert!(Census { changes: 21, ..after }.check(before, 2, 0).is_err());
        assert!(Census { most: 101, ..after }.check(before, 2, 0).is_err());
    }
}
