//! One trial: a server of its own, people who come, then the flood beside them, then whether everything is free again.

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
/// How long a flood runs before people are measured beside it.
const RAMP: Duration = Duration::from_secs(1);
/// How long people go on at a time until pictures are sent.
const MORE: Duration = Duration::from_secs(1);
/// By when everything must be free again.
const FREE: Duration = Duration::from_secs(30);
/// What people have open besides their calls: a workbench and a customer's page.
const STREAMS: f64 = 2.0;

/// How long people act alone, and how long beside the flood.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Alone.
    pub idle: Duration,
    /// Beside the flood.
    pub flooded: Duration,
}

/// What came of a trial.
#[derive(Debug)]
pub struct Outcome {
    /// Honest calls before the flood.
    pub idle: Load,
    /// Honest calls beside it.
    pub flooded: Load,
    /// Bytes of memory that the server had more than before, at most.
    pub memory: u64,
    /// Bytes on the disk more than before.
    pub disk: u64,
    /// Customers' pages that were loaded, and verbs that were committed, if everything was free afterwards.
    pub snapshots_and_writes: (f64, f64),
    /// What was not free afterwards.
    pub taken: Vec<String>,
}

/// What one attack, or several at once, are called.
#[must_use]
pub fn name(attacks: &[Attack]) -> &'static str {
    match attacks {
        [one] => one.name(),
        _ => "all-together",
    }
}

/// Floods a server of its own beside honest people.
///
/// # Errors
/// When the server does not start or people cannot come; what the flood does is in the outcome.
pub async fn trial(ground: &Ground, attacks: &[Attack], times: Times) -> anyhow::Result<Outcome> {
    // A port that is free now.
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
    // However slow this machine is: what the disk holds is known once all was sent.
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

/// Waits until as little is open as before the flood.
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
