//! G15: `getonlinekflist` of 100 agents, durable `kfaccount/add`, and messages on their agents' streams, while 500
//! messages a second of another account's customers go out to its developer's server, against the same without them.

use crate::Bench;
use crate::data::bulk::{self, Size};
use crate::data::customers;
use crate::data::ground::Ground;
use crate::data::seed;
use crate::measure::adds;
use crate::measure::child::Server;
use crate::measure::delivery;
use crate::measure::pushing::{PACE, Pushing};
use crate::measure::ready::{self, AGENTS, CONNECTIONS};
use crate::measure::report::{Goal, Report};
use crate::measure::round::{Rounds, Spread};
use kefu::config::Place;

/// The least share of the pushes that are asked for; with fewer the measurement is void.
const PACE_LEAST: f64 = 0.95;
/// Accounts of the adds of G4, and of the messages of G6.
const ADDS_ACCOUNTS: usize = 10_000;
const MESSAGES_ACCOUNTS: usize = 100;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    Ok(vec![lists(bench).await?, adds(bench).await?, messages(bench).await?])
}

async fn lists(bench: &Bench) -> anyhow::Result<Report> {
    let place = Place::Folder(bench.folder.join("lists"));
    let (desk, shop) = ready::busy_shop(&place).await?;
    let pushing = Pushing::make(&desk).await?;
    seed::leave_them_online(desk, &place)?;
    let product = Server::behind_proxy(&bench.kefu, &place)?;
    let script = ready::script(&product, ready::online(&shop), "kf_online_list", AGENTS).await?;
    let developer = Some(pushing.pid());
    let rounds = Rounds::run(
        bench.short_rounds(),
        async || {
            let writing = pushing.begin(product.address).await?;
            let turn = ready::turn(bench, &product, &script, developer).await?;
            writing.end().await?;
            Ok(turn)
        },
        async || ready::turn(bench, &product, &script, developer).await,
    );
    let rounds = rounds.await?;
    product.stop()?;
    report(format!("getonlinekflist, {AGENTS} agents online"), &rounds, pushing)
}

async fn adds(bench: &Bench) -> anyhow::Result<Report> {
    let (folder, snapshot) = (bench.folder.join("adds"), bench.folder.join("adds.db"));
    let shops = bulk::fill(&folder, Size { accounts: ADDS_ACCOUNTS, agents: 0, bindings: 0 }).await?;
    let pushing = Pushing::make(&seed::open(&Place::Folder(folder.clone())).await?).await?;
    seed::snapshot(&folder, &snapshot)?;
    let plan = adds::Plan::make(bench, "adds", Ground::Sqlite { snapshot, folder }, &shops)?;
    let rounds = Rounds::run(
        bench.rounds,
        async || plan.product(CONNECTIONS, Some(&pushing)).await,
        async || plan.product(CONNECTIONS, None).await,
    );
    let rounds = rounds.await?;
    report(format!("kfaccount/add, durable, {ADDS_ACCOUNTS} accounts"), &rounds, pushing)
}

async fn messages(bench: &Bench) -> anyhow::Result<Report> {
    let folder = bench.folder.join("messages");
    let people = customers::fill(&folder, MESSAGES_ACCOUNTS, delivery::Plan::customers(bench)).await?;
    let pushing = Pushing::make(&seed::open(&Place::Folder(folder.clone())).await?).await?;
    let plan = delivery::Plan::make(bench, folder, people)?;
    let rounds = Rounds::run(
        bench.rounds,
        async || Ok(plan.product(CONNECTIONS, Some(&pushing)).await?.0),
        async || Ok(plan.product(CONNECTIONS, None).await?.0),
    );
    let rounds = rounds.await?;
    report(
        format!("a customer's message on its agent's stream, {MESSAGES_ACCOUNTS} accounts"),
        &rounds,
        pushing,
    )
}

fn report(what: String, rounds: &Rounds, pushing: Pushing) -> anyhow::Result<Report> {
    let Spread { median, min, max } = pushing.pace();
    pushing.stop()?;
    let title = format!(
        "G15 {what}, {CONNECTIONS} connections, {PACE:.0} pushes a second of another account, against none"
    );
    let mut report = Report::of(title, rounds, Goal::AtLeast(0.80)).with_rounds(rounds);
    report.notes.push(format!(
        "pushes    {median:.0} a second ({min:.0} to {max:.0}); each message seen once by the developer's server"
    ));
    if median < PACE * PACE_LEAST {
        report.void.push(format!("only {median:.0} pushes a second went out"));
    }
    Ok(report)
}
