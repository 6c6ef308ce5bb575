//! The program as a process.

use crate::engine::Fresh;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// The program.
pub const KEFU: &str = env!("CARGO_BIN_EXE_kefu");
/// The demo's account.
pub const APPID: &str = "wx0123456789abcdef";
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// How a demo is started at any free port.
pub const DEMO: &[&str] = &["demo", "--listen", "127.0.0.1:0"];

/// A running server; it is killed when dropped.
pub struct Running {
    pub child: Child,
    pub base: String,
    said: Receiver<String>,
    log: Receiver<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub fn start(args: &[&str], fresh: &Fresh) -> Running {
        let flags = fresh.flags();
        Running::start_with(args, &flags.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// The same without naming data, for what names it otherwise.
    pub fn start_with(args: &[&str], data: &[&str]) -> Running {
        let mut command = Command::new(KEFU);
        command.args(args).args(data).env("KEFU_LOG", "debug").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (says, said) = channel();
        let (told, log) = channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(says.send(line)))
        });
        let mut err = BufReader::new(err);
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = err.read_to_string(&mut text);
            let _ = told.send(text);
        });
        let base = loop {
            let line = said.recv_timeout(Duration::from_secs(20)).expect("the server says where it listens");
            if let Some(base) = line.split_whitespace().find(|word| word.contains("://127.0.0.1:")) {
                break base.trim_end_matches('/').to_owned();
            }
        };
        Running { child, base, said, log }
    }

    /// The rest of the next line it says that begins so.
    pub fn says(&self, begin: &str) -> String {
        loop {
            let line = self.said.recv_timeout(Duration::from_secs(20)).expect(begin);
            if let Some(rest) = line.trim().strip_prefix(begin) {
                break rest.trim().to_owned();
            }
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Asks it to stop; answers how long that took, and its log.
    pub fn stop(mut self) -> (Duration, String) {
        let asked = Instant::now();
        self.signal("-TERM");
        assert!(self.child.wait().unwrap().success());
        (asked.elapsed(), self.log.recv_timeout(Duration::from_secs(5)).unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        reqwest::get(format!("{}{path}", self.base)).await.unwrap().json().await.unwrap()
    }

    pub async fn token(&self) -> String {
        let path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
        self.get(&path).await["access_token"].as_str().unwrap().to_owned()
    }
}

/// Runs a subcommand to its end: whether it succeeded, and what it said.
pub fn kefu(args: &[&str], fresh: &Fresh) -> (bool, String) {
    let output = Command::new(KEFU).args(args).args(fresh.flags()).output().unwrap();
    (
        output.status.success(),
        String::from_utf8(if output.status.success() { output.stdout } else { output.stderr }).unwrap(),
    )
}
