//! Messages of customers that are to be pushed to their accounts' developer's server.

use crate::Bench;
use crate::data::bulk::{self, Size};
use crate::data::customers::Customer;
use crate::data::ground::Ground;
use crate::data::seed::{self, Shop};
use crate::measure::delivery::messages::{client_id, text};
use anyhow::{Context, bail, ensure};
use kefu::config::Place;
use kefu::desk::account::callback;
use kefu::desk::cookie::{PresentedCookie, Writer};
use kefu::desk::draft::Draft;
use kefu::desk::{Desk, message};
use model::callback::CallbackSettings;
use model::{Appid, SECOND};
use protocol::callback::{Body, BodyContent, Format, Mode, RANDOM_LENGTH, Stamp, UserContent, UserMessage};
use protocol::message::Text;
use rusqlite::{Connection, OpenFlags};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Messages of each customer.
const EACH: usize = 5;
/// Customers who write at the same time.
const AT_ONCE: usize = 256;
/// The number of an account that is made beside others.
const ANOTHER: usize = 1_000_000;
/// How long the last outcomes may take to their rows.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Backlog<'b> {
    pub(crate) ground: Ground<'b>,
    /// The number of messages.
    pub(crate) messages: usize,
    /// A file with the same pushes for the bare client: address and body by turns, a line each.
    pub(crate) requests: PathBuf,
}

impl<'b> Backlog<'b> {
    /// Makes so many accounts with this developer's server, and their customers' messages.
    pub(crate) async fn make(
        bench: &'b Bench,
        accounts: usize,
        developer: SocketAddr,
    ) -> anyhow::Result<Self> {
        let messages = if bench.quick { 5000 } else { 40_000 };
        let folder = bench.folder.join(format!("pushes-{accounts}-seed"));
        let shops = bulk::fill(&folder, Size { accounts, agents: 0, bindings: 0 }).await?;
        let place = Place::Folder(folder.clone());
        let desk = seed::open(&place).await?;
        let settings = settings(developer);
        for shop in &shops {
            pushes_to(&desk, &shop.appid, &settings).await?;
        }
        let customers = write_all(&desk, &shops, messages / EACH).await?;
        seed::leave_them_online(desk, &place)?;
        let snapshot = bench.folder.join(format!("pushes-{accounts}.db"));
        seed::snapshot(&folder, &snapshot)?;
        let requests = bench.folder.join(format!("pushes-{accounts}"));
        std::fs::write(&requests, self::requests(developer, &customers, messages)?)?;
        let ground =
            Ground::Sqlite { snapshot, folder: bench.folder.join(format!("pushes-{accounts}-turn")) };
        Ok(Backlog { ground, messages, requests })
    }

    /// Waits until the outcome of every push is stored.
    pub(crate) async fn all_recorded(&self, place: &Place) -> anyhow::Result<()> {
        let Place::Folder(folder) = place else { bail!("this is not SQLite") };
        let conn = Connection::open_with_flags(folder.join("kefu.db"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let begun = Instant::now();
        loop {
            let rows: i64 =
                conn.query_row("select count(*) from push where outcome <> 'failed'", [], |row| row.get(0))?;
            if usize::try_from(rows)? == self.messages {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{rows} outcomes of {} pushes are stored", self.messages);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Makes an account with this developer's server, and customers who have written once.
pub(crate) async fn customers(
    desk: &Desk,
    developer: SocketAddr,
    count: usize,
) -> anyhow::Result<Vec<Customer>> {
    let appid = seed::shop(desk.clone(), ANOTHER).await?.appid;
    pushes_to(desk, &appid, &settings(developer)).await?;
    let mut customers = Vec::with_capacity(count);
    for _ in 0..count {
        let sent = async {
            let draft = Draft::new("你好".into(), "first".into())?;
            message::receive(desk, &appid, Writer::new(desk, None, false), draft).await
        };
        let sent = sent.await.map_err(seed::plain)?;
        let cookie = sent.cookie.context("a new customer gets a cookie")?;
        customers.push(Customer { appid: appid.clone(), openid: sent.answer.openid.to_string(), cookie });
    }
    Ok(customers)
}

/// Gives the account this developer's server, without a verification.
async fn pushes_to(desk: &Desk, appid: &Appid, settings: &CallbackSettings) -> anyhow::Result<()> {
    callback::stage(desk, appid, settings.clone()).await.map_err(seed::plain)?;
    callback::switch(desk, appid, settings.clone()).await.map_err(seed::plain)
}

fn settings(developer: SocketAddr) -> CallbackSettings {
    CallbackSettings {
        url: format!("http://{developer}/").into(),
        token: "benchmark".into(),
        mode: Mode::Plain,
        format: Format::Xml,
        key: None,
        previous_key: None,
    }
}

/// Makes so many customers, the accounts' in turn, who write one after another; the `n`th message has the number `n`.
async fn write_all(desk: &Desk, shops: &[Shop], count: usize) -> anyhow::Result<Vec<Customer>> {
    let mut customers: Vec<Customer> = Vec::with_capacity(count);
    for turn in 0..EACH {
        for first in (0..count).step_by(AT_ONCE) {
            let one = |k: usize| {
                let (appid, shown) = match customers.get(k) {
                    Some(known) => (known.appid.clone(), Some(known.cookie.clone())),
                    None => (shops[k % shops.len()].appid.clone(), None),
                };
                tokio::spawn(writes(desk.clone(), appid, shown, turn * count + k))
            };
            for task in (first..count.min(first + AT_ONCE)).map(one).collect::<Vec<_>>() {
                let new = task.await??;
                customers.extend(new.filter(|_| turn == 0));
            }
        }
    }
    Ok(customers)
}

/// Stores the `n`th message; returns the customer if it is the first one.
async fn writes(
    desk: Desk,
    appid: Appid,
    secret: Option<String>,
    n: usize,
) -> anyhow::Result<Option<Customer>> {
    let shown = secret.map(|secret| PresentedCookie { secret, weak: false });
    let sent = async {
        let draft = Draft::new(text(n), client_id(n))?;
        message::receive(&desk, &appid, Writer::new(&desk, shown, false), draft).await
    };
    let sent = sent.await.map_err(seed::plain)?;
    let openid = sent.answer.openid.to_string();
    Ok(sent.cookie.map(|cookie| Customer { appid, openid, cookie }))
}

/// The pushes of the first so many messages, which customers write in turn, as the product makes them: address and body
/// by turns, a line each.
pub(crate) fn requests(
    developer: SocketAddr,
    customers: &[Customer],
    messages: usize,
) -> anyhow::Result<String> {
    let settings = settings(developer);
    let timestamp = i64::try_from(std::time::UNIX_EPOCH.elapsed()?.as_secs())?;
    let stamp = Stamp { timestamp, nonce: "1514711492", random: [0; RANDOM_LENGTH] };
    let mut lines = String::new();
    for n in 0..messages {
        let Customer { appid, openid, .. } = &customers[n % customers.len()];
        let content = UserContent::Text { text: Text { content: text(n) }, menu_id: None };
        let message = UserMessage { msg_id: n as i64 + SECOND, content, article: None, business_id: None };
        let body = Body {
            to_user_name: format!("gh_{}", &appid.as_str()[2..14]),
            from_user_name: openid.clone(),
            create_time: timestamp,
            content: BodyContent::Message(message),
        };
        let request = settings.push(appid.as_str()).request(&body, &stamp);
        let url = settings.url.with(&request.query).map_err(|fault| anyhow::anyhow!("{fault}"))?;
        writeln!(lines, "{url}\n{}", request.body)?;
    }
    Ok(lines)
}
