//! callbackCheck: how a developer's server is reached. A check looks up the host of the saved URL and connects to its
//! addresses, only to those that may be called: otherwise a token could read names and open ports inside a network.

use crate::error::Error;
use crate::state::App;
use model::callback::address::may_call;
use model::callback::{CallbackSettings, DEADLINE};
use model::{Appid, Network};
use protocol::Errcode;
use protocol::limits::CALLBACK_CHECK_ADDRESSES;
use protocol::network::{CallbackChecked, CheckAction};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};

/// Checks the developer's server of an account, within the deadline of a push.
///
/// # Errors
/// 40201 without one; -1 if another check of the account runs, or too many of others.
pub async fn check(
    app: &App,
    appid: &Appid,
    settings: Option<CallbackSettings>,
    action: CheckAction,
) -> Result<CallbackChecked, Error> {
    let place = settings.and_then(|settings| settings.url.host_and_port());
    let (host, port) = place.ok_or(Errcode::InvalidCallbackUrl)?;
    let _running = app.throttles.checks.begin(appid.as_str()).ok_or(Errcode::SystemError)?;
    Ok(look(&host, port, action, &app.settings.callback_network).await)
}

async fn look(host: &str, port: u16, action: CheckAction, allowed: &[Network]) -> CallbackChecked {
    let end = Instant::now() + DEADLINE;
    let found = timeout_at(end, addresses(host, port)).await.unwrap_or_default();
    let found = found.into_iter().filter(|address| may_call(address.ip(), allowed));
    let found: Vec<SocketAddr> = found.take(CALLBACK_CHECK_ADDRESSES).collect();
    let took = |address| async move { if action.ping { ping(address, end).await } else { None } };
    let took = futures_util::future::join_all(found.iter().copied().map(took)).await;
    CallbackChecked::of(action, found.iter().map(|address| address.ip().to_string()).zip(took))
}

/// The addresses of a host, each once; none if the host is unknown.
async fn addresses(host: &str, port: u16) -> Vec<SocketAddr> {
    let mut found: Vec<SocketAddr> = lookup_host((host, port)).await.into_iter().flatten().collect();
    found.sort();
    found.dedup();
    found
}

/// How long a connection took to open; `None` if none opened until `end`.
async fn ping(address: SocketAddr, end: Instant) -> Option<Duration> {
    let begin = Instant::now();
    let opened = timeout_at(end, TcpStream::connect(address)).await;
    opened.ok()?.ok().map(|_| begin.elapsed())
}
