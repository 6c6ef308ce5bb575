//! Commands that operators run while the desk runs. One process owns the embedded database, so a subcommand sends its
//! command to the running server over `<data>/admin.sock`. It opens the store itself only when no server holds it.

pub mod callback;
mod context;
mod create;
pub mod customer;
pub mod group;
mod limit;
mod outcome;
pub mod push;
pub mod remove;
pub mod socket;
mod worker;

use crate::clock::{Clock, Rng};
use crate::config::{Place, Rules};
use crate::desk::account::AccountChanges;
use crate::desk::ended_login::EndReason;
use crate::desk::login::LoginsToEnd;
use crate::desk::token::TokenKind;
use crate::desk::{Desk, account, administrator, component, login, token, worker as workers};
use crate::error::Error;
use crate::files::Files;
use crate::store::Store;
use crate::store::place::FilesPlace;
use anyhow::{Context, bail};
use customer::CustomerCommand;
use model::Appid;
use outcome::{shown, with_secret};
use protocol::{Errcode, limits};
use serde::{Deserialize, Serialize};
use serde_json::json;
use socket::{SocketPath, named};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use worker::{administer, bind_agent, known_worker, worker_name};

pub use context::CommandContext;
pub use limit::LimitCommand;
pub use outcome::Outcome;

/// Maximum bytes of a command: texts, a file and a thumb, of which Base64 makes four bytes of three.
const COMMAND_MAX: u64 = 64 * 1024 + (limits::FILE_MAX + limits::THUMB_MAX) / 3 * 4;

/// A command of an operator.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Creates an account.
    AccountCreate {
        /// Its id; made when absent.
        appid: Option<String>,
        /// Its settings; absent ones get their defaults.
        settings: AccountChanges,
    },
    /// Lists accounts.
    AccountList,
    /// Shows an account.
    AccountShow(String),
    /// Changes an account.
    AccountSet {
        /// The account.
        appid: String,
        /// The changes.
        settings: AccountChanges,
        /// Whether to make a new secret.
        new_secret: bool,
    },
    /// Makes a worker an administrator of an account, or revokes that.
    AccountAdmin {
        /// The account.
        appid: String,
        /// The worker.
        worker: String,
        /// Whether to revoke it.
        revoke: bool,
    },
    /// Shows or changes how often, and from which addresses, an account may call.
    Limit(LimitCommand),
    /// Shows, saves or removes the developer's server of an account.
    Callback(callback::CallbackCommand),
    /// Shows, replays, pauses or resumes the pushes of an account.
    Push(push::PushCommand),
    /// Makes or deletes keys with which developers' machines get pushes.
    ListenKey(callback::ListenKeyCommand),
    /// Lists or changes the groups of agents of an account.
    Group(group::GroupCommand),
    /// Binds a worker to an agent without an invitation.
    AgentBind {
        /// The account.
        appid: String,
        /// The agent.
        kf_account: String,
        /// The worker.
        worker: String,
    },
    /// Makes a sign-up link.
    WorkerInvite {
        /// The only name that can sign up with it.
        name: Option<String>,
        /// Hours during which it can be used.
        hours: u32,
    },
    /// Lists workers.
    WorkerList,
    /// Gives a worker a new password and ends their logins.
    WorkerReset(String),
    /// Lists where a worker is logged in.
    WorkerLogins(String),
    /// Ends a worker's logins.
    WorkerLogOut {
        /// The worker.
        name: String,
        /// The login; all when absent.
        login: Option<String>,
    },
    /// Creates a component.
    ComponentCreate {
        /// Its id; made when absent.
        appid: Option<String>,
        /// Its name.
        name: String,
    },
    /// Replaces the permission sets that a component has of an account.
    ComponentGrant {
        /// The component.
        component: String,
        /// The account.
        appid: String,
        /// The sets.
        sets: Vec<u16>,
    },
    /// Revokes what was granted.
    ComponentRevoke {
        /// The component.
        component: String,
        /// The account.
        appid: String,
    },
    /// Issues a component's own token, or its token for an account.
    ComponentToken {
        /// The component.
        component: String,
        /// The account.
        appid: Option<String>,
    },
    /// Creates a customer, or has a customer do or say something.
    Customer(CustomerCommand),
    /// Issues an account's token.
    TokenIssue(String),
    /// Removes an account or a worker, or shows what would be removed.
    Remove(remove::RemoveCommand),
    /// Expires an owner's tokens as if their time were over.
    TokenExpire(String),
    /// Deletes an owner's tokens.
    TokenRevoke(String),
}

