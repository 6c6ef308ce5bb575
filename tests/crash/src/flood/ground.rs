//! The data of a flood: the demo's account, with the honest load, and the flooded account, which has a long feed.

use super::host::Target;
use crate::server::{self, Kefu};
use anyhow::{Context, ensure};
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The flooded account. It is a Mini Program, where entering the page opens a window for messages.
const FLOODED: &str = "wxfeedfacefeedface";
/// The number of customers whose messages fill the feed.
const WRITERS: usize = 32;

/// The data, and the program that serves it.
pub struct Ground {
    pub(super) program: PathBuf,
    pub(super) folder: PathBuf,
    flooder: String,
    since: String,
}

impl Ground {
    /// Fills a folder with both accounts; the flooded one has so many changes in its feed.
    ///
    /// # Errors
    /// If a call to the program fails.
    pub async fn prepare(program: &Path, folder: &Path, changes: usize) -> anyhow::Result<Self> {
        super::open_many_files();
        let place = ["--data".to_owned(), folder.display().to_string()];
        let kefu = Kefu::start(server::command(program, &place, &[]))?;
        create_account(program, &place)?;
        let http = client()?;
        let written = AtomicUsize::new(0);
        let writers = (0..WRITERS).map(async |_| {
            let mut cookie = cookie(&http, &kefu.base, FLOODED).await?;
            loop {
                let n = written.fetch_add(1, Ordering::Relaxed);
                if n >= changes {
                    return anyhow::Ok(());
                }
                write(&http, &kefu.base, FLOODED, &mut cookie, n).await?;
            }
        });
        try_join_all(writers).await?;
        let mut flooder = cookie(&http, &kefu.base, FLOODED).await?;
        let said = write(&http, &kefu.base, FLOODED, &mut flooder, 0).await?;
        let since = said["since"].as_str().context("a cursor")?.to_owned();
        kefu.kill()?;
        Ok(Ground { program: program.to_owned(), folder: folder.to_owned(), flooder, since })
    }

    /// The target of a flood at a server with this data.
    pub(super) fn target(&self, base: &str) -> anyhow::Result<Target> {
        let server = base.trim_start_matches("http://").parse().with_context(|| base.to_owned())?;
        let (cookie, since) = (self.flooder.clone(), self.since.clone());
        Ok(Target { server, appid: FLOODED, cookie, since })
    }
}

fn client() -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder().no_proxy().build()
}

/// Makes the account by an operator's command, over the server's socket.
fn create_account(program: &Path, place: &[String]) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.args(["account", "create", "--appid", FLOODED, "--kind", "mini-program", "--name", "Flooded"]);
    command.args(["--alias", "flooded", "--certified", "true", "--feature", "true"]);
    command.args(["--reception", "manual"]).args(place).env("KEFU_LOG", "off");
    let made = command.stdin(Stdio::null()).output()?;
    ensure!(made.status.success(), "making an account failed: {}", String::from_utf8_lossy(&made.stderr));
    Ok(())
}

/// The cookie of a new customer.
async fn cookie(http: &reqwest::Client, base: &str, appid: &str) -> anyhow::Result<String> {
    let snapshot = http.get(format!("{base}/chat/api/{appid}/snapshot")).send().await?;
    super::people::cookies(&snapshot).context("a cookie")
}

/// Writes a message as a customer; the first one replaces the cookie.
async fn write(
    http: &reqwest::Client,
    base: &str,
    appid: &str,
    cookie: &mut String,
    n: usize,
) -> anyhow::Result<Value> {
    let body = json!({"client_id": format!("seed_{n}"), "text": format!("{n}: when will my order come?")});
    let request = http.post(format!("{base}/chat/api/{appid}/message")).header("cookie", &*cookie);
    let response = request.header("sec-fetch-site", "same-origin").json(&body).send().await?;
    if let Some(new) = super::people::cookies(&response) {
        *cookie = new;
    }
    let answer: Value = response.json().await?;
    ensure!(answer["message"].is_object(), "a message was refused: {answer}");
    Ok(answer)
}
