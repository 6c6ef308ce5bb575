//! A server's memory, disk, and open streams and sockets.

use anyhow::{Context, ensure};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The time between two samples of memory.
const EVERY: Duration = Duration::from_millis(20);

/// Resident memory of a process, in bytes.
pub(super) fn resident(pid: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("its memory")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse::<u64>()? << 10)
}

/// Watches a process for its most resident memory.
pub(super) struct MemoryWatch {
    most: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl MemoryWatch {
    pub(super) fn begin(pid: u32) -> Self {
        let most = Arc::<AtomicU64>::default();
        let seen = most.clone();
        let task = tokio::spawn(async move {
            while let Ok(now) = resident(pid) {
                seen.fetch_max(now, Ordering::Relaxed);
                tokio::time::sleep(EVERY).await;
            }
        });
        MemoryWatch { most, task }
    }

    pub(super) fn end(self) -> u64 {
        self.task.abort();
        self.most.load(Ordering::Relaxed)
    }
}

/// The bytes of all files in a folder.
pub(super) fn disk(folder: &Path) -> u64 {
    let mut bytes = 0;
    // A file can be removed meanwhile; then it counts as empty.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        bytes += match entry.metadata() {
            Ok(it) if it.is_dir() => disk(&entry.path()),
            Ok(it) => it.len(),
            Err(_) => 0,
        };
    }
    bytes
}

/// What a server has open, and counters of what it has done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Open {
    /// Open streams, by `/metrics`.
    pub(super) streams: f64,
    /// Open sockets, by `/proc`.
    pub(super) sockets: usize,
    /// Customers' pages that were loaded.
    pub(super) snapshots: f64,
    /// Verbs that were committed.
    pub(super) writes: f64,
}

impl Open {
    pub(super) async fn of(pid: u32, metrics: SocketAddr) -> anyhow::Result<Self> {
        let sockets = sockets(pid)?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
        let text = http.get(format!("http://{metrics}/metrics")).send().await?.text().await?;
        let (streams, writes) = (sum(&text, "kefu_streams")?, sum(&text, "kefu_store_batch_verbs_sum")?);
        // A counter that never counted is not in the metrics.
        let snapshots = sum(&text, r#"kefu_requests_total{endpoint="chat/snapshot""#).unwrap_or_default();
        Ok(Open { streams, sockets, snapshots, writes })
    }
}

fn sockets(pid: u32) -> anyhow::Result<usize> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).context("the server is gone")?;
    let is_socket = |path: PathBuf| path.to_str().is_some_and(|path| path.starts_with("socket:"));
    // A file can be closed meanwhile.
    Ok(files.flatten().filter(|file| fs::read_link(file.path()).is_ok_and(is_socket)).count())
}

/// The sum of a metric over all its labels but the named ones.
fn sum(text: &str, name: &str) -> anyhow::Result<f64> {
    let samples = text.lines().filter_map(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ',', ' ']))?;
        rest.rsplit(' ').next()?.parse::<f64>().ok()
    });
    let samples: Vec<f64> = samples.collect();
    ensure!(!samples.is_empty(), "there is no {name} in /metrics");
    Ok(samples.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn a_gauge_is_summed_over_its_labels() {
        let text = "# HELP kefu_streams x\nkefu_streams{of=\"desk\"} 1\nkefu_streams{of=\"chat\"} 2\n\
                    kefu_streams_x 9\n";
        assert_eq!(sum(text, "kefu_streams").unwrap(), 3.0);
        assert!(sum(text, "kefu_connections").is_err());
    }
}
