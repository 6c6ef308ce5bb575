//! G8: `getonlinekflist` of 100 agents on PostgreSQL, against the same on SQLite.

use crate::Bench;
use crate::data::database::Cluster;
use crate::data::seed;
use crate::measure::child::Server;
use crate::measure::load::Script;
use crate::measure::ready::{self, AGENTS, CONNECTIONS};
use crate::measure::report::{Goal, Report, plainly};
use crate::measure::round::Rounds;
use kefu::config::Place;
use std::sync::Arc;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let cluster = Cluster::start()?;
    let (ours, script) = serve(bench, &cluster.create("ready")?).await?;
    let (theirs, their_script) = serve(bench, &Place::Folder(bench.folder.join("g8"))).await?;
    let rounds = Rounds::run(
        bench.short_rounds(),
        async || ready::turn(bench, &ours, &script, Some(cluster.pid)).await,
        async || ready::turn(bench, &theirs, &their_script, None).await,
    );
    let rounds = rounds.await?;
    ours.stop()?;
    theirs.stop()?;
    let title = format!(
        "G8 getonlinekflist on PostgreSQL, {AGENTS} agents online, {CONNECTIONS} connections, against SQLite"
    );
    let mut report = Report::of(title, &rounds, Goal::AtLeast(0.60))
        .delay("p99", &rounds, |turn| turn.p99_us, None)
        .with_rounds(&rounds);
    report.notes.push("CPU       counts Kefu's process, not PostgreSQL's".into());
    report.plain.push(plainly("getonlinekflist of 100 agents on PostgreSQL", &rounds, "requests"));
    Ok(vec![report])
}

/// Starts the product with one busy shop at a place.
async fn serve(bench: &Bench, place: &Place) -> anyhow::Result<(Server, Arc<Script>)> {
    let (desk, shop) = ready::busy_shop(place).await?;
    seed::leave_them_online(desk, place)?;
    let server = Server::product(&bench.kefu, place)?;
    let script = ready::script(&server, ready::online(&shop), "kf_online_list", AGENTS).await?;
    Ok((server, script))
}
