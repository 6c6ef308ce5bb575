//! G4: `kfaccount/add`, durable, over HTTP, against the same statements straight into SQLite.

use crate::Bench;
use crate::child::{self, Server};
use crate::load::{self, Script, Until};
use crate::machine::{self, Watch};
use crate::report::Report;
use crate::round::{Rounds, Spread, Turn};
use crate::seed::{self, Shop};
use anyhow::{Context, ensure};
use model::{Fact, KfAccount};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ACCOUNTS: usize = 10_000;
const BATCH_MAX: usize = 256;
/// Connections, and the share of the baseline's speed that is asked for.
const SIZES: [(usize, f64); 2] = [(64, 0.80), (256, 0.65)];
/// Below these the baseline is none.
const BATCH_LEAST: f64 = 8.0;
const GAIN_LEAST: f64 = 2.5;

/// An agent to be added.
pub(crate) struct Add {
    /// Whose, as a number.
    pub(crate) shop: usize,
    pub(crate) appid: String,
    pub(crate) kf_account: String,
    pub(crate) nickname: String,
    /// What the change row says.
    pub(crate) facts: String,
}

impl Add {
    /// The `n`th agent: they go round the accounts, so none gets more than the others.
    pub(crate) fn number(n: usize, appids: &[&str]) -> Self {
        let shop = n % appids.len();
        let kf_account = format!("k{n}@shop{shop}");
        let fact = Fact::Agent { kf_account: KfAccount::stored(kf_account.clone()) };
        Add {
            shop,
            appid: appids[shop].to_owned(),
            nickname: format!("客服{n}"),
            facts: serde_json::json!([fact]).to_string(),
            kf_account,
        }
    }
}

struct Plan<'b> {
    bench: &'b Bench,
    snapshot: PathBuf,
    appids: PathBuf,
    /// Reads with every token once, so that the server knows them all.
    tokens: Arc<Script>,
    adds: Arc<Script>,
    warm: usize,
    calls: usize,
}

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let plan = Plan::make(bench).await?;
    let mut reports = Vec::new();
    for (connections, goal) in SIZES {
        reports.push(plan.measure(connections, goal).await?);
    }
    Ok(reports)
}

