//! The tables, made and changed by numbered files that run once each, on either engine.

use anyhow::{Context, bail};
use refinery::Migrate;
use refinery::error::Kind;

mod files {
    refinery::embed_migrations!("migrations");
}

/// Brings the tables to this program's version.
pub(super) fn run<C: Migrate>(conn: &mut C) -> anyhow::Result<()> {
    let runner =
        files::migrations::runner().set_grouped(true).set_abort_divergent(true).set_abort_missing(true);
    let Err(error) = runner.run(conn) else { return Ok(()) };
    if !matches!(error.kind(), Kind::MissingVersion(_)) {
        return Err(error).context("migrating the tables");
    }
    let ours = runner.get_migrations().iter().map(|file| file.version()).max().unwrap_or(0);
    let theirs = runner.get_last_applied_migration(conn)?.map_or(0, |applied| applied.version());
    bail!(
        "the data has tables of version {theirs}, and this program knows them up to version {ours}: \
         run the newer Kefu that wrote them"
    )
}
