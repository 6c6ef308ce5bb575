//! Connections to PostgreSQL, which are opened when they are needed, and again after they were lost.
//!
//! The client crate panics if a client is made or dropped inside an async runtime, so each lives on a thread outside.

use super::address::Address;
use super::pipelined_connection::PipelinedConnection;
use crate::engine::tx::{Cell, Conn, Row, Value};
use crate::error::Error;
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Statement};
use anyhow::Context;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long no connection is tried after one failed.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// A blocking client, for what is not a verb.
pub(crate) fn connect(url: &str) -> anyhow::Result<Client> {
    Address::parse(url)?.client().context("connecting to PostgreSQL")
}

/// Opens connections to one database.
pub(crate) struct Source {
    address: Address,
    /// When the last attempt failed; `None` if it succeeded.
    failed_at: Arc<Mutex<Option<Instant>>>,
}

impl Source {
    pub(crate) fn of(address: Address) -> Arc<Self> {
        Arc::new(Source { address, failed_at: Arc::default() })
    }

    /// The same database with more settings of the session. Both know of each other's attempts: once one has reached
    /// the database again, the other tries at once.
    pub(crate) fn with_options(&self, more: &str) -> Arc<Self> {
        let (address, failed_at) = (self.address.clone().with_options(more), self.failed_at.clone());
        Arc::new(Source { address, failed_at })
    }

    /// A blocking client, for what is not a verb.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        self.unless_failing(|address| Ok(address.client()?))
    }

    /// Opens a connection. Within [`RETRY_AFTER`] of a failure it fails at once, so that waiting verbs do not each wait
    /// for an attempt of their own.
    fn unless_failing<T>(&self, connect: impl FnOnce(&Address) -> Result<T, Error>) -> Result<T, Error> {
        let failed_at = *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner);
        if failed_at.is_some_and(|at| at.elapsed() < RETRY_AFTER) {
            return Err(anyhow::anyhow!("the database could not be reached a moment ago").into());
        }
        let made = connect(&self.address);
        *self.failed_at.lock().unwrap_or_else(PoisonError::into_inner) = made.is_err().then(Instant::now);
        made
    }
}

/// A connection that opens when it is needed, with its prepared statements.
pub(crate) struct PostgresConnection {
    source: Arc<Source>,
    open: Option<PipelinedConnection>,
    statements: HashMap<&'static str, Statement>,
}

impl PostgresConnection {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        PostgresConnection { source: source.clone(), open: None, statements: HashMap::new() }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.as_ref().is_some_and(|open| !open.is_closed())
    }

    /// Opens the connection, if it is not open.
    pub(crate) fn ready(&mut self) -> Result<(), Error> {
        if !self.is_open() {
            self.close();
            self.open = Some(self.source.unless_failing(PipelinedConnection::connect)?);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self) {
        self.statements.clear();
        self.open = None;
    }

    /// The open connection. A lost one is not opened again here, because its transaction is lost, too.
    fn opened(&mut self) -> Result<&mut PipelinedConnection, Error> {
        self.open.as_mut().ok_or_else(|| anyhow::anyhow!("no connection").into())
    }

    /// Begins a transaction; `begin` is sent with the next statement.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        self.ready()?;
        self.send("begin", &[])
    }

    /// Runs a statement that begins or ends a transaction, and waits for it.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.opened()?.run(async |client| client.batch_execute(sql).await)
    }

    /// Rolls the transaction back; closes the connection if that fails.
    pub(crate) fn roll_back(&mut self) {
        if let Some(open) = &mut self.open {
            open.clear_queue();
        }
        if self.batch("rollback").is_err() {
            self.close();
        }
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.opened()?.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Runs a query whose only parameter is a list of texts.
    pub(crate) fn all_of(&mut self, sql: &'static str, texts: &[&str]) -> Result<Vec<Row>, Error> {
        self.query(sql, &[&texts])
    }

    fn query(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql)?;
        let rows = self.opened()?.run(async |client| client.query(&statement, parameters).await)?;
        rows.iter().map(row).collect()
    }
}

impl Conn for PostgresConnection {
    fn send(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<(), Error> {
        let statement = self.prepared(sql)?;
        self.opened()?.queue(statement, values.iter().map(Cell::from).collect());
        Ok(())
    }

    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        let statement = self.prepared(sql)?;
        self.opened()?.run(async |client| client.execute(&statement, &parameters(values)).await)
    }

    fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        self.query(sql, &parameters(values))
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| match value {
            Value::Int(int) => int as &(dyn ToSql + Sync),
            Value::Text(text) => text as &(dyn ToSql + Sync),
        })
        .collect()
}

pub(crate) fn row(row: &::postgres::Row) -> Result<Row, Error> {
    let cell = |(column, meta): (usize, &::postgres::Column)| match *meta.type_() {
        Type::INT8 => Ok(Cell::Int(row.try_get(column)?)),
        Type::TEXT => Ok(Cell::Text(row.try_get(column)?)),
        Type::BOOL => Ok(Cell::Int(i64::from(row.try_get::<_, bool>(column)?))),
        ref other => Err(anyhow::anyhow!("a column of type {other}").into()),
    };
    Ok(Row(row.columns().iter().enumerate().map(cell).collect::<Result<_, Error>>()?))
}

#[cfg(test)]
mod tests {
    use super::{RETRY_AFTER, Source};
    use crate::engine::postgres::address::Address;

    #[test]
    fn sources_of_one_database_learn_of_each_others_attempts() {
        let readers = Source::of(Address::parse("postgres://user@localhost/name").expect("an address"));
        let heads = readers.with_options("-c enable_seqscan=off");
        assert!(heads.unless_failing(|_| Err::<(), _>(anyhow::anyhow!("it is away").into())).is_err());
        assert!(readers.unless_failing(|_| Ok(())).is_err(), "it failed a moment ago");
        std::thread::sleep(RETRY_AFTER);
        assert!(readers.unless_failing(|_| Ok(())).is_ok());
        assert!(heads.unless_failing(|_| Ok(())).is_ok());
        assert!(heads.unless_failing(|_| Err::<(), _>(anyhow::anyhow!("it is away").into())).is_err());
        assert!(heads.unless_failing(|_| Ok(())).is_err());
    }
}