impl<'b> Plan<'b> {
    async fn make(bench: &'b Bench) -> anyhow::Result<Self> {
        let (folder, snapshot) = (bench.folder.join("g4-seed"), bench.folder.join("g4.db"));
        let shops = seed::shops(&seed::open(&folder).await?, ACCOUNTS).await?;
        seed::snapshot(&folder, &snapshot)?;
        let names: Vec<&str> = shops.iter().map(|shop| shop.appid.as_str()).collect();
        let appids = bench.folder.join("appids");
        std::fs::write(&appids, names.join("\n"))?;
        let (warm, calls) = if bench.quick { (1000, 8000) } else { (4000, 40_000) };
        let adds = (0..warm + calls).map(|n| add(&Add::number(n, &names), &shops)).collect();
        let tokens = shops.iter().map(|shop| {
            load::get(&format!("/cgi-bin/customservice/getonlinekflist?access_token={}", shop.token))
        });
        Ok(Plan {
            bench,
            snapshot,
            appids,
            tokens: Arc::new(Script {
                requests: tokens.collect(),
                answer: r#"{"kf_online_list":[]}"#.into(),
            }),
            adds: Arc::new(Script { requests: adds, answer: r#"{"errcode":0,"errmsg":"ok"}"#.into() }),
            warm,
            calls,
        })
    }

    async fn measure(&self, connections: usize, speed_goal: f64) -> anyhow::Result<Report> {
        let rounds = Rounds::run(
            self.bench.rounds,
            async || self.product(connections).await,
            async || {
                machine::wait_for_silence().await?;
                self.baseline(connections, BATCH_MAX, self.calls)
            },
        );
        let rounds = rounds.await?;
        let single: Vec<f64> = (0..3)
            .map(|_| self.baseline(connections, 1, self.calls / 8).map(|turn| turn.calls / turn.elapsed_s))
            .collect::<Result<_, _>>()?;
        let single = Spread::of(single).median;
        let (batch, speed) =
            (rounds.baseline(|turn| turn.batch), rounds.baseline(|turn| turn.calls / turn.elapsed_s));
        let gain = speed / single;
        let mut faults = Vec::new();
        if batch < BATCH_LEAST {
            faults.push(format!("the baseline's mean batch is below {BATCH_LEAST}"));
        }
        if gain < GAIN_LEAST {
            faults.push(format!("group commit gains the baseline less than {GAIN_LEAST} times"));
        }
        let notes = vec![
            format!("batch     {batch:.1} calls share a commit of the baseline"),
            format!(
                "gain      the baseline is {gain:.1} times as fast as with one commit a request ({single:.0}/s)"
            ),
            format!("rows      {} agents a turn, counted after each", self.warm + self.calls),
        ];
        let title = format!("G4 kfaccount/add, durable, {ACCOUNTS} accounts, {connections} connections");
        Ok(Report { title, rounds, speed_goal, economy_goal: None, notes, faults })
    }

    fn fresh(&self) -> anyhow::Result<PathBuf> {
        let folder = self.bench.folder.join("g4");
        seed::restore(&self.snapshot, &folder)?;
        Ok(folder)
    }

    async fn product(&self, connections: usize) -> anyhow::Result<Turn> {
        // Before there are connections: the server closes those that stay silent.
        machine::wait_for_silence().await?;
        let folder = self.fresh()?;
        let server = Server::product(&self.bench.kefu, &folder)?;
        let all = self.warm + self.calls;
        let callers = load::connect(server.address, connections, &self.tokens).await?;
        let (mut callers, _) = load::run(callers, Until::Number(0, ACCOUNTS)).await?;
        for caller in &mut callers {
            caller.follow(&self.adds);
        }
        let (callers, _) = load::run(callers, Until::Number(0, self.warm)).await?;
        let watch = Watch::start(server.pid())?;
        let (callers, tally) = load::run(callers, Until::Number(self.warm, all)).await?;
        let spent = watch.stop()?;
        drop(callers);
        server.stop()?;
        self.count(&folder, all)?;
        Ok(Turn::new(&tally, &spent))
    }

    /// The same from writers without a server, in a process of their own.
    fn baseline(&self, callers: usize, batch_max: usize, calls: usize) -> anyhow::Result<Turn> {
        let folder = self.fresh()?;
        let mut command = child::part("writers")?;
        command.arg(folder.join("kefu.db")).arg(&self.appids);
        for (flag, number) in
            [("--callers", callers), ("--batch-max", batch_max), ("--warm", self.warm), ("--calls", calls)]
        {
            command.arg(flag).arg(number.to_string());
        }
        let output = command.stderr(std::process::Stdio::inherit()).output()?;
        ensure!(output.status.success(), "the writers ended with {}", output.status);
        self.count(&folder, self.warm + calls)?;
        serde_json::from_slice(&output.stdout).context("what the writers print")
    }

    /// What was acknowledged must be there, and nothing else.
    fn count(&self, folder: &Path, acknowledged: usize) -> anyhow::Result<()> {
        let (before, after) = (census(&self.snapshot)?, census(&folder.join("kefu.db"))?);
        let acknowledged = i64::try_from(acknowledged)?;
        for (what, before, after) in [
            ("agents", before.agents, after.agents),
            ("changes", before.changes, after.changes),
            ("numbers of changes", before.seqs, after.seqs),
            ("numbers of agents", before.kf_ids, after.kf_ids),
        ] {
            let there = after - before;
            ensure!(there == acknowledged, "{acknowledged} acknowledged, {there} {what} written");
        }
        ensure!(after.most <= 100, "an account has {} agents", after.most);
        Ok(())
    }
}

fn add(add: &Add, shops: &[Shop]) -> bytes::Bytes {
    let path = format!("/customservice/kfaccount/add?access_token={}", shops[add.shop].token);
    let body = serde_json::json!({ "kf_account": add.kf_account, "nickname": add.nickname });
    load::post(&path, &body.to_string())
}

/// What a database holds.
#[derive(Debug, PartialEq, Eq)]
struct Census {
    agents: i64,
    changes: i64,
    seqs: i64,
    kf_ids: i64,
    /// Agents of one account at most.
    most: i64,
}

fn census(file: &Path) -> anyhow::Result<Census> {
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let int = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    Ok(Census {
        agents: int("select count(*) from agent")?,
        changes: int("select count(*) from change")?,
        seqs: int("select sum(seq) from head")?,
        kf_ids: int("select sum(next_kf_id) from account")?,
        most: int("select coalesce(max(n), 0) from (select count(*) as n from agent group by appid)")?,
    })
}
