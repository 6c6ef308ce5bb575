//! G10: G1 and G4 with many accounts of 10 agents each, against the same with fewer accounts.

use crate::Bench;
use crate::data::bulk::{self, Size};
use crate::data::ground::Ground;
use crate::measure::adds::Plan;
use crate::measure::child::Server;
use crate::measure::load::{self, Script};
use crate::measure::ready::{self, CONNECTIONS};
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::Rounds;
use anyhow::ensure;
use bytes::Bytes;
use kefu::config::Place;
use protocol::limits::WORKER_BINDINGS_MAX;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

const MANY: usize = 100_000;
/// Accounts of a quick run; few enough for all answers to fit in the cache.
const MANY_QUICK: usize = 10_000;
const FEW_READ: usize = 1_000;
const FEW_WRITTEN: usize = 10_000;
const AGENTS: usize = 10;
/// Accounts of each worker, as many as may be.
const BINDINGS: usize = WORKER_BINDINGS_MAX as usize;
const GOAL: Goal = Goal::AtLeast(0.85);
/// Connections for the first request of each account.
const SCOUTS: usize = 16;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let many = if bench.quick { MANY_QUICK } else { MANY };
    Ok(vec![reads(bench, many).await?, writes(bench, many).await?])
}

async fn reads(bench: &Bench, many: usize) -> anyhow::Result<Report> {
    let (ours, our_script) = serve(bench, "g10-many", many).await?;
    let (theirs, their_script) = serve(bench, "g10-few", FEW_READ).await?;
    let rounds = Rounds::run(
        bench.short_rounds(),
        async || ready::turn(bench, &ours, &our_script, None).await,
        async || ready::turn(bench, &theirs, &their_script, None).await,
    );
    let rounds = rounds.await?;
    ours.stop()?;
    theirs.stop()?;
    let title = format!(
        "G10 getonlinekflist of {many} accounts in turn, {AGENTS} agents online each, {CONNECTIONS} connections, \
         against {FEW_READ} accounts"
    );
    let mut report =
        Report::of(title, &rounds, GOAL).delay("p99", &rounds, |turn| turn.p99_us, None).with_rounds(&rounds);
    report.plain.push(plainly(&format!("getonlinekflist of {many} accounts in turn"), &rounds, "requests"));
    Ok(report)
}

/// Starts the product with so many accounts, and requests the list of each once.
async fn serve(bench: &Bench, name: &str, accounts: usize) -> anyhow::Result<(Server, Arc<Script>)> {
    let folder = bench.folder.join(name);
    let shops = bulk::fill(&folder, Size { accounts, agents: AGENTS, bindings: BINDINGS }).await?;
    let server = Server::product(&bench.kefu, &Place::Folder(folder))?;
    let requests: Vec<Bytes> = shops.iter().map(ready::online).collect();
    let answers = answers(&server, &requests).await?;
    for (answer, shop) in answers.iter().zip(&shops) {
        let (said, last) = (String::from_utf8_lossy(answer), format!("\"kf{AGENTS}@{}\"", shop.alias));
        let online = said.matches("\"kf_account\"").count();
        ensure!(
            online == AGENTS && said.contains(&last),
            "{online} agents of {} are online: {said}",
            shop.alias
        );
    }
    Ok((server, Arc::new(Script { requests, answers, passed: AtomicUsize::new(0) })))
}

async fn answers(server: &Server, requests: &[Bytes]) -> anyhow::Result<Vec<Bytes>> {
    let scouts = load::connect(server.address, SCOUTS, &Arc::default()).await?;
    let parts = requests.chunks(requests.len().div_ceil(SCOUTS)).map(<[Bytes]>::to_vec);
    let asked = scouts.into_iter().zip(parts).map(|(mut scout, part)| {
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for request in part {
                answers.push(Bytes::copy_from_slice(scout.ask(&request).await?));
            }
            anyhow::Ok(answers)
        })
    });
    let mut answers = Vec::new();
    for part in asked.collect::<Vec<_>>() {
        answers.extend(part.await??);
    }
    Ok(answers)
}

async fn writes(bench: &Bench, many: usize) -> anyhow::Result<Report> {
    let ours = plan(bench, "g10-much", many).await?;
    let theirs = plan(bench, "g10-less", FEW_WRITTEN).await?;
    let rounds = Rounds::run(
        bench.rounds,
        async || ours.product(CONNECTIONS, None).await,
        async || theirs.product(CONNECTIONS, None).await,
    );
    let rounds = rounds.await?;
    let title = format!(
        "G10 kfaccount/add, durable, {many} accounts of {AGENTS} agents, {CONNECTIONS} connections, \
         against {FEW_WRITTEN} accounts"
    );
    let mut report =
        Report::of(title, &rounds, GOAL).delay("p99", &rounds, |turn| turn.p99_us, None).with_rounds(&rounds);
    report.notes.push(ours.note());
    report.plain.push(plainly(&format!("kfaccount/add with {many} accounts"), &rounds, "durable writes"));
    Ok(report)
}

async fn plan<'b>(bench: &'b Bench, name: &str, accounts: usize) -> anyhow::Result<Plan<'b>> {
    let seed = bench.folder.join(format!("{name}-seed"));
    let shops = bulk::fill(&seed, Size { accounts, agents: AGENTS, bindings: 0 }).await?;
    let (snapshot, folder) = (seed.join("kefu.db"), bench.folder.join(name));
    Plan::make(bench, name, Ground::Sqlite { snapshot, folder }, &shops)
}
