//! Data to measure on, made by the product's verbs.

use crate::data::database;
use anyhow::{Context, anyhow};
use kefu::clock::{Clock, Rng};
use kefu::config::Place;
use kefu::config::Rules;
use kefu::desk::token::TokenKind;
use kefu::desk::{Desk, account, agent, cluster, invitation, presence, quota, token, worker};
use kefu::error::Error;
use kefu::store::Store;
use model::account::{Principal, QueueRules, Reception};
use model::{Account, Appid, KfAccount, WechatId};
use protocol::AccountKind;
use std::fs::File;
use std::path::Path;

/// Accounts that are made concurrently.
const AT_ONCE: usize = 256;
/// The password of every worker.
pub(crate) const PASSWORD: &str = "correct horse";

/// An account, and a token of it.
#[derive(Clone)]
pub(crate) struct Shop {
    pub(crate) appid: Appid,
    /// The part of its agents' ids after the `@`.
    pub(crate) alias: String,
    pub(crate) token: String,
}

/// The error of a verb, for people.
pub(crate) fn plain(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(cause) => cause,
        Error::Refused(code) => anyhow!("refused: {} {}", code.number(), code.text()),
    }
}

/// Opens the data at a place, as the product does.
pub(crate) async fn open(place: &Place) -> anyhow::Result<Desk> {
    let store = Store::open(place, Clock::system()).await?;
    Ok(Desk::new(store, Rng::system(), Rules::default()))
}

/// The `n`th customer of an agent.
pub(crate) fn openid(agent: usize, n: usize) -> String {
    format!("o{agent:013}_{n:013}")
}

/// Makes accounts with a token each.
pub(crate) async fn shops(desk: &Desk, count: usize) -> anyhow::Result<Vec<Shop>> {
    let (mut shops, mut begun) = (Vec::new(), 0);
    while begun < count {
        let end = count.min(begun + AT_ONCE);
        let tasks: Vec<_> = (begun..end).map(|n| tokio::spawn(shop(desk.clone(), n))).collect();
        for task in tasks {
            shops.push(task.await??);
        }
        begun = end;
    }
    Ok(shops)
}

/// Mixes a number's bits (SplitMix64), so that keys are in no order, as in real data.
pub(crate) fn spread(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// The `n`th account, and its secret.
pub(crate) fn account(n: usize) -> anyhow::Result<(Account, String)> {
    let hex = format!("{:016x}", spread(n as u64));
    let account = Account {
        appid: Appid::parse(&format!("wx{hex}")).map_err(|code| plain(code.into()))?,
        name: format!("Shop {n}"),
        kind: AccountKind::Service,
        principal: Principal::Enterprise,
        certified: true,
        feature: true,
        alias: format!("shop{n}"),
        original_id: format!("gh_{}", &hex[..12]),
        reception: Reception::Automatic,
        capacity: 10,
        queue: QueueRules::default(),
        compat: model::account::Compat::default(),
    };
    Ok((account, hex.repeat(2)))
}

/// Makes the `n`th account, with a token.
pub(crate) async fn shop(desk: Desk, n: usize) -> anyhow::Result<Shop> {
    let (account, secret) = account(n)?;
    account::create(&desk, &account, &secret).await.map_err(plain)?.map_err(anyhow::Error::msg)?;
    // Calls are counted but not limited.
    let unlimited = quota::LimitChange { daily: Some(0), per_minute: Some(0), ..Default::default() };
    quota::set(&desk, &account.appid, unlimited).await.map_err(plain)?;
    let token = token::issue_for_operator(&desk, &account.appid, TokenKind::Own).await.map_err(plain)?;
    Ok(Shop { appid: account.appid, alias: account.alias, token: token.access_token })
}

/// Gives a shop agents who are online; their workers are `worker_1` and so on.
pub(crate) async fn agents_online(desk: &Desk, shop: &Shop, count: usize) -> anyhow::Result<()> {
    for n in 1..=count {
        let person = worker_named(desk, n).await?;
        agent_online(desk, shop, n, &person).await?;
    }
    Ok(())
}

/// The `n`th worker, who is made if there is none.
pub(crate) async fn worker_named(desk: &Desk, n: usize) -> anyhow::Result<WechatId> {
    let person = WechatId::parse(&format!("worker_{n}")).map_err(|code| plain(code.into()))?;
    if !worker::exists(desk, &person).await.map_err(plain)? {
        worker::create(desk, &person, PASSWORD).await.map_err(plain)?;
    }
    Ok(person)
}

/// Gives a shop the agent `kf<n>`, bound to the worker `person` and online.
pub(crate) async fn agent_online(
    desk: &Desk,
    shop: &Shop,
    n: usize,
    person: &WechatId,
) -> anyhow::Result<()> {
    let made = async {
        let kf_account = KfAccount::parse(&format!("kf{n}@{}", shop.alias))?;
        agent::add(desk, &shop.appid, kf_account.to_string(), format!("客服{n}")).await?;
        invitation::bind_without_asking(desk, person, &shop.appid, &kf_account).await?;
        // Only a living node can store streams.
        cluster::beat(desk).await?;
        presence::add_stream(desk, person, &shop.appid, &kf_account).await
    };
    made.await.map_err(plain)
}

/// Closes the data with its agents online: without rows of streams and nodes, the next server finds no stream that has
/// ended. Real streams would be measured too.
pub(crate) fn leave_them_online(desk: Desk, place: &Place) -> anyhow::Result<()> {
    const FORGET: &str = "delete from stream; delete from node;";
    drop(desk);
    match place {
        Place::Folder(folder) => {
            Ok(rusqlite::Connection::open(folder.join("kefu.db"))?.execute_batch(FORGET)?)
        }
        Place::Postgres(url) => database::with(url, |client| Ok(client.batch_execute(FORGET)?)),
    }
}

/// Writes the database of a folder, as it is now, into one file.
pub(crate) fn snapshot(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let file = file.to_str().context("a path is text")?;
    rusqlite::Connection::open(folder.join("kefu.db"))?.execute("vacuum into ?1", [file])?;
    Ok(())
}

/// Makes a folder with a copy of a snapshot, and flushes it to the disk.
pub(crate) fn restore(snapshot: &Path, folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    let file = folder.join("kefu.db");
    std::fs::copy(snapshot, &file)?;
    File::open(&file)?.sync_all()?;
    Ok(File::open(folder)?.sync_all()?)
}
