//! Floods by an anonymous host, which must harm only the host's own calls.

use anyhow::{Context, ensure};
use crash::flood::{Attack, CUSTOMER_MIB_PER_DAY, Ground, Outcome, Times, name, trial};
use std::path::Path;
use std::time::Duration;

/// The number of changes in the feed of the flooded account.
const CHANGES: usize = 6_000;
/// How long honest load runs before and beside each flood. The first run shows what the load itself needs.
const TIMES: Times = Times { idle: Duration::from_millis(1_500), flooded: Duration::from_secs(4) };
/// Most memory that a flood may take, bytes.
const MEMORY_MAX: u64 = 192 << 20;
/// Most disk that a flood may take, bytes: one customer's pictures of a day, the database, honest uploads, and files
/// that are being stored.
const DISK_MAX: u64 = (CUSTOMER_MIB_PER_DAY + 128) << 20;

/// The names of all floods.
pub(crate) fn names() -> Vec<&'static str> {
    Attack::ALL.iter().map(|attack| attack.name()).chain([name(&Attack::ALL)]).collect()
}

/// Runs each attack alone and all at once, or those with these names.
pub(crate) async fn on_sqlite(kefu: &Path, only: &[String]) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let ground = Ground::prepare(kefu, folder.path(), CHANGES).await?;
    let each = Attack::ALL.iter().map(std::slice::from_ref).chain([Attack::ALL.as_slice()]);
    let mut wrong = Vec::new();
    for attacks in each {
        let name = name(attacks);
        if !only.is_empty() && !only.iter().any(|one| one == name) {
            continue;
        }
        let outcome = trial(&ground, attacks, TIMES).await.with_context(|| name)?;
        println!("{name}: {}", describe(&outcome));
        wrong.extend(
            violations(attacks, &outcome).into_iter().map(|violation| format!("{name}: {violation}")),
        );
    }
    ensure!(wrong.is_empty(), "{} violations: {wrong:#?}", wrong.len());
    Ok(())
}

fn describe(outcome: &Outcome) -> String {
    let Outcome { idle, flooded, memory, disk, .. } = outcome;
    format!(
        "{} of {} honest calls refused, p99 {:.1?} ({:.1?} idle); /healthz {:.1?} at worst, {} of {} unanswered; \
         {} MiB of memory and {} MiB of disk more",
        flooded.refused.len(),
        flooded.calls(),
        flooded.within(0.99),
        idle.within(0.99),
        flooded.health_worst,
        flooded.health.1,
        flooded.health.0 + flooded.health.1,
        memory >> 20,
        disk >> 20,
    )
}

fn violations(attacks: &[Attack], outcome: &Outcome) -> Vec<String> {
    let refused = &outcome.flooded.refused;
    let mut wrong = Vec::new();
    if let Some(first) = refused.first() {
        wrong.push(format!("{} honest calls were refused, first {first}", refused.len()));
    }
    if !outcome.idle.refused.is_empty() {
        wrong.push(format!("honest calls were refused before: {:?}", outcome.idle.refused));
    }
    if outcome.flooded.health.1 > 0 {
        wrong.push(format!("/healthz was not answered {} times", outcome.flooded.health.1));
    }
    if outcome.memory > MEMORY_MAX {
        wrong.push(format!("memory grew by {} MiB, {} are allowed", outcome.memory >> 20, MEMORY_MAX >> 20));
    }
    if outcome.disk > DISK_MAX {
        wrong.push(format!("the disk holds {} MiB more, {} are allowed", outcome.disk >> 20, DISK_MAX >> 20));
    }
    let (snapshots, writes) = outcome.snapshots_and_writes;
    if attacks == [Attack::Snapshots] && writes > snapshots {
        wrong.push(format!("{snapshots} snapshots of one customer and honest calls made {writes} writes"));
    }
    wrong.extend(outcome.taken.iter().map(|taken| format!("not free afterwards: {taken}")));
    wrong
}
