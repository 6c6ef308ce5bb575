//! The tables, made and changed by numbered files that run once each, on either engine.

use anyhow::{Context, bail, ensure};
use refinery::error::Kind;
use refinery::{Migrate, SchemaVersion};

mod files {
    refinery::embed_migrations!("migrations");
}

/// Brings the tables to this program's version.
pub(crate) fn run<C: Migrate>(conn: &mut C) -> anyhow::Result<()> {
    let runner =
        files::migrations::runner().set_grouped(true).set_abort_divergent(true).set_abort_missing(true);
    let Err(error) = runner.run(conn) else { return Ok(()) };
    if !matches!(error.kind(), Kind::MissingVersion(_)) {
        return Err(error).context("migrating the tables");
    }
    bail!(newer(theirs(conn)?))
}

fn ours() -> SchemaVersion {
    files::migrations::runner().get_migrations().iter().map(|file| file.version()).max().unwrap_or(0)
}

fn theirs<C: Migrate>(conn: &mut C) -> anyhow::Result<SchemaVersion> {
    let last = files::migrations::runner().get_last_applied_migration(conn)?;
    Ok(last.map_or(0, |applied| applied.version()))
}

fn newer(theirs: SchemaVersion) -> String {
    format!(
        "the data has tables of version {theirs}, and this program knows them up to version {}: \
         run the newer Kefu that wrote them",
        ours()
    )
}

/// Refuses tables of another version than this program's.
pub(crate) fn ensure_current<C: Migrate>(conn: &mut C) -> anyhow::Result<()> {
    let theirs = theirs(conn).context("this holds no data of Kefu's")?;
    ensure!(theirs <= ours(), newer(theirs));
    ensure!(
        theirs == ours(),
        "the data has tables of version {theirs}, and this program's are of version {}: run the Kefu that wrote them, \
         or let `kefu serve` bring them up to date",
        ours()
    );
    Ok(())
}
