//! Floods of an anonymous host: whoever floods harms only their own calls.

use anyhow::{Context, ensure};
use std::path::Path;
use std::time::Duration;
use trouble::flood::{Attack, Ground, Outcome, Times, name, trial};

/// Changes in the feed of the account that is flooded.
const CHANGES: usize = 6_000;
/// People come and are served before each flood, so that what they need themselves is no growth.
const TIMES: Times = Times { idle: Duration::from_millis(1_500), flooded: Duration::from_secs(4) };
/// The most memory and disk that a flood may take. Disk: what one customer may send in a day, and the database beside it.
const MEMORY_MAX: u64 = 192 << 20;
const DISK_MAX: u64 = 512 << 20;

/// The names of what can be tried.
pub(crate) fn names() -> Vec<&'static str> {
    Attack::ALL.iter().map(|attack| attack.name()).chain([name(&Attack::ALL)]).collect()
}

/// Each attack alone, and all at once; or those with these names.
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
        println!("{name}: {}", told(&outcome));
        wrong.extend(violations(&outcome).into_iter().map(|violation| format!("{name}: {violation}")));
    }
    ensure!(wrong.is_empty(), "{} violations: {wrong:#?}", wrong.len());
    Ok(())
}

fn told(outcome: &Outcome) -> String {
    let (calls, refused) = (outcome.flooded.calls(), outcome.flooded.refused.len());
    let (memory, disk) = (outcome.memory >> 20, outcome.disk >> 20);
    let (healthy, not) = outcome.flooded.health;
    format!(
        "{refused} of {calls} honest calls refused; /healthz {healthy} times answered, {not} times not; \
         {memory} MiB of memory and {disk} MiB of disk more"
    )
}

fn violations(outcome: &Outcome) -> Vec<String> {
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
    wrong.extend(outcome.taken.iter().map(|taken| format!("not free afterwards: {taken}")));
    wrong
}
