//! `kefu listen`: gets an account's pushes from a desk, hands them to a program on this machine, and carries the
//! answers back.

mod desk_client;
mod seen;

use super::print::{line, say};
use crate::callback::Sender;
use crate::forward::{ForwardedPush, Line};
use anyhow::{Context, bail, ensure};
use clap::Args;
use desk_client::{DeskClient, Lines};
use model::callback::CallbackUrl;
use protocol::callback::Format;
use seen::Seen;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long to wait until the desk is called again: the first time, and the longest time.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// The networks in which the program may be: all.
const ANYWHERE: [&str; 2] = ["0.0.0.0/0", "::/0"];

#[derive(Debug, Args)]
pub(super) struct ListenArgs {
    /// The address of the desk.
    #[arg(long, env = "KEFU_DESK", value_name = "URL")]
    desk: String,
    /// A key of the account, as `kefu account listen-key` makes it, or file:PATH of a file that holds it.
    #[arg(long, env = "KEFU_LISTEN_KEY", value_name = "KEY", hide_env_values = true)]
    key: String,
    /// The address of the program, such as http://127.0.0.1:3000/wx.
    #[arg(long, value_name = "URL")]
    forward_to: String,
}

/// Why a stream ended.
enum End {
    /// It broke; says how.
    Cut(anyhow::Error),
    /// It is not to be opened again; says why.
    Final(&'static str),
}

pub(super) async fn run(args: ListenArgs) -> anyhow::Result<()> {
    let key = match args.key.strip_prefix("file:") {
        Some(path) => std::fs::read_to_string(path).with_context(|| format!("reading {path}"))?,
        None => args.key,
    };
    let desk = DeskClient::new(&args.desk, key.trim())?;
    let networks: Vec<_> = ANYWHERE.iter().filter_map(|network| network.parse().ok()).collect();
    let program = Arc::new(Program::new(args.forward_to, Sender::new(&networks)?)?);
    let (mut seen, mut wait) = (Seen::default(), RETRY.0);
    loop {
        let began = Instant::now();
        match listen(&desk, &program, &mut seen).await {
            End::Final(why) => bail!("{why}"),
            End::Cut(why) => say(format_args!("The desk is not reached: {why:#}. Trying again…")),
        }
        // After a stream that lived, the next one is opened soon.
        wait = if began.elapsed() > RETRY.1 { RETRY.0 } else { (wait * 2).min(RETRY.1) };
        sleep(wait).await;
    }
}

/// Opens the stream and handles its lines.
async fn listen(desk: &DeskClient, program: &Arc<Program>, seen: &mut Seen) -> End {
    let mut lines = match desk.open(seen.cursor()).await {
        Ok(Ok(lines)) => lines,
        Ok(Err(why)) => return End::Final(why),
        Err(error) => return End::Cut(error),
    };
    match handle(desk, program, seen, &mut lines).await {
        Ok(why) => End::Final(why),
        Err(error) => End::Cut(error),
    }
}

/// Handles the lines of a stream until the desk ends it for good.
async fn handle(
    desk: &DeskClient,
    program: &Arc<Program>,
    seen: &mut Seen,
    lines: &mut Lines,
) -> anyhow::Result<&'static str> {
    let mut connection = 0;
    loop {
        match lines.next().await? {
            Line::Greeting(greeting) => {
                connection = greeting.connection;
                seen.missed(&greeting).into_iter().for_each(line);
                line(format_args!(
                    "Pushes of {} ({}) go to {}. Stop with Ctrl-C.",
                    greeting.name, greeting.appid, program.url
                ));
            }
            Line::Cursor(cursor) => seen.reached(cursor),
            Line::Replaced => return Ok("another machine listens for this account now"),
            Line::Over => {
                return Ok("the key was revoked, or the account has no developer's server any more");
            }
            Line::Push(push) => {
                seen.note(&push.push);
                let (desk, program) = (desk.clone(), program.clone());
                tokio::spawn(async move { carry(&desk, &program, connection, push).await });
            }
        }
    }
}

/// Hands a push to the program, and its answer to the desk.
async fn carry(desk: &DeskClient, program: &Program, connection: u64, push: ForwardedPush) {
    let (id, name, began) = (push.id, push.push.clone(), Instant::now());
    let (status, body) = program.call(push).await;
    let took = began.elapsed().as_millis();
    match status {
        0 => line(format_args!("push {name}: {}", String::from_utf8_lossy(&body))),
        status => line(format_args!("push {name}: {status} after {took} ms")),
    }
    if let Err(error) = desk.answer(connection, id, status, body).await {
        line(format_args!("push {name}: the answer did not reach the desk in time: {error:#}"));
    }
}

/// The program on this machine.
struct Program {
    url: CallbackUrl,
    sender: Sender,
}

impl Program {
    fn new(url: String, sender: Sender) -> anyhow::Result<Self> {
        let url = CallbackUrl::from(url);
        ensure!(!url.is_listen_only(), "--forward-to is the address of a program");
        url.check().map_err(|fault| anyhow::anyhow!("--forward-to: {fault}"))?;
        Ok(Program { url, sender })
    }

    /// The status and the body of the program's answer; 0 and what was wrong if it was not reached.
    async fn call(&self, push: ForwardedPush) -> (u16, Vec<u8>) {
        let query: Vec<(&str, String)> =
            push.query.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let format = Format::ALL.into_iter().find(|format| format.content_type() == push.content_type);
        let content_type = format.unwrap_or(Format::Xml).content_type();
        let url = match self.url.with(&query) {
            Ok(url) => url,
            Err(fault) => return (0, fault.to_string().into()),
        };
        match self.sender.post(&url, content_type, push.body).await {
            Ok(answered) => (answered.status.as_u16(), answered.body.into()),
            Err(fault) => (0, fault.to_string().into()),
        }
    }
}
