//! Processor time and memory of processes, and the load by others, read from `/proc`.

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// A turn is noisy if other processes take more than this share of the machine.
pub(crate) const NOISE: f64 = 0.05;
/// How long one sample of the others' share takes.
const LISTEN: Duration = Duration::from_millis(200);

/// The processor times of a process, in ticks; 0 once it is gone.
#[derive(Default)]
struct Times {
    parent: u64,
    own: u64,
    /// The times of its children that have ended.
    children: u64,
}

fn process(pid: &str) -> Times {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in brackets, can contain spaces and brackets.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let number = |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    Times { parent: number(1), own: number(11) + number(12), children: number(13) + number(14) }
}

/// The parent of a process.
pub(crate) fn parent(pid: u32) -> anyhow::Result<u32> {
    Ok(u32::try_from(process(&pid.to_string()).parent)?)
}

/// The parent of the kernel's threads, which write what processes flush.
const KERNEL: u32 = 2;

/// The ticks of the children of some processes.
fn families(parents: &[u32]) -> anyhow::Result<u64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        if let Some(pid) = name.to_str().filter(|name| name.bytes().all(|b| b.is_ascii_digit())) {
            let times = process(pid);
            if parents.iter().any(|parent| u64::from(*parent) == times.parent) {
                ticks += times.own;
            }
        }
    }
    Ok(ticks)
}

/// Resident memory of a process, in bytes; 0 once it is gone.
pub(crate) fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|kib| kib.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0
}

/// The ticks that all processors spent on processes, and those that the host took (steal).
fn busy() -> anyhow::Result<u64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|ticks| ticks.parse().ok()).collect();
    // user, nice, system and steal; idle and iowait are free, and interrupts belong to no process
    [0, 1, 2, 7].iter().map(|field| ticks.get(*field).copied().context("/proc/stat is short")).sum()
}

struct Sample {
    at: Instant,
    server: u64,
    own: u64,
    busy: u64,
}

fn sample(server: u32, database: Option<u32>) -> anyhow::Result<Sample> {
    let me = std::process::id();
    let server_ticks = process(&server.to_string()).own;
    let load = if server == me { 0 } else { process(&me.to_string()).own };
    let database_ticks = database.map_or(0, |pid| {
        let times = process(&pid.to_string());
        times.own + times.children
    });
    let parents: Vec<u32> = database.into_iter().chain([KERNEL]).collect();
    let own = server_ticks + load + database_ticks + families(&parents)?;
    Ok(Sample { at: Instant::now(), server: server_ticks, own, busy: busy()? })
}

/// Watches the machine during a turn.
pub(crate) struct Watch {
    server: u32,
    database: Option<u32>,
    begun: Sample,
}

/// What was spent during a turn.
pub(crate) struct Spent {
    pub(crate) elapsed: Duration,
    /// The server's processor time.
    pub(crate) server_s: f64,
    /// The share of the machine that other processes took.
    pub(crate) others: f64,
    /// Resident memory of the server at the end, in bytes.
    pub(crate) resident: f64,
}

impl Watch {
    /// Watches a server (a child or this process), and the PostgreSQL that it uses.
    pub(crate) fn start(server: u32, database: Option<u32>) -> anyhow::Result<Self> {
        Ok(Watch { server, database, begun: sample(server, database)? })
    }

    pub(crate) fn stop(self) -> anyhow::Result<Spent> {
        let (begun, now) = (self.begun, sample(self.server, self.database)?);
        let elapsed = now.at - begun.at;
        let hz = rustix::param::clock_ticks_per_second() as f64;
        let processors = std::thread::available_parallelism()?.get() as f64;
        let others = (now.busy - begun.busy).saturating_sub(now.own - begun.own) as f64 / hz;
        Ok(Spent {
            elapsed,
            server_s: (now.server - begun.server) as f64 / hz,
            others: others / (elapsed.as_secs_f64() * processors),
            resident: resident(self.server),
        })
    }
}

/// Lets this process and its children open as many files as the system allows, because each stream takes one.
pub(crate) fn raise_open_files() -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}

/// Waits until other processes leave the machine idle, at most for `patience`. Returns the share they took last.
pub(crate) async fn wait_for_silence(patience: Duration) -> anyhow::Result<f64> {
    let begun = Instant::now();
    loop {
        let watch = Watch::start(std::process::id(), None)?;
        tokio::time::sleep(LISTEN).await;
        let others = watch.stop()?.others;
        if others <= NOISE || begun.elapsed() >= patience {
            return Ok(others);
        }
    }
}

/// Describes the machine, for the report.
pub(crate) fn introduce(folder: &Path) -> anyhow::Result<String> {
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
    Ok(format!("{processors} processors; a flush of 16 KiB takes {:.2} ms", flushes[50].as_secs_f64() * 1e3))
}
