//! What processes cost, and what else kept the machine busy: read from `/proc`.

use anyhow::Context;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// There is noise when others take more than this share of the machine.
pub(crate) const NOISE: f64 = 0.05;
/// How long to wait until there is none, and how long to listen for it.
const PATIENCE: Duration = Duration::from_secs(4);
const LISTEN: Duration = Duration::from_millis(200);

/// The sum of user and system time of one process, in ticks; 0 when it is gone.
fn process(pid: &str) -> (u64, bool) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |field: usize| fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
    let is_kernels = fields.get(1) == Some(&"2");
    (ticks(11) + ticks(12), is_kernels)
}

/// Ticks of the kernel's own threads: they write what is flushed, for whoever asked.
fn kernel() -> anyhow::Result<u64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        if let Some(pid) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
            && let (spent, true) = process(pid)
        {
            ticks += spent;
        }
    }
    Ok(ticks)
}

/// Ticks all processors spent on processes, and what the machine below took from them.
fn busy() -> anyhow::Result<u64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    // user, nice, system and steal; idle and waiting are free, interrupts are everybody's
    [0, 1, 2, 7].iter().map(|field| ticks.get(*field).copied().context("/proc/stat is short")).sum()
}

struct Sample {
    at: Instant,
    server: u64,
    own: u64,
    busy: u64,
}

fn sample(server: u32) -> anyhow::Result<Sample> {
    let me = std::process::id();
    let (server_ticks, _) = process(&server.to_string());
    let load = if server == me { 0 } else { process(&me.to_string()).0 };
    let own = server_ticks + load + kernel()?;
    Ok(Sample { at: Instant::now(), server: server_ticks, own, busy: busy()? })
}

/// Runs while something is measured.
pub(crate) struct Watch {
    server: u32,
    begun: Sample,
}

/// What was spent meanwhile.
pub(crate) struct Spent {
    pub(crate) elapsed: Duration,
    /// Processor time of the server.
    pub(crate) server_s: f64,
    /// The share of the machine that other processes took.
    pub(crate) others: f64,
}

impl Watch {
    /// Begins to watch a server: a child, or this process.
    pub(crate) fn start(server: u32) -> anyhow::Result<Self> {
        Ok(Watch { server, begun: sample(server)? })
    }

    pub(crate) fn stop(self) -> anyhow::Result<Spent> {
        let (begun, now) = (self.begun, sample(self.server)?);
        let elapsed = now.at - begun.at;
        let hz = rustix::param::clock_ticks_per_second() as f64;
        let processors = std::thread::available_parallelism()?.get() as f64;
        let others = (now.busy - begun.busy).saturating_sub(now.own - begun.own) as f64 / hz;
        Ok(Spent {
            elapsed,
            server_s: (now.server - begun.server) as f64 / hz,
            others: others / (elapsed.as_secs_f64() * processors),
        })
    }
}

/// Waits until others leave the machine alone, or for as long as is bearable.
pub(crate) async fn wait_for_silence() -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let watch = Watch::start(std::process::id())?;
        tokio::time::sleep(LISTEN).await;
        if watch.stop()?.others <= NOISE {
            break;
        }
    }
    Ok(())
}

/// Says where the figures come from.
pub(crate) fn introduce(folder: &Path) -> anyhow::Result<()> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut flushes = Vec::new();
    for _ in 0..100 {
        file.write_all(&[1; 16 << 10])?;
        let begun = Instant::now();
        file.sync_data()?;
        flushes.push(begun.elapsed());
    }
    flushes.sort_unstable();
    let processors = std::thread::available_parallelism()?;
    println!("{processors} processors; a flush of 16 KiB takes {:.2} ms\n", flushes[50].as_secs_f64() * 1e3);
    Ok(())
}
