//! The command line: the program's arguments, and the subcommand they choose.

mod authority;
mod data;
mod demo_callback;
mod doctor;
mod exposed;
mod file;
mod listen;
mod listeners;
mod operator;
mod print;
mod serve;

use crate::admin::remove::Subject;
use clap::{CommandFactory, Parser, Subcommand};
use exposed::exposed;
use file::Sources;
use operator::customer::CustomerSubcommand;
use operator::group::GroupSubcommand;
use operator::push::PushSubcommand;
use operator::token::TokenSubcommand;
use operator::{AccountSubcommand, AgentSubcommand, ComponentSubcommand, WorkerSubcommand};
use print::{line, say};
use serde_json::Value;
use serve::{DemoArgs, ServeArgs};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// A customer-service desk that speaks Weixin's own API.
#[derive(Debug, Parser)]
#[command(name = "kefu", version, about, subcommand_required = true, arg_required_else_help = true)]
struct Cli {
    /// A TOML file whose keys are the flags of `kefu serve`; the command line and the environment win over it.
    #[arg(long, global = true, env = "KEFU_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: CliCommand,
}

#[derive(Debug, Subcommand)]
enum CliCommand {
    /// Run the desk.
    Serve(ServeArgs),
    /// Run a desk to try out, with a well-known account, on this machine only.
    Demo(DemoArgs),
    /// Create, list, show and change accounts.
    #[command(subcommand)]
    Account(AccountSubcommand),
    /// Bind agents to workers.
    #[command(subcommand)]
    Agent(AgentSubcommand),
    /// Make groups of agents, and say which agents belong to them.
    #[command(subcommand)]
    Group(GroupSubcommand),
    /// Invite and list workers, give them a new password.
    #[command(subcommand)]
    Worker(WorkerSubcommand),
    /// Create third-party platforms and grant them permission sets.
    #[command(subcommand)]
    Component(ComponentSubcommand),
    /// Create customers, and have them act and write: for tests without people.
    #[command(subcommand)]
    Customer(CustomerSubcommand),
    /// Show what was pushed to a developer's server, send it again, pause and resume.
    #[command(subcommand)]
    Push(PushSubcommand),
    /// Hand an account's pushes from a desk elsewhere to a program on this machine, and its answers back.
    Listen(listen::ListenArgs),
    /// Issue tokens, and end them to test how a client refreshes.
    #[command(subcommand)]
    Token(TokenSubcommand),
    /// Write all data into a file, while the server runs.
    Backup(data::BackupArgs),
    /// Check that a backup is intact.
    Verify(data::VerifyArgs),
    /// Fill an empty place from a backup.
    Restore(data::RestoreArgs),
    /// Move all data between a folder and PostgreSQL.
    #[command(subcommand)]
    Store(data::StoreSubcommand),
    /// Show how programs find the host of --as at this desk, and trust its certificate.
    Authority(authority::AuthorityArgs),
    /// Show how the server would be configured.
    #[command(subcommand)]
    Config(ConfigSubcommand),
    /// Find what is wrong with settings, data, database and machine.
    Doctor(doctor::DoctorArgs),
    /// Print the version.
    Version,
}

#[derive(Debug, Subcommand)]
enum ConfigSubcommand {
    /// Print every setting, its value, and whether it comes from a flag, the environment or a file.
    Show {
        #[command(flatten)]
        settings: ServeArgs,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    match Sources::read::<Cli>().and_then(|(cli, sources)| start(cli.command, &sources)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("kefu: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(command: CliCommand, sources: &Sources) -> anyhow::Result<()> {
    start_logging();
    if !matches!(command, CliCommand::Doctor(_)) {
        exposed(&std::env::args().collect::<Vec<_>>()).iter().for_each(|said| tracing::warn!("{said}"));
    }
    let runtime = tokio::runtime::Runtime::new()?;
    let outcome = runtime.block_on(run(command, sources));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    outcome
}

fn show(settings: &Value, json: bool) {
    if json {
        return line(settings);
    }
    for (name, setting) in settings.as_object().into_iter().flatten() {
        let text = |member: &str| setting[member].as_str().unwrap_or_default().to_owned();
        line(format_args!("{name:20} {:40} {}", text("value"), text("source")));
    }
}

async fn run(command: CliCommand, sources: &Sources) -> anyhow::Result<()> {
    match command {
        CliCommand::Serve(args) => serve::serve(args).await,
        CliCommand::Demo(args) => serve::demo(args).await,
        CliCommand::Account(AccountSubcommand::Remove { appid, confirmation, common }) => {
            operator::remove::run(Subject::Account(appid), &confirmation, &common).await
        }
        CliCommand::Worker(WorkerSubcommand::Remove { name, confirmation, common }) => {
            operator::remove::run(Subject::Worker(name), &confirmation, &common).await
        }
        CliCommand::Account(command) => operator::run(command.command(), command.common()).await,
        CliCommand::Agent(command) => operator::run(command.command(), command.common()).await,
        CliCommand::Group(command) => operator::run(command.command(), command.common()).await,
        CliCommand::Worker(command) => operator::run(command.command(), command.common()).await,
        CliCommand::Component(command) => operator::run(command.command(), command.common()).await,
        CliCommand::Customer(command) => operator::run(command.command()?, command.common()).await,
        CliCommand::Push(command) => operator::push::run(command).await,
        CliCommand::Token(command) => operator::run(command.command(), command.common()).await,
        CliCommand::Listen(args) => listen::run(args).await,
        CliCommand::Doctor(args) => doctor::run(args).await,
        CliCommand::Backup(args) => data::backup(args).await,
        CliCommand::Verify(args) => data::verify(args).await,
        CliCommand::Restore(args) => data::restore(args).await,
        CliCommand::Store(command) => data::store(command).await,
        CliCommand::Authority(args) => authority::run(&args),
        CliCommand::Config(ConfigSubcommand::Show { json, .. }) => {
            show(&sources.settings(&Cli::command()), json);
            Ok(())
        }
        CliCommand::Version => {
            line(format_args!("kefu {}", env!("CARGO_PKG_VERSION")));
            Ok(())
        }
    }
}

/// Logs to standard error: text on a terminal, otherwise JSON. `KEFU_LOG` sets the level. The database client logs the
/// values of its statements and a bucket's client each attempt, so these never log below warnings.
fn start_logging() {
    let filter =
        EnvFilter::try_from_env("KEFU_LOG").unwrap_or_else(|_| EnvFilter::new("info,refinery_core=warn"));
    let silent = |filter: EnvFilter, target: &str| match format!("{target}=warn").parse() {
        Ok(directive) => filter.add_directive(directive),
        Err(_) => filter,
    };
    let filter = ["postgres", "tokio_postgres", "object_store"].into_iter().fold(filter, silent);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that cannot be written to has nowhere to report that.
    let log = log.log_internal_errors(false);
    if std::io::stderr().is_terminal() { log.init() } else { log.json().init() }
}
