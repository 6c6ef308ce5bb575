//! The baseline for starting: the smallest server with axum and rusqlite, with the product's pragmas, one table and one
//! route.

use axum::Router;
use axum::routing::get;
use rusqlite::Connection;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until SIGTERM.
pub(crate) fn serve(address: SocketAddr, folder: &Path) -> anyhow::Result<()> {
    crate::measure::child::end_with_parent();
    std::fs::create_dir_all(folder)?;
    let conn = Connection::open(folder.join("smallest.db"))?;
    conn.execute_batch(crate::baseline::writers::PRAGMAS)?;
    conn.execute_batch(
        "create table if not exists answer (text text not null); insert into answer values ('ok')",
    )?;
    let conn = Arc::new(Mutex::new(conn));
    let answer = async move || {
        let conn = conn.lock().unwrap_or_else(PoisonError::into_inner);
        let text = conn.query_row("select text from answer", [], |row| row.get::<_, String>(0));
        text.map_err(|error| error.to_string())
    };
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut ended = signal(SignalKind::terminate())?;
        let listener = TcpListener::bind(address).await?;
        let stop = async move { ended.recv().await.unwrap_or_default() };
        let router = Router::new().route("/healthz", get(answer));
        Ok(axum::serve(listener, router).with_graceful_shutdown(stop).await?)
    })
}
