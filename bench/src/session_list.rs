//! G2: `getsessionlist` of an agent with few and with many sessions, cached, against an axum handler that answers the
//! same bytes.

use crate::Bench;
use crate::data::seed::{self, Shop};
use crate::measure::child::Server;
use crate::measure::load;
use crate::measure::ready::{self, CONNECTIONS, Warm};
use crate::measure::report::{Goal, Report, plainly};
use bytes::Bytes;
use kefu::config::Place;
use kefu::desk::{Desk, session};

const PATH: &str = "/customservice/kfsession/getsessionlist";
const SIZES: [usize; 2] = [20, 500];

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let place = Place::Folder(bench.folder.join("g2"));
    let desk = seed::open(&place).await?;
    let mut cases = Vec::new();
    for (shop, sessions) in seed::shops(&desk, SIZES.len()).await?.iter().zip(SIZES) {
        seed::agents_online(&desk, shop, 1).await?;
        open_sessions(&desk, shop, sessions).await?;
        let request = request(shop);
        cases.push((sessions, Warm::count(&desk, &request).await?, request));
    }
    seed::leave_them_online(desk, &place)?;
    let product = Server::product(&bench.kefu, &place)?;
    let mut reports = Vec::new();
    for (sessions, warm, request) in cases {
        reports.push(compare(bench, &product, sessions, &warm, request).await?);
    }
    product.stop()?;
    Ok(reports)
}

fn agent(shop: &Shop) -> String {
    format!("kf1@{}", shop.alias)
}

fn request(shop: &Shop) -> Bytes {
    load::get(&format!("{PATH}?access_token={}&kf_account={}", shop.token, agent(shop)))
}

async fn open_sessions(desk: &Desk, shop: &Shop, count: usize) -> anyhow::Result<()> {
    for n in 0..count {
        let created = session::create(desk, &shop.appid, agent(shop), seed::openid(0, n));
        created.await.map_err(seed::plain)?;
    }
    Ok(())
}

async fn compare(
    bench: &Bench,
    product: &Server,
    sessions: usize,
    warm: &Warm,
    request: Bytes,
) -> anyhow::Result<Report> {
    let script = ready::script(product, request, "sessionlist", sessions).await?;
    let rounds = ready::against_constant(bench, product, PATH, &script).await?;
    let title = format!("G2 getsessionlist, {sessions} sessions, {CONNECTIONS} connections");
    let mut report = Report::of(title, &rounds, Goal::AtLeast(0.90))
        .delay("p99", &rounds, |turn| turn.p99_us, None)
        .with_rounds(&rounds);
    report.notes.push(format!("answer    {} bytes, the same from both", script.answers[0].len()));
    report.notes.push(warm.note());
    report.faults = warm.faults();
    report.plain.push(plainly(&format!("getsessionlist of {sessions} sessions"), &rounds, "requests"));
    Ok(report)
}
