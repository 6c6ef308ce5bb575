//! `kefu backup`, `verify`, `restore` and `store move`: all data at once.

use super::print::line;
use crate::config::{Data, Place};
use crate::store::{TableContent, backup, hash};
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub(super) struct BackupArgs {
    /// The file to write; it must not exist.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// The backup.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub(super) struct RestoreArgs {
    /// The backup.
    file: PathBuf,
    #[command(flatten)]
    data: Data,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum StoreSubcommand {
    /// Copy all data to another, empty place: a folder, or a PostgreSQL database. No server may run.
    Move {
        #[command(flatten)]
        data: Data,
        /// A folder, an address postgres://user@host/name, or file:PATH of a file that holds one.
        #[arg(long, value_name = "PLACE")]
        to: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn backup(args: BackupArgs) -> anyhow::Result<()> {
    let place = args.data.place()?;
    let shown = args.file.display().to_string();
    let contents = blocking(move || backup::backup(&place, &args.file)).await?;
    show(&contents, args.json, &format!("{shown} holds"));
    Ok(())
}

pub(super) async fn verify(args: VerifyArgs) -> anyhow::Result<()> {
    let shown = args.file.display().to_string();
    let contents = blocking(move || backup::verify(&args.file)).await?;
    show(&contents, args.json, &format!("{shown} is sound and holds"));
    Ok(())
}

pub(super) async fn restore(args: RestoreArgs) -> anyhow::Result<()> {
    let place = args.data.place()?;
    let contents = blocking(move || backup::restore(&args.file, &place)).await?;
    show(&contents, args.json, "restored:");
    Ok(())
}

pub(super) async fn store(command: StoreSubcommand) -> anyhow::Result<()> {
    let StoreSubcommand::Move { data, to, json } = command;
    let (from, to) = (data.place()?, Place::named(&to)?);
    let contents = blocking(move || backup::relocate(&from, &to)).await?;
    show(&contents, json, "moved:");
    Ok(())
}

/// Runs work that reads and writes for long on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

fn show(contents: &[TableContent], json: bool, what: &str) {
    let rows: u64 = contents.iter().map(|content| content.rows).sum();
    if json {
        let tables: serde_json::Map<_, _> =
            contents.iter().map(|content| (content.table.clone(), content.rows.into())).collect();
        return line(serde_json::json!({"rows": rows, "sha256": hash(contents), "tables": tables}));
    }
    line(format_args!("{what} {rows} rows, sha256 {}", hash(contents)));
    for content in contents.iter().filter(|content| content.rows > 0) {
        line(format_args!("  {:16} {}", content.table, content.rows));
    }
}
