//! G1: `getonlinekflist` of 100 agents, authenticated and warm, against an axum handler that answers
//! the same bytes.

use crate::Bench;
use crate::child::Server;
use crate::load::{self, Script, Until};
use crate::machine::{self, Watch};
use crate::report::Report;
use crate::round::{Rounds, Turn};
use crate::seed::{self, Shop};
use anyhow::ensure;
use bytes::Bytes;
use kefu::config::Settings;
use kefu::desk::Desk;
use kefu::listen::Room;
use kefu::state::App;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

const PATH: &str = "/cgi-bin/customservice/getonlinekflist";
const AGENTS: usize = 100;
const CONNECTIONS: usize = 64;
/// Turns are short and rounds many: a machine's pace drifts from one second to the next.
const TURN: Duration = Duration::from_millis(700);
const ROUNDS: usize = 2;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Report> {
    let folder = bench.folder.join("g1");
    let (shop, calls, verbs) = {
        let desk = seed::open(&folder).await?;
        let shop = seed::shops(&desk, 1).await?.remove(0);
        seed::agents_online(&desk, &shop, AGENTS).await?;
        let (calls, verbs) = verbs_of_warm_calls(&desk, &shop).await?;
        (shop, calls, verbs)
    };
    let product = Server::product(&bench.kefu, &folder)?;
    let script = Arc::new(script(&shop, &product).await?);
    let answer = bench.folder.join("answer");
    std::fs::write(&answer, &script.answer)?;
    let baseline = Server::constant(PATH, &answer)?;
    let rounds = Rounds::run(
        bench.rounds * ROUNDS,
        async || turn(&product, &script).await,
        async || turn(&baseline, &script).await,
    );
    let rounds = rounds.await?;
    product.stop()?;
    baseline.stop()?;
    let title = format!("G1 getonlinekflist, {AGENTS} agents online, {CONNECTIONS} connections");
    let (bytes, mut faults) = (script.answer.len(), Vec::new());
    if verbs > 0 {
        faults.push(format!("{calls} warm requests ran {verbs} verbs; none must run SQL"));
    }
    let notes = vec![
        format!("answer    {bytes} bytes, the same from both"),
        format!("SQL       {verbs} verbs for {calls} warm requests; no statement runs outside a verb"),
    ];
    Ok(Report { title, rounds, speed_goal: 0.90, economy_goal: Some(0.85), notes, faults })
}

fn request(shop: &Shop) -> Bytes {
    load::get(&format!("{PATH}?access_token={}", shop.token))
}

/// The product's answer, which lists everybody, is what both must say from then on.
async fn script(shop: &Shop, product: &Server) -> anyhow::Result<Script> {
    let mut script = Script { requests: vec![request(shop)], answer: Bytes::new() };
    let mut connection = load::connect(product.address, 1, &Arc::default()).await?;
    let answer = connection[0].ask(&script.requests[0]).await?;
    let said: serde_json::Value = serde_json::from_slice(answer)?;
    let agents = said["kf_online_list"].as_array().map_or(0, Vec::len);
    ensure!(agents == AGENTS, "{agents} agents are online: {said}");
    script.answer = Bytes::copy_from_slice(answer);
    Ok(script)
}

async fn turn(server: &Server, script: &Arc<Script>) -> anyhow::Result<Turn> {
    machine::wait_for_silence().await?;
    let connections = load::connect(server.address, CONNECTIONS, script).await?;
    let (connections, _) = load::run(connections, Until::Time(TURN / 5)).await?;
    let watch = Watch::start(server.pid())?;
    let (_, tally) = load::run(connections, Until::Time(TURN)).await?;
    Ok(Turn::new(&tally, &watch.stop()?))
}

/// How many verbs the store runs for warm requests: the real router and listener in this process, for
/// the counter is the store's own.
async fn verbs_of_warm_calls(desk: &Desk, shop: &Shop) -> anyhow::Result<(usize, u64)> {
    let app = App::new(desk.clone(), Settings::default());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(kefu::listen::serve(
        listener,
        kefu::app::router(app.clone()),
        Room::of(0),
        app.stop.clone(),
    ));
    let mut first = load::connect(address, 1, &Arc::default()).await?;
    let answer = Bytes::copy_from_slice(first[0].ask(&request(shop)).await?);
    let before = desk.store.verbs();
    ensure!(before > 0, "the counter of verbs does not count");
    let script = Arc::new(Script { requests: vec![request(shop)], answer });
    let (_, tally) = load::run(load::connect(address, 8, &script).await?, Until::Number(0, 5000)).await?;
    let verbs = desk.store.verbs() - before;
    app.stop.cancel();
    drop(first);
    serving.await?;
    Ok((tally.calls, verbs))
}
