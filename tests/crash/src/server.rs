//! Kefu and PostgreSQL as processes that can be killed.

use anyhow::{Context, bail, ensure};
use rand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A demo desk; it is killed when dropped.
pub struct Kefu {
    child: Child,
    /// Where it listens, as the beginning of an address.
    pub base: String,
}

/// The demo over data at `place` (its flag and value), without limits on people. It is started by `through`,
/// when that is not empty.
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

/// The demo over data in `folder` with the limits that it has by itself, and these settings.
pub fn limited(program: &Path, folder: &Path, settings: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(["demo", "--listen", "127.0.0.1:0", "--data"]).arg(folder).args(settings);
    quiet(command)
}

fn quiet(mut command: Command) -> Command {
    command.env("KEFU_LOG", "off").stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// The same with a log, in `file`.
///
/// # Errors
/// When the file cannot be made.
pub fn logging(mut command: Command, file: &Path) -> anyhow::Result<Command> {
    command.env("KEFU_LOG", "info,postgres=warn,refinery_core=warn").stderr(std::fs::File::create(file)?);
    Ok(command)
}

impl Kefu {
    /// Starts it, and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
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

    /// Starts it and kills it before it is ready, at any moment.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn stillborn(mut command: Command, rng: &mut impl Rng) -> anyhow::Result<()> {
        let mut child = command.spawn()?;
        std::thread::sleep(Duration::from_millis(u64::from(rng.next_u32() % 120)));
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// SIGKILL.
    ///
    /// # Errors
    /// When the process cannot be killed.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits until it has ended.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn stop(self) -> anyhow::Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid())?).context("a process")?;
        kill_process(pid, Signal::TERM)?;
        self.wait()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When that cannot be known.
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

/// A PostgreSQL of our own, with its safety on; it ends when dropped.
pub struct Postgres {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl Postgres {
    /// Makes one and starts it.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
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
        // It refuses to be root.
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

    /// Where its socket is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its address.
    pub fn url(&self) -> String {
        url(self.folder())
    }

    /// `pg_ctl stop -m immediate`: no farewell, no last flush.
    ///
    /// # Errors
    /// When it cannot be stopped.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w"])
    }

    /// Starts it again over its data.
    ///
    /// # Errors
    /// When it does not start.
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
