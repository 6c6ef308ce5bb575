//! G14: pushes a second to one account's developer's server, and to those of 1,000 accounts, against a bare HTTP client
//! that posts the same bodies. Both have everything to push at the beginning.

use crate::Bench;
use crate::data::backlog::Backlog;
use crate::measure::child::{self, Server};
use crate::measure::developer::Seen;
use crate::measure::machine::{self, Watch};
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::{Rounds, Turn};
use crate::pushes::delay;
use anyhow::ensure;
use std::time::Duration;

/// Pushes under way to one account, as in the product.
const CONNECTIONS: usize = 64;
/// Accounts, and the speed that docs/performance.md shows: the goal is missed by far.
const ACCOUNTS: [(usize, f64); 2] = [(1, 0.41), (1000, 0.34)];
/// How long a turn may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let developer = Server::developer()?;
    let mut reports = Vec::new();
    for (accounts, shown) in ACCOUNTS {
        let backlog = Backlog::make(bench, accounts, developer.address).await?;
        let run = Run { bench, developer: &developer, backlog };
        let rounds =
            Rounds::run(bench.rounds, async || run.product().await, async || run.baseline().await).await?;
        let title = format!(
            "G14 pushes of {} messages of {accounts} accounts, {CONNECTIONS} side by side",
            run.backlog.messages
        );
        let mut report =
            Report::of_speed(title, &rounds, Goal::AtLeast(0.70)).with_shown(shown).with_rounds(&rounds);
        report.notes.push("pushes    each message seen once by the developer's server; rows counted".into());
        report.plain.push(plainly(&format!("pushes to {accounts} accounts"), &rounds, "pushes"));
        reports.push(report);
    }
    reports.push(delay::measure(bench, &developer).await?);
    developer.stop()?;
    Ok(reports)
}

struct Run<'b> {
    bench: &'b Bench,
    developer: &'b Server,
    backlog: Backlog<'b>,
}

impl Run<'_> {
    async fn product(&self) -> anyhow::Result<Turn> {
        machine::wait_for_silence(self.bench.patience()).await?;
        let place = self.backlog.ground.fresh()?;
        Seen::forget(self.developer.address).await?;
        let server = Server::behind_proxy(&self.bench.kefu, &place)?;
        let watch = Watch::start(server.pid(), Some(self.developer.pid()))?;
        let turn = self.turn(watch).await?;
        self.backlog.all_recorded(&place).await?;
        server.stop()?;
        Ok(turn)
    }

    async fn baseline(&self) -> anyhow::Result<Turn> {
        machine::wait_for_silence(self.bench.patience()).await?;
        Seen::forget(self.developer.address).await?;
        let mut poster = child::poster(&self.backlog.requests, CONNECTIONS)?;
        let watch = Watch::start(poster.id(), Some(self.developer.pid()))?;
        let turn = self.turn(watch).await?;
        let status = tokio::task::spawn_blocking(move || poster.wait()).await??;
        ensure!(status.success(), "the bare client ended with {status}");
        Ok(turn)
    }

    /// Waits until the developer's server has seen every message. The time runs from the first to the last.
    async fn turn(&self, watch: Watch) -> anyhow::Result<Turn> {
        let seen = Seen::all(self.developer.address, self.backlog.messages, PATIENCE).await?;
        ensure!(seen.unknown == 0, "pushes of unknown messages: {seen:?}");
        let spent = watch.stop()?;
        Ok(Turn {
            calls: seen.messages as f64,
            elapsed_s: seen.took_us as f64 / 1e6,
            server_s: spent.server_s,
            p50_us: 0.0,
            p99_us: 0.0,
            others: spent.others,
            resident: spent.resident,
            batch: 0.0,
        })
    }
}
