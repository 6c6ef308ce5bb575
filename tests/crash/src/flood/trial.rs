//! One trial: a server of its own, the honest load alone, then beside the flood, and a check that all is free again.

use super::attack::Attack;
use super::host::PROXY;
use super::people::{Load, People};
use super::watch::{self, MemoryWatch, Open};
use super::{Flood, Ground};
use crate::server::{self, Kefu};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Mebibytes of pictures that a customer may send in a day.
pub const CUSTOMER_MIB_PER_DAY: u64 = 100;
/// How long a flood runs before the honest load is measured.
const RAMP: Duration = Duration::from_secs(1);
/// How long the load goes on at a time until all pictures are sent.
const MORE: Duration = Duration::from_secs(1);
/// By when all must be free again.
const FREE: Duration = Duration::from_secs(30);
/// The streams of the honest load: a workbench and a customer's page.
const STREAMS: f64 = 2.0;

/// How long the honest load runs alone, and beside the flood.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Alone.
    pub idle: Duration,
    /// Beside the flood.
    pub flooded: Duration,
}

/// The result of a trial.
#[derive(Debug)]
pub struct Outcome {
    /// Honest calls before the flood.
    pub idle: Load,
    /// Honest calls beside it.
    pub flooded: Load,
    /// The most memory that the server took more than before, bytes.
    pub memory: u64,
    /// The disk that it took more than before, bytes.
    pub disk: u64,
    /// The numbers of customers' pages loaded and of verbs committed, if all was free afterwards.
    pub snapshots_and_writes: (f64, f64),
    /// What was not free afterwards.
    pub taken: Vec<String>,
}

/// The name of one attack or of several at once.
#[must_use]
pub fn name(attacks: &[Attack]) -> &'static str {
    match attacks {
        [one] => one.name(),
        _ => "all-together",
    }
}

/// Runs one trial.
///
/// # Errors
/// If the server does not start or the honest load cannot begin. The effects of the flood are in the outcome.
pub async fn trial(ground: &Ground, attacks: &[Attack], times: Times) -> anyhow::Result<Outcome> {
    // A port that is free at this moment.
    let metrics = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = server::limited(&ground.program, &ground.folder, &settings(attacks, metrics));
    command.env("KEFU_CUSTOMER_FILES_MIB_PER_DAY", CUSTOMER_MIB_PER_DAY.to_string());
    let kefu = Kefu::start(command)?;
    let people = People::meet(&kefu.base).await?;
    let idle = people.act(times.idle).await?;
    let (memory, disk) = (watch::resident(kefu.pid())?, watch::disk(&ground.folder));
    let watched = MemoryWatch::begin(kefu.pid());
    let open = Open::of(kefu.pid(), metrics).await?;
    let flood = Flood::begin(attacks, ground.target(&kefu.base)?);
    sleep(RAMP).await;
    let mut flooded = people.act(times.flooded).await?;
    // On a slow machine this takes longer: the disk can be checked once all pictures are sent.
    while attacks.contains(&Attack::PicturesPerCustomer) && !flood.has_sent_pictures() {
        flooded = flooded.and(&people.act(MORE).await?);
    }
    flood.end().await?;
    let most = watched.end();
    let mut taken = people.act_once().await;
    let snapshots_and_writes = match is_free(open, kefu.pid(), metrics).await {
        Ok(now) => (now.snapshots - open.snapshots, now.writes - open.writes),
        Err(error) => {
            taken.push(error.to_string());
            (0.0, 0.0)
        }
    };
    let disk = watch::disk(&ground.folder).saturating_sub(disk);
    let memory = most.saturating_sub(memory);
    Ok(Outcome { idle, flooded, memory, disk, snapshots_and_writes, taken })
}

fn settings(attacks: &[Attack], metrics: SocketAddr) -> Vec<String> {
    let mut settings = vec![
        "--answers-mib=1".to_owned(),
        format!("--metrics-listen={metrics}"),
        format!("--trusted-proxy={PROXY}"),
    ];
    if let [alone] = attacks {
        settings.extend(alone.settings().iter().map(|setting| (*setting).to_owned()));
    }
    settings
}

/// Waits until no more is open than before the flood.
async fn is_free(before: Open, pid: u32, metrics: SocketAddr) -> anyhow::Result<Open> {
    let begun = Instant::now();
    loop {
        let now = Open::of(pid, metrics).await?;
        if now.streams <= STREAMS && now.sockets <= before.sockets {
            return Ok(now);
        }
        anyhow::ensure!(begun.elapsed() < FREE, "{now:?} after {FREE:?}, {before:?} before");
        sleep(Duration::from_millis(200)).await;
    }
}
