//! Removes accounts and workers, after the operator has typed the name.

use super::confirmation::ConfirmationArgs;
use super::{self as operator, CommonArgs};
use crate::admin::Command;
use crate::admin::remove::{RemoveCommand, Subject};
use anyhow::{Context, bail};

/// Shows what will be removed, asks for the name unless it is given, and removes.
pub(in crate::cli) async fn run(
    subject: Subject,
    confirmation: &ConfirmationArgs,
    common: &CommonArgs,
) -> anyhow::Result<()> {
    let name = subject.name().to_owned();
    let typed = match &confirmation.yes_remove {
        Some(given) => given.clone(),
        None => {
            let counts =
                operator::ask(Command::Remove(RemoveCommand::preview(subject.clone())), common).await?;
            eprintln!("{name} would be removed for good, and with it:");
            for (what, count) in counts.as_object().into_iter().flatten() {
                eprintln!("  {what:14}  {count}");
            }
            eprint!("Type {name} to remove it: ");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).context("reading the name")?;
            line.trim().to_owned()
        }
    };
    if typed != name {
        bail!("nothing was removed: {name} must be typed, or given to --yes-remove, exactly");
    }
    operator::run(Command::Remove(RemoveCommand { subject, confirmed: true }), common).await
}
