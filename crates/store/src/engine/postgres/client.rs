//! Connections to PostgreSQL: made when they are needed, and made again when they were lost.
//!
//! A client connects, lives and dies on a thread of its own: it must not within an async runtime.

use super::address::Address;
use super::line::Line;
use crate::engine::tx::{Cell, Conn, Row, Value};
use crate::error::Error;
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Statement};
use anyhow::Context;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the database counts as away after a connection could not be made.
const AWAY: Duration = Duration::from_millis(500);

/// A connection of its own, for what is no verb.
pub(crate) fn connect(url: &str) -> anyhow::Result<Client> {
    Address::parse(url)?.client().context("connecting to PostgreSQL")
}

/// Where connections come from.
pub(crate) struct Source {
    address: Address,
    /// When one could not be made the last time.
    refused: Mutex<Option<Instant>>,
}

impl Source {
    pub(crate) fn of(address: Address) -> Arc<Self> {
        Arc::new(Source { address, refused: Mutex::new(None) })
    }

    /// A client of its own, for what is no verb.
    pub(crate) fn client(&self) -> Result<Client, Error> {
        self.unless_away(|address| Ok(address.client()?))
    }

    /// A new connection; refused at once for a while after one could not be made, so that whoever waits does not wait
    /// for each attempt of those before.
    fn unless_away<T>(&self, connect: impl FnOnce(&Address) -> Result<T, Error>) -> Result<T, Error> {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_some_and(|at| at.elapsed() < AWAY) {
            return Err(anyhow::anyhow!("the database could not be reached a moment ago").into());
        }
        let made = connect(&self.address);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = made.is_err().then(Instant::now);
        made
    }
}

/// A connection that is made when it is needed, and made again when it was lost.
pub(crate) struct Connection {
    source: Arc<Source>,
    line: Option<Line>,
    statements: HashMap<&'static str, Statement>,
}

impl Connection {
    pub(crate) fn new(source: &Arc<Source>) -> Self {
        Connection { source: source.clone(), line: None, statements: HashMap::new() }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.line.as_ref().is_some_and(|line| !line.is_closed())
    }

    /// Makes it when it is not open.
    pub(crate) fn ready(&mut self) -> Result<(), Error> {
        if !self.is_open() {
            self.close();
            self.line = Some(self.source.unless_away(Line::connect)?);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self) {
        self.statements.clear();
        self.line = None;
    }

    /// The open line: one that was lost is not made again here, for the transaction went with it.
    fn line(&mut self) -> Result<&mut Line, Error> {
        self.line.as_mut().ok_or_else(|| anyhow::anyhow!("no connection").into())
    }

    /// Begins a transaction with the next statement.
    pub(crate) fn begin(&mut self) -> Result<(), Error> {
        self.ready()?;
        self.send("begin", &[])
    }

    /// Begins a transaction now, or ends it.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.line()?.ask(async |client| client.batch_execute(sql).await)
    }

    /// Ends the transaction, or the connection when even that fails.
    pub(crate) fn roll_back(&mut self) {
        if let Some(line) = &mut self.line {
            line.forget();
        }
        if self.batch("rollback").is_err() {
            self.close();
        }
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.line()?.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

impl Conn for Connection {
    fn send(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<(), Error> {
        let statement = self.prepared(sql)?;
        self.line()?.send(statement, values.iter().map(Cell::from).collect());
        Ok(())
    }

    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        let statement = self.prepared(sql)?;
        self.line()?.ask(async |client| client.execute(&statement, &parameters(values)).await)
    }

    fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let statement = self.prepared(sql)?;
        let rows = self.line()?.ask(async |client| client.query(&statement, &parameters(values)).await)?;
        rows.iter().map(row).collect()
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
