//! G11: the time from the start of the process to the first answer on an empty database, and resident memory after it,
//! against the smallest server with axum and rusqlite.

use crate::Bench;
use crate::measure::child::{self, Server};
use crate::measure::machine;
use crate::measure::report::{Goal, Line, Report};
use crate::measure::round::{Round, Rounds, Spread, Turn};
use anyhow::{bail, ensure};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(10);
/// The time between two attempts to connect.
const PAUSE: Duration = Duration::from_micros(100);
/// A start is short and its time varies much, so there are more rounds.
const ROUNDS: usize = 3;

pub(crate) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Report>> {
    let rounds = Rounds::run(
        bench.rounds * ROUNDS,
        async || turn(bench, product).await,
        async || turn(bench, smallest).await,
    );
    let rounds = rounds.await?;
    let (time, memory) = (|turn: &Turn| turn.elapsed_s, |turn: &Turn| turn.resident);
    let (ours, theirs) = (rounds.product(time) * 1e3, rounds.baseline(time) * 1e3);
    let (our_mb, their_mb) = (rounds.product(memory) / 1e6, rounds.baseline(memory) / 1e6);
    let line = |name, figure: fn(&Turn) -> f64, most, figures| Line {
        name,
        spread: Spread::of(rounds.kept.iter().map(|round: &Round| round.times(figure))),
        unit: "times the smallest server's",
        goal: Some(Goal::AtMost(most)),
        figures,
    };
    let mut report =
        Report { title: "G11 start on an empty database".into(), ..Report::default() }.with_rounds(&rounds);
    report.lines.push(line("start", time, 2.5, format!("{ours:.1} ms, {theirs:.1} ms to the first answer")));
    report.lines.push(line(
        "memory",
        memory,
        1.5,
        format!("{our_mb:.1} MB, {their_mb:.1} MB resident after it"),
    ));
    report.plain.push(format!("start to the first answer: {ours:.1} ms, {our_mb:.1} MB resident after it"));
    Ok(vec![report])
}

/// A command for the program itself, because a process between would be measured too.
fn product(bench: &Bench, address: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(&bench.kefu);
    command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(folder).env("KEFU_LOG", "warn");
    Ok(command)
}

fn smallest(_: &Bench, address: SocketAddr, folder: &Path) -> anyhow::Result<Command> {
    let mut command = child::command("smallest")?;
    command.arg(address.to_string()).arg(folder);
    Ok(command)
}

/// Starts a server once. A start is too short to measure the other processes' share, so the share just before counts.
async fn turn(
    bench: &Bench,
    command: fn(&Bench, SocketAddr, &Path) -> anyhow::Result<Command>,
) -> anyhow::Result<Turn> {
    let others = machine::wait_for_silence(bench.patience()).await?;
    let folder = bench.folder.join("g11");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    // A port that is free at this moment.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut command = command(bench, address, &folder)?;
    let begun = Instant::now();
    let mut server = Server::at(address, &mut command)?;
    first_answer(&mut server, begun)?;
    let elapsed_s = begun.elapsed().as_secs_f64();
    let resident = machine::resident(server.pid());
    ensure!(resident > 0.0, "a server ended after its first answer");
    server.stop()?;
    let took_us = elapsed_s * 1e6;
    Ok(Turn {
        calls: 1.0,
        elapsed_s,
        server_s: 0.0,
        p50_us: took_us,
        p99_us: took_us,
        others,
        resident,
        batch: 0.0,
    })
}

fn first_answer(server: &mut Server, begun: Instant) -> anyhow::Result<()> {
    while begun.elapsed() < PATIENCE {
        if let Ok(mut stream) = TcpStream::connect(server.address) {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            ensure!(answer.starts_with("HTTP/1.1 200"), "the first answer of a server is {answer}");
            return Ok(());
        }
        ensure!(!server.has_ended()?, "a server did not start");
        std::thread::sleep(PAUSE);
    }
    bail!("a server does not answer")
}
