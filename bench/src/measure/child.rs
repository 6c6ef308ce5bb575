//! Servers as child processes, on free ports. They are stopped at the end, and end with this process.

use crate::measure::round::Turn;
use crate::pushes::paced::Times;
use anyhow::{Context, bail, ensure};
use kefu::config::Place;
use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// The measured build profile. Cargo names the folder of its programs after it.
pub(crate) const PROFILE: &str = "dist";

/// The product's program of the profile `dist`, beside this program. Under cargo it is built first.
///
/// # Errors
/// Fails if this program was built with another profile, because then baselines and product would differ in it.
pub(crate) fn product() -> anyhow::Result<PathBuf> {
    let bench = std::env::current_exe()?;
    let folder = bench.parent().and_then(Path::file_name);
    ensure!(folder.is_some_and(|name| name == PROFILE), "run cargo run --profile {PROFILE} -p bench");
    let program = bench.with_file_name("kefu");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let built =
            Command::new(cargo).args(["build", "--profile", PROFILE, "--quiet", "-p", "kefu"]).status()?;
        if !built.success() {
            bail!("building kefu failed");
        }
    }
    if !program.exists() {
        bail!("there is no {}: run cargo build --profile {PROFILE} -p kefu", program.display());
    }
    Ok(program)
}

/// Replaces this process by the product, which ends with the parent process.
pub(crate) fn become_product(program: &Path, place: &str) -> anyhow::Error {
    end_with_parent();
    let flag = if place.starts_with("postgresql://") { "--database" } else { "--data" };
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", flag, place]).env("KEFU_LOG", "warn");
    let error = command.exec();
    anyhow::Error::from(error).context(format!("starting {}", program.display()))
}

/// Lets this child process end with its parent.
pub(crate) fn end_with_parent() {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::TERM)) {
        eprintln!("bench: a child may be left over: {error}");
    }
}

/// A command that runs this program in one of its roles.
pub(crate) fn command(role: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role).stdin(Stdio::null());
    Ok(command)
}

fn product_at(program: &Path, place: &Place) -> anyhow::Result<Command> {
    let mut command = command("product")?;
    command.arg(program);
    match place {
        Place::Folder(folder) => command.arg(folder),
        Place::Postgres(url) => command.arg(url),
    };
    Ok(command)
}

/// Runs a baseline that writes to the data at `place` without a server, in a process of its own. `role` names the
/// baseline, `lines` is a file with what it writes about, and `numbers` are its flags.
pub(crate) fn writers(
    role: &str,
    place: &Place,
    lines: &Path,
    numbers: &[(&str, usize)],
) -> anyhow::Result<Turn> {
    let mut command = command(role)?;
    match place {
        Place::Folder(folder) => command.arg(folder.join("kefu.db")),
        Place::Postgres(url) => command.arg(url),
    };
    command.arg(lines);
    for (flag, number) in numbers {
        command.arg(flag).arg(number.to_string());
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the writers ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("parsing the output of the writers")
}

/// Starts the bare client that posts the requests of a file.
pub(crate) fn poster(requests: &Path, callers: usize) -> anyhow::Result<Child> {
    let mut command = command("poster")?;
    Ok(command.arg(requests).arg("--callers").arg(callers.to_string()).spawn()?)
}

/// Runs the bare client that stores each message before it posts its push. Returns when each message began.
pub(crate) fn committing_poster(
    place: &Place,
    lines: &Path,
    requests: &Path,
    callers: usize,
    messages: usize,
) -> anyhow::Result<Times> {
    let Place::Folder(folder) = place else { bail!("this is not SQLite") };
    let mut command = command("committing-poster")?;
    command.arg(folder.join("kefu.db")).arg(requests).arg(lines);
    for (flag, number) in [("--callers", callers), ("--warm", 0), ("--calls", messages)] {
        command.arg(flag).arg(number.to_string());
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the bare client ended with {}", output.status);
    serde_json::from_slice(&output.stdout).context("parsing the output of the bare client")
}

/// A running server.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the product over the data at `place`.
    pub(crate) fn product(program: &Path, place: &Place) -> anyhow::Result<Self> {
        Server::start(product_at(program, place)?)
    }

    /// Starts the product behind a reverse proxy on this machine, which names the address of each customer. The product
    /// may call developers' servers on this machine.
    pub(crate) fn behind_proxy(program: &Path, place: &Place) -> anyhow::Result<Self> {
        let mut command = product_at(program, place)?;
        command.env("KEFU_TRUSTED_PROXY", "127.0.0.1").env("KEFU_CALLBACK_NETWORK", "127.0.0.0/8");
        Server::start(command)
    }

    /// Starts a developer's server that counts what is pushed.
    pub(crate) fn developer() -> anyhow::Result<Self> {
        Server::start(command("developer")?)
    }

    /// Starts the baseline that answers `path` with the bytes of the file `answer`.
    pub(crate) fn constant(path: &str, answer: &Path) -> anyhow::Result<Self> {
        let mut command = command("constant")?;
        command.arg(path).arg(answer);
        Server::start(command)
    }

    /// Starts a server that prints its address to standard error.
    fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(process.stderr.take().context("standard error is piped")?).lines();
        let mut server = Server { process, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        for line in said.by_ref() {
            let line = line?;
            if let Some((_, address)) = line.split_once("listens at http://") {
                server.address = address.parse().with_context(|| line.clone())?;
                // Later lines are warnings.
                std::thread::spawn(move || said.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
                return Ok(server);
            }
            eprintln!("{line}");
        }
        bail!("a server did not start")
    }

    /// Starts a server that listens at `address`.
    pub(crate) fn at(address: SocketAddr, command: &mut Command) -> anyhow::Result<Self> {
        Ok(Server { process: command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?, address })
    }

    /// Whether the process has ended.
    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Sends SIGTERM, and waits until the process has ended.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let status = self.end()?;
        if !status.success() {
            bail!("a server ended with {status}");
        }
        Ok(())
    }

    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if let Some(status) = self.process.try_wait()? {
            return Ok(status);
        }
        kill_process(Pid::from_child(&self.process), Signal::TERM)?;
        self.process.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("bench: a server could not be stopped: {error}");
        }
    }
}
