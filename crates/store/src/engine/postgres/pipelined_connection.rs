//! A connection to PostgreSQL that can send a statement before the ones before it are answered. A statement whose
//! result is not needed at once then costs no round trip of its own.

use super::address::Address;
use crate::engine::tx::Cell;
use crate::error::Error;
use ::postgres::Statement;
use ::postgres::types::ToSql;
use futures_util::future::{join, join_all};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::Client;

/// The longest time to close a connection properly.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(100);

/// A connection with a runtime of its own, for one thread, which drives it while a statement runs.
pub(super) struct PipelinedConnection {
    runtime: Runtime,
    client: Option<Client>,
    driver: JoinHandle<()>,
    queued: Vec<(Statement, Vec<Cell>)>,
}

impl PipelinedConnection {
    pub(super) fn connect(address: &Address) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (client, connection) = address.connect(|config, tls| runtime.block_on(config.connect(tls)))?;
        // The statements report why a connection ended.
        let driver = runtime.spawn(async { drop(connection.await) });
        Ok(PipelinedConnection { runtime, client: Some(client), driver, queued: Vec::new() })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.as_ref().is_none_or(Client::is_closed)
    }

    /// Prepares a statement, and waits for it.
    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        let client = self.client.as_ref().ok_or_else(|| anyhow::anyhow!("no connection"))?;
        Ok(self.runtime.block_on(client.prepare(sql))?)
    }

    /// Queues a statement, to be sent with the next call of `run`, which reports its failure.
    pub(super) fn queue(&mut self, statement: Statement, values: Vec<Cell>) {
        self.queued.push((statement, values));
    }

    /// Drops the queued statements.
    pub(super) fn clear_queue(&mut self) {
        self.queued.clear();
    }

    /// Sends the queued statements and `call`, and waits for all of them. Returns the first failure.
    pub(super) fn run<T>(
        &mut self,
        call: impl AsyncFnOnce(&Client) -> Result<T, ::postgres::Error>,
    ) -> Result<T, Error> {
        let queued = std::mem::take(&mut self.queued);
        let client = self.client.as_ref().ok_or_else(|| anyhow::anyhow!("no connection"))?;
        let before = queued.iter().map(async |(statement, values)| {
            let values: Vec<_> = values.iter().map(parameter).collect();
            client.execute(statement, &values).await
        });
        let (before, result) = self.runtime.block_on(join(join_all(before), call(client)));
        before.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(result?)
    }
}

impl Drop for PipelinedConnection {
    /// Closes the connection properly, so that PostgreSQL need not find out that it is gone.
    fn drop(&mut self) {
        drop(self.client.take());
        let driver = &mut self.driver;
        // The timer must be made inside the runtime.
        let _ = self.runtime.block_on(async { tokio::time::timeout(CLOSE_TIMEOUT, driver).await });
    }
}

fn parameter(value: &Cell) -> &(dyn ToSql + Sync) {
    match value {
        Cell::Int(int) => int,
        Cell::Text(text) => text,
    }
}
