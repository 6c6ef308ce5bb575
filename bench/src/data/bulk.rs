//! Makes many accounts with SQL on SQLite, because the product's verbs would take an hour. A test shows that it leaves
//! the same rows as the verbs.

use crate::data::seed::{self, PASSWORD, Shop};
use anyhow::Context;
use kefu::config::Place;
use kefu::desk::{sha256, worker};
use model::agent::Presence;
use model::due::{Due, TRIM_EVERY};
use model::{Account, Fact, KfAccount, SECOND, TextEnum};
use protocol::limits::{KF_ID_FIRST, TOKEN_LIFE_S};
use rusqlite::{Connection, Params, params};
use std::path::Path;

/// The number of accounts, and what each has.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) accounts: usize,
    pub(crate) agents: usize,
    /// The number of accounts in which each worker is an agent, who is online. With 0 the agents have no workers and
    /// are offline.
    pub(crate) bindings: usize,
}

impl Size {
    /// The number of workers before the first one of the `n`th account.
    pub(crate) fn first_worker(self, n: usize) -> usize {
        n.checked_div(self.bindings).unwrap_or(0) * self.agents
    }
}

/// Fills an empty folder, and leaves its database in one file.
pub(crate) async fn fill(folder: &Path, size: Size) -> anyhow::Result<Vec<Shop>> {
    drop(seed::open(&Place::Folder(folder.to_owned())).await?);
    let conn = Connection::open(folder.join("kefu.db"))?;
    conn.set_prepared_statement_cache_capacity(32);
    // After a crash the folder is filled again, so nothing needs to be durable.
    conn.execute_batch("pragma synchronous = off; pragma cache_size = -1000000; begin immediate")?;
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_millis())?;
    let bulk = Bulk { conn: &conn, now };
    // The row of the lock on aliases.
    bulk.put("insert into head (owner, seq, access) values ('#alias', 0, 0)", [])?;
    let mut shops = Vec::with_capacity(size.accounts);
    for n in 0..size.accounts {
        let first_worker = size.first_worker(n);
        if size.bindings > 0 && n.is_multiple_of(size.bindings) {
            bulk.workers(first_worker, size.agents, size.bindings.min(size.accounts - n))?;
        }
        shops.push(bulk.account(n, first_worker, size)?);
    }
    conn.execute_batch("commit; pragma wal_checkpoint(truncate)")?;
    conn.close().map_err(|(_, error)| error).context("closing a database")?;
    Ok(shops)
}

struct Bulk<'c> {
    conn: &'c Connection,
    now: i64,
}

