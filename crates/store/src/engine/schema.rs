//! The tables of an empty SQLite database, made by one file instead of all migrations. SQLite reads the whole schema
//! again for each of their `alter table`, which was half of the time to the first answer.

use super::migrate;
use anyhow::Context;
use rusqlite::{Connection, params};

/// Every table and index after the last migration, in the order in which they were made. A test writes it.
const TABLES: &str = include_str!("../../schema/sqlite.sql");

/// Migrates an SQLite database to this program's version.
pub(crate) fn run(conn: &mut Connection) -> anyhow::Result<()> {
    make_tables(conn)?;
    migrate::run(conn)
}

/// Makes the tables and notes all migrations as applied, if the database has no tables.
fn make_tables(conn: &mut Connection) -> anyhow::Result<()> {
    let is_empty: bool =
        conn.query_row("select not exists (select 1 from sqlite_schema)", [], |row| row.get(0))?;
    if !is_empty {
        return Ok(());
    }
    let tx = conn.transaction()?;
    tx.execute_batch(TABLES).context("making the tables")?;
    let mut insert = tx.prepare(
        "insert into refinery_schema_history (version, name, applied_on, checksum)
         values (?1, ?2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?3)",
    )?;
    for file in migrate::all() {
        insert.execute(params![file.version(), file.name(), file.checksum().to_string()])?;
    }
    drop(insert);
    Ok(tx.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the file begins.
    const PREAMBLE: &str = "-- Every table and index of this version, as the migrations leave them. Do not edit:\n\
                            -- KEFU_BLESS=1 cargo test -p kefu-store schema\n";

    fn statements(conn: &Connection) -> Vec<String> {
        let sql = "select sql from sqlite_schema where sql is not null order by rowid";
        let mut rows = conn.prepare(sql).expect("a statement");
        let texts = rows.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>();
        texts.expect("texts")
    }

    /// The statement with one column on each line: SQLite keeps the text of a migration, and appends the columns that
    /// `alter table` adds.
    fn in_lines(statement: &str) -> String {
        let (mut text, mut depth) = (String::new(), 0);
        let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        let words = words.replace(" ,", ",").replace(" )", ")").replace("( ", "(");
        if !words.starts_with("CREATE TABLE") {
            return format!("{words};\n");
        }
        for (at, next) in words.char_indices() {
            let last = at + 1 == words.len();
            depth += i32::from(next == '(') - i32::from(next == ')');
            match next {
                '(' if depth == 1 => text.push_str("(\n    "),
                ',' if depth == 1 => text.push_str(",\n    "),
                ')' if last => text.push_str("\n);\n"),
                ' ' if text.ends_with("    ") => {}
                _ => text.push(next),
            }
        }
        text
    }

    fn rows(conn: &Connection, table: &str) -> i64 {
        let sql = ["select count(*) from ", table].concat();
        conn.query_row(&sql, [], |row| row.get(0)).expect("a count")
    }

    #[test]
    fn the_file_makes_what_the_migrations_make() {
        let mut migrated = Connection::open_in_memory().expect("a database");
        migrate::run(&mut migrated).expect("migrated");
        let wanted: String = statements(&migrated).iter().map(|statement| in_lines(statement)).collect();
        let file = format!("{PREAMBLE}{wanted}");
        if option_env!("KEFU_BLESS").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/sqlite.sql");
            std::fs::write(path, &file).expect("written");
        } else {
            assert!(
                TABLES == file,
                "schema/sqlite.sql is stale: KEFU_BLESS=1 cargo test -p kefu-store schema"
            );
        }

        let made = Connection::open_in_memory().expect("a database");
        made.execute_batch(&file).expect("tables");
        let made_statements: Vec<String> = statements(&made).iter().map(|text| in_lines(text)).collect();
        assert!(made_statements.concat() == wanted, "the file loses something");

        // No migration leaves a row in an empty database that the file would have to insert.
        let tables =
            "select name from sqlite_schema where type = 'table' and name <> 'refinery_schema_history'";
        let mut names = migrated.prepare(tables).expect("a statement");
        let names = names.query_map([], |row| row.get::<_, String>(0)).expect("rows");
        for name in names.map(|name| name.expect("a name")) {
            assert_eq!(rows(&migrated, &name), 0, "{name} is not empty after the migrations");
        }
    }

    #[test]
    fn migrations_find_nothing_to_do_in_made_tables() {
        let mut conn = Connection::open_in_memory().expect("a database");
        make_tables(&mut conn).expect("made");
        let applied = rows(&conn, "refinery_schema_history");
        migrate::run(&mut conn).expect("verified");
        migrate::ensure_current(&mut conn).expect("current");
        assert_eq!(rows(&conn, "refinery_schema_history"), applied, "a migration ran again");
        make_tables(&mut conn).expect("nothing to make");
    }
}
