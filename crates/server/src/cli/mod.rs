//! The command line: one file for what serves, one for what operators order.

mod order;
mod serve;

use crate::config::{Data, Settings};
use clap::{Parser, Subcommand};
use order::{AccountCommand, AgentCommand, ComponentCommand, TokenCommand, WorkerCommand};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// A customer-service desk that speaks Weixin's own API.
#[derive(Debug, Parser)]
#[command(name = "kefu", version, about, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the desk.
    Serve(ServeArgs),
    /// Run a desk to try out, with a well-known account, on this machine only.
    Demo(DemoArgs),
    /// Create, list, show and change accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Bind agents to workers.
    #[command(subcommand)]
    Agent(AgentCommand),
    /// Invite and list workers, give them a new password.
    #[command(subcommand)]
    Worker(WorkerCommand),
    /// Create third-party platforms and grant them permission sets.
    #[command(subcommand)]
    Component(ComponentCommand),
    /// Issue tokens, and end them to test how a client refreshes.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Print the version.
    Version,
}

#[derive(Debug, clap::Args)]
struct ServeArgs {
    /// The address to listen on.
    #[arg(long, env = "KEFU_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    settings: Settings,
    /// Serve although the well-known demo account is in the data: anybody can call for it.
    #[arg(long, env = "KEFU_ALLOW_DEMO")]
    allow_demo: bool,
}

#[derive(Debug, clap::Args)]
struct DemoArgs {
    /// The address to listen on; a demo listens on this machine only.
    #[arg(long, env = "KEFU_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: SocketAddr,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    settings: Settings,
    /// Keep nothing: the data goes when the demo ends.
    #[arg(long, conflicts_with_all = ["data", "database"])]
    memory: bool,
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging();
    let outcome = tokio::runtime::Runtime::new().map_err(anyhow::Error::from).and_then(|runtime| {
        let outcome = runtime.block_on(run(cli.command));
        runtime.shutdown_timeout(std::time::Duration::from_secs(1));
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kefu: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::serve(args).await,
        Command::Demo(args) => serve::demo(args).await,
        Command::Account(command) => order::run(command.order(), command.common()).await,
        Command::Agent(command) => order::run(command.order(), command.common()).await,
        Command::Worker(command) => order::run(command.order(), command.common()).await,
        Command::Component(command) => order::run(command.order(), command.common()).await,
        Command::Token(command) => order::run(command.order(), command.common()).await,
        Command::Version => {
            println!("kefu {}", env!("CARGO_PKG_VERSION"));
            Ok(())
        }
    }
}

/// Text on a terminal, JSON otherwise, on standard error; `KEFU_LOG` says how much. However much: the
/// database client logs the values of its statements, and those are nobody's business.
fn start_logging() {
    let filter =
        EnvFilter::try_from_env("KEFU_LOG").unwrap_or_else(|_| EnvFilter::new("info,refinery_core=warn"));
    let silent = |filter: EnvFilter, target: &str| match format!("{target}=info").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let filter = ["postgres", "tokio_postgres"].into_iter().fold(filter, silent);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() { log.init() } else { log.json().init() }
}