impl Bulk<'_> {
    fn put(&self, sql: &str, values: impl Params) -> anyhow::Result<()> {
        self.conn.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Makes an owner with so many changes; `access` is the `seq` of the last one about who may call.
    fn owner(&self, owner: &str, changes: usize, access: i64) -> anyhow::Result<()> {
        self.put(
            "insert into head (owner, seq, access) values (?1, ?2, ?3)",
            params![owner, changes as i64, access],
        )?;
        let trim = params![owner, Due::Trim.as_text(), self.now + TRIM_EVERY];
        self.put("insert into due (owner, kind, key, at) values (?1, ?2, '', ?3)", trim)
    }

    fn change(&self, owner: &str, seq: usize, fact: &Fact) -> anyhow::Result<()> {
        let facts = serde_json::to_string(&[fact])?;
        self.put(
            "insert into change (owner, seq, at, facts) values (?1, ?2, ?3, ?4)",
            params![owner, seq as i64, self.now, facts],
        )
    }

    /// Makes workers after the first `skipped`, each an agent in so many accounts.
    fn workers(&self, skipped: usize, count: usize, accounts: usize) -> anyhow::Result<()> {
        for n in skipped + 1..=skipped + count {
            let (name, owner) = (format!("worker_{n}"), worker::owner(&format!("worker_{n}")));
            // Two changes for each account: the binding, and the end of the invitation.
            self.owner(&owner, 2 * accounts, 0)?;
            for seq in 1..=2 * accounts {
                self.change(&owner, seq, &Fact::Worker)?;
            }
            self.put(
                "insert into worker (name, password, created_at) values (?1, ?2, ?3)",
                params![name, self.hash(), self.now],
            )?;
        }
        Ok(())
    }

    /// A value as long as a password's hash; these workers never log in.
    fn hash(&self) -> String {
        format!("{PASSWORD:x<97}")
    }

    fn account(&self, n: usize, first_worker: usize, size: Size) -> anyhow::Result<Shop> {
        let (account, secret) = seed::account(n)?;
        let appid = account.appid.as_str();
        let changes = 2 + size.agents * if size.bindings > 0 { 3 } else { 1 };
        self.owner(appid, changes, 2)?;
        self.insert_account(&account, &sha256(&secret), size.agents)?;
        self.change(appid, 1, &Fact::Access)?;
        // Unlimited calls, as in `seed::shop`.
        self.put("insert into quota_limit (owner, path, daily, per_minute) values (?1, '', 0, 0)", [appid])?;
        self.change(appid, 2, &Fact::Access)?;
        let token = self.token(appid, n)?;
        for k in 1..=size.agents {
            if size.bindings > 0 {
                self.agent_online(&account, k, first_worker)?;
            } else {
                self.agent(&account, k, 2 + k, "", "", false)?;
            }
        }
        Ok(Shop { appid: account.appid, alias: account.alias, token })
    }

    fn insert_account(&self, account: &Account, secret: &str, agents: usize) -> anyhow::Result<()> {
        let Account { appid, name, alias, original_id, .. } = account;
        let (kind, principal) = (account.kind.as_text(), account.principal.as_text());
        self.put(
            "insert into account (appid, name, kind, principal, certified, feature, alias, original_id,
            secret_sha256, reception, capacity, next_kf_id, created_at)
            values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                appid.as_str(),
                name,
                kind,
                principal,
                account.certified,
                account.feature,
                alias,
                original_id,
                secret,
                account.reception.as_text(),
                account.capacity,
                KF_ID_FIRST + agents as i64,
                self.now,
            ],
        )
    }

    fn token(&self, appid: &str, n: usize) -> anyhow::Result<String> {
        let token = format!("50_{appid}_{n:043}");
        self.put(
            "insert into token (owner, sha256, kind, component, generation, salt, issued_at, expires_at, live_until)
            values (?1, ?2, 'own', '', 1, '', ?3, ?4, ?4)",
            params![appid, sha256(&token), self.now, self.now + TOKEN_LIFE_S * SECOND],
        )?;
        Ok(token)
    }

    /// Adds the `k`th agent with the change `seq`.
    fn agent(
        &self,
        account: &Account,
        k: usize,
        seq: usize,
        worker: &str,
        kf_openid: &str,
        online: bool,
    ) -> anyhow::Result<KfAccount> {
        let (appid, kf_account) =
            (account.appid.as_str(), KfAccount::stored(format!("kf{k}@{}", account.alias)));
        let kf_id = KF_ID_FIRST + k as i64 - 1;
        let free_since = if online { self.now } else { 0 };
        self.put(
            "insert into agent (appid, kf_account, kf_id, nickname, worker, kf_openid, invite_wx, invite_status,
            invite_expires_at, connected, away, free_since)
            values (?1, ?2, ?3, ?4, ?5, ?6, '', '', 0, ?7, 0, ?8)",
            params![
                appid,
                kf_account.as_str(),
                kf_id,
                format!("客服{k}"),
                worker,
                kf_openid,
                online,
                free_since
            ],
        )?;
        self.change(appid, seq, &Fact::Agent { kf_account: kf_account.clone() })?;
        Ok(kf_account)
    }

    /// Makes an agent who is online, with three changes: added, bound, online.
    fn agent_online(&self, account: &Account, k: usize, first_worker: usize) -> anyhow::Result<()> {
        let (appid, seq) = (account.appid.as_str(), 3 * k);
        let name = format!("worker_{}", first_worker + k);
        let hex = format!("{:016x}", seed::spread(seq as u64));
        let kf_openid = format!("o{hex}{}", &appid[2..13]);
        let kf_account = self.agent(account, k, seq, &name, &kf_openid, true)?;
        self.change(appid, seq + 1, &Fact::Agent { kf_account: kf_account.clone() })?;
        self.put(
            "insert into binding (worker, appid, kf_account) values (?1, ?2, ?3)",
            params![name, appid, kf_account.as_str()],
        )?;
        self.change(appid, seq + 2, &Fact::Presence { kf_account, presence: Presence::Online })
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, fill};
    use crate::data::content::contents;
    use crate::data::seed;
    use kefu::config::Place;
    use kefu::desk::agent;

    #[tokio::test]
    async fn bulk_accounts_have_the_same_rows_as_those_made_by_verbs() -> anyhow::Result<()> {
        for bindings in [0, 1, 10] {
            let folder = tempfile::tempdir()?;
            let (verbs, bulk) = (folder.path().join("verbs"), folder.path().join("bulk"));
            let verbs = Place::Folder(verbs);
            let desk = seed::open(&verbs).await?;
            let shops = seed::shops(&desk, 12).await?;
            for (n, shop) in shops.iter().enumerate() {
                for k in 1..=2 {
                    if let Some(group) = n.checked_div(bindings) {
                        let person = seed::worker_named(&desk, group * 2 + k).await?;
                        seed::agent_online(&desk, shop, k, &person).await?;
                    } else {
                        let kf_account = format!("kf{k}@{}", shop.alias);
                        let added = agent::add(&desk, &shop.appid, kf_account, format!("客服{k}")).await;
                        added.map_err(seed::plain)?;
                    }
                }
            }
            seed::leave_them_online(desk, &verbs)?;
            let made = fill(&bulk, Size { accounts: 12, agents: 2, bindings }).await?;
            assert_eq!(contents(&Place::Folder(bulk))?, contents(&verbs)?);
            let same = |shops: &[seed::Shop]| {
                shops.iter().map(|shop| (shop.appid.to_string(), shop.alias.clone())).collect::<Vec<_>>()
            };
            assert_eq!(same(&made), same(&shops));
        }
        Ok(())
    }
}
