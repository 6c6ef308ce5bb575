//! G1: `getonlinekflist` of 100 agents, authenticated and cached, against an axum handler that answers the same bytes.

use crate::Bench;
use crate::data::seed;
use crate::measure::child::Server;
use crate::measure::ready::{self, AGENTS, CONNECTIONS, ONLINE, Warm};
use crate::measure::report::{Goal, Report, plainly};
use kefu::config::Place;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let place = Place::Folder(bench.folder.join("g1"));
    let (desk, shop) = ready::busy_shop(&place).await?;
    let request = ready::online(&shop);
    let warm = Warm::count(&desk, &request).await?;
    seed::leave_them_online(desk, &place)?;
    let product = Server::product(&bench.kefu, &place)?;
    let script = ready::script(&product, request, "kf_online_list", AGENTS).await?;
    let rounds = ready::against_constant(bench, &product, ONLINE, &script).await?;
    product.stop()?;
    let title = format!("G1 getonlinekflist, {AGENTS} agents online, {CONNECTIONS} connections");
    let mut report = Report::of(title, &rounds, Goal::AtLeast(0.90))
        .with_economy(Goal::AtLeast(0.85))
        .delay("p99", &rounds, |turn| turn.p99_us, None)
        .with_rounds(&rounds);
    report.notes.push(format!("answer    {} bytes, the same from both", script.answers[0].len()));
    report.notes.push(warm.note());
    report.faults = warm.faults();
    report.plain.push(plainly("getonlinekflist of 100 agents", &rounds, "requests"));
    Ok(vec![report])
}