/// Executes a command.
pub async fn execute(desk: &Desk, context: &CommandContext, command: Command) -> Outcome {
    match try_execute(desk, context, command).await {
        Ok(outcome) => outcome,
        Err(Error::Refused(code)) => Err(sentence(code)),
        Err(Error::Internal(cause)) => Err(format!("it failed: {cause:#}")),
    }
}

fn sentence(code: Errcode) -> String {
    match code {
        Errcode::InvalidAppid => {
            "there is no such account or component: `kefu account list` shows the accounts".into()
        }
        Errcode::NotFound => "there is no such worker: `kefu worker list` shows them".into(),
        Errcode::BadRequest => "one of the values is none of the choices: --help lists them".into(),
        Errcode::InvalidOpenid => {
            "an openid is o and 27 of A-Z, a-z, 0-9, _ and -: `kefu customer create` makes one".into()
        }
        Errcode::CgiPathNotFound => {
            "there is no such endpoint, or its calls are not counted: `kefu account quota` lists them".into()
        }
        Errcode::NotAuthorizedByAccount => {
            "the account grants this component nothing: `kefu component grant` does that".into()
        }
        code => format!("refused: {code}"),
    }
}

async fn try_execute(desk: &Desk, context: &CommandContext, command: Command) -> Result<Outcome, Error> {
    Ok(match command {
        Command::AccountCreate { appid, settings } => create::account(desk, appid, settings).await?,
        Command::AccountList => Ok(json!(account::list(desk).await?.iter().map(shown).collect::<Vec<_>>())),
        Command::AccountShow(appid) => show_account(desk, &Appid::parse(&appid)?).await?,
        Command::AccountSet { appid, mut settings, new_secret } => {
            settings.secret = new_secret.then(|| desk.rng.hex::<16>());
            let secret = settings.secret.clone();
            let changed = account::set(desk, &Appid::parse(&appid)?, settings).await?;
            changed.map(|account| with_secret(shown(&account), secret))
        }
        Command::AccountAdmin { appid, worker, revoke } => administer(desk, &appid, &worker, revoke).await?,
        Command::Limit(command) => limit::execute(desk, command).await?,
        Command::Callback(command) => callback::execute(desk, context, command).await?,
        Command::Push(command) => command.execute(desk, context).await?,
        Command::ListenKey(command) => command.execute(desk).await?,
        Command::Group(command) => command.execute(desk).await?,
        Command::AgentBind { appid, kf_account, worker } => {
            bind_agent(desk, &appid, &kf_account, &worker).await?
        }
        Command::WorkerInvite { name, hours } => invite_worker(desk, &context.base, name, hours).await?,
        Command::WorkerList => Ok(json!(workers::list(desk).await?)),
        Command::WorkerReset(name) => {
            let password = desk.rng.hex::<8>();
            workers::reset(desk, &worker_name(&name)?, &password).await?;
            Ok(json!({"worker": name, "password": password}))
        }
        Command::WorkerLogins(name) => {
            Ok(json!(login::list(desk, &known_worker(desk, &name).await?, None).await?))
        }
        Command::WorkerLogOut { name, login } => {
            let which = login.map_or(LoginsToEnd::All, LoginsToEnd::One);
            let ended =
                login::end(desk, &known_worker(desk, &name).await?, which, EndReason::Operator).await?;
            Ok(json!({"worker": name, "ended": ended}))
        }
        Command::ComponentCreate { appid, name } => create::component(desk, appid, &name).await?,
        Command::ComponentGrant { component: platform, appid, sets } => {
            component::grant(desk, &Appid::parse(&platform)?, &Appid::parse(&appid)?, &sets).await?;
            Ok(json!({"component": platform, "account": appid, "sets": sets}))
        }
        Command::ComponentRevoke { component: platform, appid } => {
            component::revoke(desk, &Appid::parse(&platform)?, &Appid::parse(&appid)?).await?;
            Ok(json!({"component": platform, "account": appid, "sets": []}))
        }
        Command::ComponentToken { component, appid } => {
            let component = Appid::parse(&component)?;
            Ok(json!(match appid {
                Some(appid) => token::issue_authorizer(desk, &component, &Appid::parse(&appid)?).await?,
                None => token::issue_for_operator(desk, &component, TokenKind::Component).await?,
            }))
        }
        Command::Customer(command) => command.execute(desk).await?,
        Command::Remove(command) => command.execute(desk).await?,
        Command::TokenIssue(appid) => {
            Ok(json!(token::issue_for_operator(desk, &Appid::parse(&appid)?, TokenKind::Own).await?))
        }
        Command::TokenExpire(owner) => {
            Ok(json!({"expired": token::expire(desk, &Appid::parse(&owner)?).await?}))
        }
        Command::TokenRevoke(owner) => {
            Ok(json!({"revoked": token::revoke(desk, &Appid::parse(&owner)?).await?}))
        }
    })
}

