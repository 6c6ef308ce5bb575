//! PostgreSQL restarts while a stream is idle: afterwards the server must be idle again.

use crate::Trial;
use anyhow::{Context, ensure};
use crash::server::Postgres;
use std::time::Duration;

const RESTARTS: usize = 3;
/// By when the server listens to notifications again; it tries once a second.
const LISTENS: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(3);
/// Most processor time per second, milliseconds. A stream that spins takes several hundred.
const MOST_MS: u64 = 150;
/// The length of a tick in `/proc`, milliseconds.
const TICK_MS: u64 = 10;

impl Trial<'_> {
    pub(crate) async fn idles(&self, postgres: &Postgres) -> anyhow::Result<()> {
        let (base, pid) = (self.base()?, self.kefu.as_ref().context("the server runs")?.pid());
        let restarts = async {
            for _ in 0..RESTARTS {
                postgres.stop()?;
                postgres.resume()?;
                self.recovers().await?;
                tokio::time::sleep(LISTENS).await;
            }
            let before = processor_ms(pid)?;
            tokio::time::sleep(MEASURED).await;
            anyhow::Ok((processor_ms(pid)? - before) / MEASURED.as_secs())
        };
        let spent = tokio::select! {
            spent = restarts => spent?,
            ended = self.people.follow(&base) => {
                ended?;
                anyhow::bail!("the stream ended");
            }
        };
        ensure!(spent <= MOST_MS, "after restarts of PostgreSQL idle streams take {spent} ms a second");
        println!(
            "{RESTARTS} restarts of PostgreSQL under an idle stream: then {spent} ms of processor time a second"
        );
        Ok(())
    }
}

/// The processor time of a process, milliseconds.
fn processor_ms(pid: u32) -> anyhow::Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: Vec<u64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<u64>() * TICK_MS)
}
