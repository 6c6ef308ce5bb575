//! Copies all rows of a store into another one and hashes them, in an order that does not depend on the engine.

use crate::engine::postgres::client::row;
use crate::engine::schema;
use crate::engine::sqlite::cell;
use crate::engine::tx::Cell;
use ::postgres::Client;
use ::postgres::fallible_iterator::FallibleIterator as _;
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::io::Write as _;

/// Tables about this store alone: its epoch, its nodes and their leases.
const NOT_COPIED: [&str; 3] = ["epoch", "holder", "node"];

/// A table, as both engines have it.
pub(super) struct Table {
    name: String,
    columns: Vec<String>,
    /// The columns of its key, in order, and whether each is a text.
    key: Vec<(String, bool)>,
}

/// The tables of this program's version, by name.
pub(super) fn tables() -> anyhow::Result<Vec<Table>> {
    let mut model = rusqlite::Connection::open_in_memory()?;
    schema::run(&mut model)?;
    let sql = "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'
        and name <> 'refinery_schema_history' order by name";
    let names: Vec<String> =
        model.prepare(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let kept = names.into_iter().filter(|name| !NOT_COPIED.contains(&name.as_str()));
    kept.map(|name| table(&model, name)).collect()
}

fn table(model: &rusqlite::Connection, name: String) -> anyhow::Result<Table> {
    let mut statement = model.prepare("select name, type, pk from pragma_table_info($1) order by cid")?;
    let columns: Vec<(String, String, i64)> = statement
        .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut key: Vec<_> = columns.iter().filter(|(_, _, place)| *place > 0).collect();
    key.sort_by_key(|(_, _, place)| *place);
    let key = key.into_iter().map(|(column, kind, _)| (column.clone(), kind == "text")).collect();
    Ok(Table { name, columns: columns.into_iter().map(|(column, _, _)| column).collect(), key })
}

impl Table {
    /// Deletes all rows.
    pub(super) fn delete(&self) -> String {
        format!("delete from {}", self.name)
    }

    /// Selects all rows in the byte order of their keys, which is the same for every engine and locale.
    fn select(&self, collation: &str) -> String {
        let order: Vec<_> = self
            .key
            .iter()
            .map(|(column, is_text)| if *is_text { format!("{column} {collation}") } else { column.clone() })
            .collect();
        format!("select {} from {} order by {}", self.columns.join(", "), self.name, order.join(", "))
    }
}

/// Takes one row.
pub(super) type Each<'e> = dyn FnMut(&[Cell]) -> anyhow::Result<()> + 'e;
/// Passes all rows on, one after the other.
type All<'a> = dyn FnMut(&mut Each<'_>) -> anyhow::Result<()> + 'a;

/// A store that is copied from or to, inside a transaction.
pub(super) trait Database {
    fn read(&mut self, table: &Table, each: &mut Each<'_>) -> anyhow::Result<()>;
    fn write(&mut self, table: &Table, all: &mut All<'_>) -> anyhow::Result<()>;
    fn is_empty(&mut self, table: &Table) -> anyhow::Result<bool>;
}

impl Database for rusqlite::Connection {
    fn read(&mut self, table: &Table, each: &mut Each<'_>) -> anyhow::Result<()> {
        let mut statement = self.prepare(&table.select("collate binary"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let cells: Result<Vec<_>, _> =
                (0..table.columns.len()).map(|column| cell(row.get_ref(column)?)).collect();
            each(&cells.map_err(|error| anyhow::anyhow!("{error}"))?)?;
        }
        Ok(())
    }

    fn write(&mut self, table: &Table, all: &mut All<'_>) -> anyhow::Result<()> {
        let places: Vec<_> = (1..=table.columns.len()).map(|place| format!("?{place}")).collect();
        let columns = table.columns.join(", ");
        let sql = format!("insert into {} ({columns}) values ({})", table.name, places.join(", "));
        let mut statement = self.prepare(&sql)?;
        all(&mut |cells| {
            for (place, cell) in cells.iter().enumerate() {
                match cell {
                    Cell::Int(int) => statement.raw_bind_parameter(place + 1, int)?,
                    Cell::Text(text) => statement.raw_bind_parameter(place + 1, text)?,
                }
            }
            statement.raw_execute()?;
            Ok(())
        })
    }

    fn is_empty(&mut self, table: &Table) -> anyhow::Result<bool> {
        Ok(!self.prepare(&format!("select 1 from {} limit 1", table.name))?.exists([])?)
    }
}

impl Database for Client {
    fn read(&mut self, table: &Table, each: &mut Each<'_>) -> anyhow::Result<()> {
        let mut rows = self.query_raw(&table.select("collate \"C\""), Vec::<i64>::new())?;
        while let Some(next) = rows.next()? {
            each(&row(&next).map_err(|error| anyhow::anyhow!("{error}"))?.0)?;
        }
        Ok(())
    }

    fn write(&mut self, table: &Table, all: &mut All<'_>) -> anyhow::Result<()> {
        let sql = format!("copy {} ({}) from stdin", table.name, table.columns.join(", "));
        let mut rows = self.copy_in(&sql)?;
        all(&mut |cells| Ok(rows.write_all(copy_line(cells).as_bytes())?))?;
        rows.finish()?;
        Ok(())
    }

    fn is_empty(&mut self, table: &Table) -> anyhow::Result<bool> {
        Ok(self.query_opt(&format!("select 1 from {} limit 1", table.name), &[])?.is_none())
    }
}

/// A row in the text format of PostgreSQL's `copy`.
fn copy_line(cells: &[Cell]) -> String {
    let shown: Vec<_> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Int(int) => int.to_string(),
            Cell::Text(text) => {
                text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
            }
        })
        .collect();
    shown.join("\t") + "\n"
}

/// The content of a table, as a hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableContent {
    /// The table's name.
    pub table: String,
    /// The number of rows.
    pub rows: u64,
    /// SHA-256 over the rows in the order of their keys, in hexadecimal; the same on every engine.
    pub sha256: String,
}

/// One hash over several tables.
#[must_use]
pub fn hash(contents: &[TableContent]) -> String {
    let mut all = Sha256::new();
    for content in contents {
        all.update(format!("{} {} {}\n", content.table, content.rows, content.sha256));
    }
    crate::clock::hex(&all.finalize())
}

/// Reads and hashes all rows of `from`, and writes them into `to` if it is given.
pub(super) fn run(
    tables: &[Table],
    from: &mut dyn Database,
    mut to: Option<&mut dyn Database>,
) -> anyhow::Result<Vec<TableContent>> {
    let mut contents = Vec::new();
    for table in tables {
        let (mut rows, mut sha256) = (0, Sha256::new());
        let mut all = |each: &mut Each<'_>| {
            from.read(table, &mut |cells| {
                rows += 1;
                cells.iter().for_each(|cell| add(&mut sha256, cell));
                each(cells)
            })
        };
        match &mut to {
            Some(to) => to.write(table, &mut all),
            None => all(&mut |_| Ok(())),
        }
        .with_context(|| format!("copying the table {}", table.name))?;
        contents.push(TableContent {
            table: table.name.clone(),
            rows,
            sha256: crate::clock::hex(&sha256.finalize()),
        });
    }
    Ok(contents)
}

fn add(sha256: &mut Sha256, cell: &Cell) {
    match cell {
        Cell::Int(int) => {
            sha256.update(b"i");
            sha256.update(int.to_be_bytes());
        }
        Cell::Text(text) => {
            sha256.update(b"t");
            sha256.update((text.len() as u64).to_be_bytes());
            sha256.update(text);
        }
    }
}
