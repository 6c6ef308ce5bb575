//! Migrations: numbered SQL files that make and change the tables of either engine, each applied once.

use anyhow::{Context, bail, ensure};
use refinery::error::Kind;
use refinery::{Migrate, Migration, SchemaVersion};

mod files {
    refinery::embed_migrations!("migrations");
}

/// Migrates the tables to this program's version.
pub(crate) fn run<C: Migrate>(conn: &mut C) -> anyhow::Result<()> {
    let runner =
        files::migrations::runner().set_grouped(true).set_abort_divergent(true).set_abort_missing(true);
    let Err(error) = runner.run(conn) else { return Ok(()) };
    if !matches!(error.kind(), Kind::MissingVersion(_)) {
        return Err(error).context("migrating the tables");
    }
    bail!(newer(applied_version(conn)?))
}

/// All migrations of this program.
pub(crate) fn all() -> Vec<Migration> {
    files::migrations::runner().get_migrations().clone()
}

fn latest_version() -> SchemaVersion {
    all().iter().map(Migration::version).max().unwrap_or(0)
}

fn applied_version<C: Migrate>(conn: &mut C) -> anyhow::Result<SchemaVersion> {
    let last = files::migrations::runner().get_last_applied_migration(conn)?;
    Ok(last.map_or(0, |applied| applied.version()))
}

fn newer(theirs: SchemaVersion) -> String {
    format!(
        "the tables have version {theirs}, and this program knows versions up to {}: \
         run the newer Kefu that wrote them",
        latest_version()
    )
}

/// Fails if the tables have another version than this program's.
pub(crate) fn ensure_current<C: Migrate>(conn: &mut C) -> anyhow::Result<()> {
    let theirs = applied_version(conn).context("this database has no tables of Kefu")?;
    ensure!(theirs <= latest_version(), newer(theirs));
    ensure!(
        theirs == latest_version(),
        "the tables have version {theirs}, and this program has {}: run the Kefu that wrote them, or let `kefu serve` \
         migrate them",
        latest_version()
    );
    Ok(())
}
