//! Connections to PostgreSQL: made when they are needed, and made again when they were lost.
//!
//! A client connects, lives and dies on a thread of its own: it must not within an async runtime.

use super::tx::{Cell, Conn, Row, Value};
use crate::error::Error;
use ::postgres::types::{ToSql, Type};
use ::postgres::{Client, Config, NoTls, Statement};
use anyhow::Context;
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the database counts as away after a connection could not be made.
const AWAY: Duration = Duration::from_millis(500);

pub(super) fn config(url: &str) -> anyhow::Result<Config> {
    let mut config = Config::from_str(url).context("reading the address of the database")?;
    config.connect_timeout(Duration::from_secs(5)).tcp_user_timeout(Duration::from_secs(10));
    config.keepalives_idle(Duration::from_secs(10)).application_name("kefu");
    Ok(config)
}

/// A connection of its own, for what is no verb.
pub(super) fn connect(url: &str) -> anyhow::Result<Client> {
    config(url)?.connect(NoTls).context("connecting to PostgreSQL")
}

/// Where connections come from.
pub(super) struct Source {
    config: Config,
    /// When one could not be made the last time.
    refused: Mutex<Option<Instant>>,
}

impl Source {
    pub(super) fn of(config: Config) -> Arc<Self> {
        Arc::new(Source { config, refused: Mutex::new(None) })
    }

    /// A new connection; refused at once for a while after one could not be made, so that whoever waits does not wait
    /// for each attempt of those before.
    pub(super) fn connect(&self) -> Result<Client, Error> {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.is_some_and(|at| at.elapsed() < AWAY) {
            return Err(anyhow::anyhow!("the database could not be reached a moment ago").into());
        }
        let client = self.config.connect(NoTls);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = client.is_err().then(Instant::now);
        Ok(client?)
    }
}

/// A connection that is made when it is needed, and made again when it was lost.
pub(super) struct Connection {
    source: Arc<Source>,
    pub(super) client: Option<Client>,
    statements: HashMap<&'static str, Statement>,
}

impl Connection {
    pub(super) fn new(source: &Arc<Source>) -> Self {
        Connection { source: source.clone(), client: None, statements: HashMap::new() }
    }

    pub(super) fn is_open(&self) -> bool {
        self.client.as_ref().is_some_and(|client| !client.is_closed())
    }

    fn client(&mut self) -> Result<&mut Client, Error> {
        if !self.is_open() {
            self.statements.clear();
            self.client = None;
            self.client = Some(self.source.connect()?);
        }
        self.client.as_mut().ok_or_else(|| anyhow::anyhow!("no connection").into())
    }

    /// Makes it when it is not open, for statements outside of a transaction.
    pub(super) fn ready(&mut self) -> Result<(), Error> {
        self.client().map(|_| ())
    }

    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Error> {
        Ok(self.client()?.batch_execute(sql)?)
    }

    /// Ends the transaction, or the connection when even that fails.
    pub(super) fn roll_back(&mut self) {
        if self.batch("rollback").is_err() {
            self.client = None;
        }
    }

    /// The client in its transaction and the prepared statement: a connection that was lost is not
    /// made again here, for the transaction went with it.
    fn prepared(&mut self, sql: &'static str) -> Result<(&mut Client, Statement), Error> {
        let client = self.client.as_mut().ok_or_else(|| anyhow::anyhow!("no connection"))?;
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => {
                let statement = client.prepare(sql)?;
                self.statements.insert(sql, statement.clone());
                statement
            }
        };
        Ok((client, statement))
    }
}

impl Conn for Connection {
    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        let (client, statement) = self.prepared(sql)?;
        Ok(client.execute(&statement, &parameters(values))?)
    }

    fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let (client, statement) = self.prepared(sql)?;
        client.query(&statement, &parameters(values))?.iter().map(row).collect()
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

pub(super) fn row(row: &::postgres::Row) -> Result<Row, Error> {
    let cell = |(column, meta): (usize, &::postgres::Column)| match *meta.type_() {
        Type::INT8 => Ok(Cell::Int(row.try_get(column)?)),
        Type::TEXT => Ok(Cell::Text(row.try_get(column)?)),
        Type::BOOL => Ok(Cell::Int(i64::from(row.try_get::<_, bool>(column)?))),
        ref other => Err(anyhow::anyhow!("a column of type {other}").into()),
    };
    Ok(Row(row.columns().iter().enumerate().map(cell).collect::<Result<_, Error>>()?))
}
