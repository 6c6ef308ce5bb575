//! Shows by a trace of system calls that no acknowledgement is sent before its flush. A SIGKILL cannot show it, because
//! the kernel keeps what was written but not flushed.

use crate::absolute;
use crate::people::People;
use anyhow::{Context, ensure};
use crash::server::{self, Kefu};
use std::collections::HashSet;
use std::path::Path;

/// The number of changes to trace.
const CHANGES: usize = 40;
/// An acknowledgement being sent, as strace prints it.
const ANSWER: &str = r#"{\"errcode\":0,\"errmsg\":\"ok\"}"#;

/// An event in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// A thread began to write to the database's log.
    Written(u32),
    /// What the thread wrote is on the disk: the flush returned, or the database answered the commit.
    Safe(u32),
    /// An acknowledgement begins to be sent.
    Answered,
}

/// Every acknowledgement, and whether one thread wrote and flushed between it and the one before. Other threads may
/// commit other changes meanwhile.
fn answers(events: &[Event]) -> Vec<bool> {
    let (mut written, mut safe, mut answers) = (HashSet::new(), HashSet::new(), Vec::new());
    for event in events {
        match event {
            Event::Written(thread) => {
                safe.remove(thread);
                written.insert(*thread);
            }
            Event::Safe(thread) => {
                if written.remove(thread) {
                    safe.insert(*thread);
                }
            }
            Event::Answered => {
                answers.push(!safe.is_empty());
                (written, safe) = Default::default();
            }
        }
    }
    answers
}

/// The thread id, with which a line of the trace begins.
fn thread(line: &str) -> u32 {
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn judge(mut events: Vec<Event>, falsified: bool) -> anyhow::Result<usize> {
    let is_pair = |two: &[Event]| matches!(two, [Event::Safe(_), Event::Answered]);
    // The last pair, because the server's start leaves flushes of other threads before the first.
    if falsified && let Some(at) = events.windows(2).rposition(is_pair) {
        events.swap(at, at + 1);
    }
    let answers = answers(&events);
    ensure!(
        answers.len() >= CHANGES,
        "{} acknowledgements in the trace, where {CHANGES} were made",
        answers.len()
    );
    let early = answers.iter().filter(|safe| !**safe).count();
    ensure!(early == 0, "{early} of {} acknowledgements left before their flush", answers.len());
    Ok(answers.len())
}

/// Makes one change after the other under strace; returns the trace.
async fn trace(kefu: &Path, place: &[String], calls: &str) -> anyhow::Result<String> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("trace");
    let (kefu, shown) = (absolute(kefu)?, file.display().to_string());
    let tracer = ["strace", "-f", "-y", "-s", "512", "-o", &shown, "-e", calls];
    let server = Kefu::start(server::command(&kefu, place, &tracer))
        .context("strace cannot trace here: install the package strace, and allow ptrace")?;
    let mut people = People::meet(&server.base, 2).await?;
    for _ in 0..CHANGES / 2 {
        people.add_and_delete(&server.base).await?;
    }
    // strace ends with the process that it traces.
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", server.pid()))?;
    for child in children.split_whitespace() {
        let pid = rustix::process::Pid::from_raw(child.parse()?).context("a process")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
    }
    server.wait()?;
    Ok(std::fs::read_to_string(file)?)
}

pub(crate) async fn on_sqlite(kefu: &Path, falsified: bool) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let place = ["--data".to_owned(), folder.path().display().to_string()];
    let text = trace(kefu, &place, "trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg").await?;
    let events = text.lines().filter_map(|line| {
        let is_log = line.contains("kefu.db-wal>");
        let ended = |call: &str| {
            let whole = line.contains(&format!("{call}(")) && is_log && line.ends_with("= 0");
            // Only the line on which the call began has the name of the file.
            whole || line.contains(&format!("<... {call} resumed>")) && line.ends_with("= 0")
        };
        if line.contains("pwrite64(") && is_log {
            Some(Event::Written(thread(line)))
        } else if ended("fdatasync") || ended("fsync") {
            Some(Event::Safe(thread(line)))
        } else {
            line.contains(ANSWER).then_some(Event::Answered)
        }
    });
    let answers = judge(events.collect(), falsified)?;
    println!("{answers} acknowledgements on SQLite: each was sent after the flush of the log");
    Ok(())
}

pub(crate) async fn on_postgres(kefu: &Path, place: &[String], falsified: bool) -> anyhow::Result<()> {
    let text = trace(kefu, place, "trace=write,writev,sendto,sendmsg,recvfrom,read,recvmsg").await?;
    let events = text.lines().filter_map(|line| {
        let sends = ["sendto(", "write(", "writev(", "sendmsg("].iter().any(|call| line.contains(call));
        if line.contains(ANSWER) {
            Some(Event::Answered)
        } else if sends && line.contains(r"commit\0") {
            Some(Event::Written(thread(line)))
        } else {
            // PostgreSQL's answer to a commit.
            line.contains(r"COMMIT\0").then(|| Event::Safe(thread(line)))
        }
    });
    let answers = judge(events.collect(), falsified)?;
    println!("{answers} acknowledgements on PostgreSQL: each was sent after PostgreSQL answered the commit");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Event::{self, Answered};
    use super::{CHANGES, answers, judge};

    const W: Event = Event::Written(1);
    const S: Event = Event::Safe(1);

    #[test]
    fn an_answer_needs_a_write_and_its_flush_before_it() {
        assert_eq!(answers(&[W, S, Answered, W, W, S, Answered]), [true, true]);
        assert_eq!(answers(&[W, Answered, S]), [false]);
        assert_eq!(answers(&[W, S, Answered, Answered]), [true, false]);
        assert_eq!(answers(&[W, S, W, Answered]), [false]);
        assert_eq!(answers(&[S, Answered]), [false]);
        assert_eq!(
            answers(&[W, Event::Safe(2), Answered]),
            [false],
            "another thread's flush is not this one's"
        );
        assert_eq!(
            answers(&[W, S, Event::Written(2), Answered]),
            [true],
            "another thread's write is not this one's"
        );
    }

    #[test]
    fn a_falsified_trace_is_refused() {
        let events: Vec<_> = [W, S, Answered].repeat(CHANGES);
        assert!(judge(events.clone(), false).is_ok());
        assert!(judge(events.clone(), true).is_err());
        assert!(judge(events[3..].to_vec(), false).is_err(), "one is missing");
    }
}
