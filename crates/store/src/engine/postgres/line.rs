//! A line to PostgreSQL, on which a statement may go before those sent earlier are answered: what nobody waits for
//! costs no way of its own.

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

/// How long it may take to tell the other side that it ends.
const FAREWELL: Duration = Duration::from_millis(100);

/// A line. It lives on a thread of its own, where it is served while it is asked.
pub(crate) struct Line {
    runtime: Runtime,
    client: Option<Client>,
    served: JoinHandle<()>,
    ahead: Vec<(Statement, Vec<Cell>)>,
}

impl Line {
    pub(crate) fn connect(address: &Address) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (client, connection) = address.connect(|config, tls| runtime.block_on(config.connect(tls)))?;
        // Why it ended is what statements say then.
        let served = runtime.spawn(async { drop(connection.await) });
        Ok(Line { runtime, client: Some(client), served, ahead: Vec::new() })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.as_ref().is_none_or(Client::is_closed)
    }

    /// Prepares a statement, now.
    pub(crate) fn prepare(&mut self, sql: &str) -> Result<Statement, Error> {
        let client = self.client.as_ref().ok_or_else(|| anyhow::anyhow!("no connection"))?;
        Ok(self.runtime.block_on(client.prepare(sql))?)
    }

    /// Lets a statement go with the next one, whose failure its own is then.
    pub(crate) fn send(&mut self, statement: Statement, values: Vec<Cell>) {
        self.ahead.push((statement, values));
    }

    /// Forgets what was to go with the next one.
    pub(crate) fn forget(&mut self) {
        self.ahead.clear();
    }

    /// Sends what was to go with this, and this; answers the first failure of them all.
    pub(crate) fn ask<T>(
        &mut self,
        ask: impl AsyncFnOnce(&Client) -> Result<T, ::postgres::Error>,
    ) -> Result<T, Error> {
        let ahead = std::mem::take(&mut self.ahead);
        let client = self.client.as_ref().ok_or_else(|| anyhow::anyhow!("no connection"))?;
        let before = ahead.iter().map(async |(statement, values)| {
            let values: Vec<_> = values.iter().map(parameter).collect();
            client.execute(statement, &values).await
        });
        let (before, asked) = self.runtime.block_on(join(join_all(before), ask(client)));
        before.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(asked?)
    }
}

impl Drop for Line {
    /// The other side is told, so that it need not find out.
    fn drop(&mut self) {
        drop(self.client.take());
        let served = &mut self.served;
        // A timer is made within the runtime it is of.
        let _ = self.runtime.block_on(async { tokio::time::timeout(FAREWELL, served).await });
    }
}

fn parameter(value: &Cell) -> &(dyn ToSql + Sync) {
    match value {
        Cell::Int(int) => int,
        Cell::Text(text) => text,
    }
}