async fn invite_worker(desk: &Desk, base: &str, name: Option<String>, hours: u32) -> Result<Outcome, Error> {
    let name = name.map(|name| worker_name(&name)).transpose()?;
    let link = workers::invite(desk, name.as_ref(), hours).await?;
    Ok(Ok(
        json!({"link": format!("{base}/desk/#join={link}"), "valid": format!("once, within {hours} hours")}),
    ))
}

async fn show_account(desk: &Desk, appid: &Appid) -> Result<Outcome, Error> {
    let mut value = shown(&account::show(desk, appid).await?);
    if let Some(members) = value.as_object_mut() {
        members.insert("administrators".into(), json!(administrator::of(desk, appid).await?));
    }
    Ok(Ok(value))
}

/// Sends a command to the server that holds the data, or executes it here when no server does. `files` returns the
/// place of the files, which few commands need.
///
/// # Errors
/// When neither is possible.
pub async fn send(
    place: &Place,
    files: impl FnOnce() -> anyhow::Result<FilesPlace>,
    rules: Rules,
    context: &CommandContext,
    command: Command,
) -> anyhow::Result<Outcome> {
    if let Some(folder) = place.folder() {
        let connected = match SocketPath::of(folder) {
            Ok(path) => UnixStream::connect(&path).await,
            Err(error) => Err(error),
        };
        match connected {
            Ok(stream) => return ask(stream, &command).await,
            Err(error) => tracing::debug!(%error, "no server listens; opening the store"),
        }
        if !folder.join("kefu.db").exists() {
            bail!(
                "there is no data in {}: `kefu serve` or `kefu demo` makes it, --data names another folder",
                folder.display()
            );
        }
    }
    let store = Store::open(place, Clock::system()).await?;
    let mut desk = Desk::new(store, Rng::system(), rules);
    if let Command::Customer(CustomerCommand::Send { .. }) = &command {
        desk = desk.with_files(Files::at(files()?, rules.files_free()));
    }
    Ok(execute(&desk, context, command).await)
}

async fn ask(stream: UnixStream, command: &Command) -> anyhow::Result<Outcome> {
    let (read, mut write) = stream.into_split();
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    write.write_all(&line).await.context("sending the order to the running server")?;
    let mut answer = String::new();
    BufReader::new(read).read_line(&mut answer).await.context("the running server gave no answer")?;
    Ok(serde_json::from_str(&answer)?)
}

/// The server's end of the admin socket.
pub struct Admin(UnixListener);

impl Admin {
    /// Listens in `folder`. Only this process has the folder, so an existing socket is a leftover.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn listen(folder: &Path) -> anyhow::Result<Self> {
        let path = named(folder);
        // Made where only this user can reach it, then moved over a leftover.
        let private =
            tempfile::tempdir_in(folder).with_context(|| format!("writing to {}", folder.display()))?;
        let made = named(private.path());
        let bound = SocketPath::of(private.path()).and_then(|path| UnixListener::bind(&path));
        let listener = bound.with_context(|| format!("listening at {}", path.display()))?;
        std::fs::set_permissions(&made, Permissions::from_mode(0o600))?;
        std::fs::rename(&made, &path)?;
        Ok(Admin(listener))
    }

    /// Handles commands until `stop`.
    pub async fn serve(self, desk: Desk, context: CommandContext, stop: CancellationToken) {
        loop {
            let stream = tokio::select! {
                accepted = self.0.accept() => accepted,
                () = stop.cancelled() => return,
            };
            let (desk, context) = (desk.clone(), context.clone());
            match stream {
                Ok((stream, _)) => drop(tokio::spawn(async move {
                    if let Err(error) = handle(stream, &desk, &context).await {
                        tracing::warn!(%error, "an order could not be taken");
                    }
                })),
                Err(error) => tracing::warn!(%error, "an operator could not connect"),
            }
        }
    }
}

async fn handle(stream: UnixStream, desk: &Desk, context: &CommandContext) -> anyhow::Result<()> {
    use tokio::io::AsyncReadExt;
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(COMMAND_MAX)).read_line(&mut line).await?;
    let outcome = match serde_json::from_str(&line) {
        Ok(command) => execute(desk, context, command).await,
        Err(_) => {
            Err("this order is of another version of Kefu than the running server: use the same".into())
        }
    };
    let mut answer = serde_json::to_vec(&outcome)?;
    answer.push(b'\n');
    write.write_all(&answer).await?;
    Ok(())
}
