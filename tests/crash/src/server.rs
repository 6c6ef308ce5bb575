//! Kefu and PostgreSQL as processes that can be killed.

use anyhow::{Context, bail, ensure};
use rand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running `kefu demo`, which is killed when dropped.
pub struct Kefu {
    child: Child,
    /// The beginning of its URLs.
    pub base: String,
}

/// A command for the demo on data at `place` (a flag and its value), without limits on people. `through` is a program
/// that starts it, with arguments; empty for none.
pub fn command(program: &Path, place: &[String], through: &[&str]) -> Command {
    let mut command = match through {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    command.args(["demo", "--listen", "127.0.0.1:0", "--new-customers-per-hour", "0"]);
    command.args(["--messages-per-minute", "0", "--log-ins-per-minute", "0"]).args(place);
    quiet(command)
}

/// A command for the demo on data in `folder`, with the default limits and these settings.
pub fn limited(program: &Path, folder: &Path, settings: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(folder).args(settings);
    quiet(command)
}

fn quiet(mut command: Command) -> Command {
    command.env("KEFU_LOG", "off").stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The command with its log in `file`.
///
/// # Errors
/// If the file cannot be made.
pub fn logging(mut command: Command, file: &Path) -> anyhow::Result<Command> {
    command.env("KEFU_LOG", "info,postgres=warn,refinery_core=warn").stderr(std::fs::File::create(file)?);
    Ok(command)
}

impl Kefu {
    /// Starts the server, and waits until it listens.
    ///
    /// # Errors
    /// If it does not.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let said = BufReader::new(child.stdout.take().context("its output is piped")?);
        let mut kefu = Kefu { child, base: String::new() };
        let mut said = said.lines();
        for line in said.by_ref() {
            let line = line?;
            if let Some((_, rest)) = line.split_once("http://127.0.0.1:") {
                let port = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                kefu.base = format!("http://127.0.0.1:{port}");
                return Ok(kefu);
            }
        }
        bail!("kefu did not start")
    }

    /// Starts the server, and kills it at a random moment before it is ready.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn kill_at_start(mut command: Command, rng: &mut impl Rng) -> anyhow::Result<()> {
        let mut child = command.spawn()?;
        std::thread::sleep(Duration::from_millis(u64::from(rng.next_u32() % 120)));
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Sends SIGKILL.
    ///
    /// # Errors
    /// If the process cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Sends SIGTERM, and waits until the process has ended.
    ///
    /// # Errors
    /// If the signal cannot be sent.
    pub fn stop(self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid())?).context("a process")?;
        kill_process(pid, Signal::TERM)?;
        self.wait()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process has ended.
    ///
    /// # Errors
    /// If waiting fails.
    pub fn wait(mut self) -> anyhow::Result<()> {
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Kefu {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of the PostgreSQL whose socket is in a folder.
pub fn url(folder: &Path) -> String {
    format!("postgresql://postgres@{}/postgres", folder.display().to_string().replace('/', "%2F"))
}

/// A PostgreSQL with durable commits, which ends when dropped.
pub struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub fn start() -> anyhow::Result<Self> {
        let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .context("PostgreSQL is missing: apt-get install postgresql")?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|programs| programs.join("initdb").exists())
            .collect();
        found.sort();
        let programs = found.pop().context("PostgreSQL has no initdb: apt-get install postgresql")?;
        let folder = tempfile::Builder::new().prefix("kefu-pg-").tempdir_in("/var/tmp")?;
        let server = Postgres { programs, folder };
        if rustix::process::getuid().is_root() {
            let owned = Command::new("chown").arg("postgres").arg(server.folder.path()).status()?;
            ensure!(owned.success(), "the folder cannot be given to postgres");
        }
        server.run("initdb", &["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])?;
        server.resume()?;
        Ok(server)
    }

    fn run(&self, program: &str, args: &[&str]) -> anyhow::Result<()> {
        // PostgreSQL refuses to run as root.
        let path = self.programs.join(program);
        let mut command = if rustix::process::getuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.arg("-D").arg(self.folder.path().join("data")).args(args).current_dir(self.folder.path());
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
        ensure!(status.success(), "{program} {args:?} failed");
        Ok(())
    }

    /// The folder of its socket.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its URL.
    pub fn url(&self) -> String {
        url(self.folder())
    }

    /// Stops it with `pg_ctl stop -m immediate`, which neither closes connections nor flushes.
    ///
    /// # Errors
    /// If it cannot be stopped.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"])
    }

    /// Starts it again on its data.
    ///
    /// # Errors
    /// If it does not start.
    pub fn resume(&self) -> anyhow::Result<()> {
        let options = format!("-k {} -c listen_addresses=", self.folder.path().display());
        self.run("pg_ctl", &["start", "-w", "-l", "server.log", "-o", &options])
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("crash: a PostgreSQL may be left over: {error}");
        }
    }
}
