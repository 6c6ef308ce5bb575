//! `kefu doctor`: finds what is wrong with settings, data, database and machine.

mod ask;
mod files;
mod finding;
mod tls;

use super::exposed::exposed;
use super::listeners::refused;
use super::print::line;
use super::serve::{NodeArgs, ServeArgs};
use crate::admin::socket;
use crate::config::Place;
use crate::desk::account::SHARED_ALIASES;
use crate::listen::ConnectionLimit;
use crate::store::check_path_length;
use crate::store::health::{self, Health};
use crate::tls::probe;
use anyhow::bail;
use ask::{ask, connect};
use clap::Args;
use finding::{Finding, Findings, Severity};
use model::Network;
use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Free bytes on the disk that a desk needs to go on for a while.
const DISK_WANTED: u64 = 1 << 30;

#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    settings: ServeArgs,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: DoctorArgs) -> anyhow::Result<()> {
    let DoctorArgs { settings: ServeArgs { node, .. }, json } = args;
    let (place, least_free) = (node.data.files_place(), node.rules.files_free());
    let data = node.data.place()?;
    let mut findings = tokio::task::spawn_blocking(move || examine(&node)).await??;
    if let Some(files) = files::examine(place, least_free, &mut findings).await {
        files::find_gone(data, files, &mut findings).await;
    }
    let problems = findings.0.iter().filter(|finding| finding.state == Severity::Problem).count();
    if json {
        line(serde_json::to_string(&findings.0)?);
    } else {
        for Finding { what, state, says } in &findings.0 {
            let mark = match state {
                Severity::Ok => "ok      ",
                Severity::Warning => "warning ",
                Severity::Problem => "PROBLEM ",
            };
            line(format_args!("{mark} {what:12} {says}"));
        }
    }
    match problems {
        0 => Ok(()),
        1 => bail!("there is a problem"),
        more => bail!("there are {more} problems"),
    }
}

fn examine(args: &NodeArgs) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let place = args.data.place()?;
    let there = match &place {
        Place::Folder(folder) => folder_of(folder, &mut findings),
        Place::Postgres(_) => true,
    };
    if there {
        match health::examine(&place) {
            Err(error) => findings.problem("database", format!("{error:#}")),
            Ok(all) => {
                for (what, found) in all {
                    match found {
                        Health::Fine(says) => findings.ok(&what, says),
                        Health::Doubtful(says) => findings.warn(&what, says),
                        Health::Wrong(says) => findings.problem(&what, says),
                    }
                }
                aliases(&place, &mut findings);
            }
        }
    }
    let runs = place.folder().is_some_and(socket::is_taken);
    listening(args, runs, &mut findings);
    names(args, &mut findings);
    for says in exposed(&std::env::args().collect::<Vec<_>>()) {
        findings.warn("command line", says);
    }
    tls::examine(args, &args.data.data, &mut findings);
    let (wanted, files) = (args.settings.connections_max as usize, ConnectionLimit::available());
    if files >= wanted {
        findings.ok("open files", format!("room for {wanted} connections"));
    } else {
        findings.warn(
            "open files",
            format!("room for {files} connections, not for {wanted}: raise LimitNOFILE, or ulimit -n"),
        );
    }
    Ok(findings)
}

/// Finds accounts that share an alias, which older versions allowed.
fn aliases(place: &Place, findings: &mut Findings) {
    let mut shared = BTreeMap::<String, Vec<String>>::new();
    // The check of the database reports tables of another version.
    for row in health::ask(place, SHARED_ALIASES).unwrap_or_default() {
        if let [alias, appid] = row.as_slice() {
            shared.entry(alias.clone()).or_default().push(appid.clone());
        }
    }
    for (alias, accounts) in shared {
        findings.warn(
            "alias",
            format!(
                "{} all have the alias {alias}, so their agents' ids are alike: kefu account set --appid … --alias …",
                accounts.join(", ")
            ),
        );
    }
}

/// Checks the folder of the data. Returns whether it has a database.
fn folder_of(folder: &Path, findings: &mut Findings) -> bool {
    let shown = folder.display();
    let Ok(metadata) = fs::metadata(folder) else {
        findings.warn("data", format!("there is no {shown} yet: `kefu serve` makes it"));
        return false;
    };
    let owner = metadata.uid();
    let me = rustix::process::geteuid().as_raw();
    if owner != me && me != 0 {
        findings.problem(
            "data",
            format!("{shown} belongs to user {owner}, and this is user {me}: run as that user"),
        );
    } else if metadata.permissions().mode() & 0o077 != 0 {
        findings.warn("data", format!("others on this machine can look into {shown}: chmod 700 {shown}"));
    } else {
        findings.ok("data", format!("{shown}, for its owner only"));
    }
    if let Ok(disk) = rustix::fs::statvfs(folder) {
        let (free, mib) = (disk.f_bavail * disk.f_frsize, disk.f_bavail * disk.f_frsize / (1 << 20));
        match free {
            free if free >= DISK_WANTED => findings.ok("disk", format!("{mib} MiB are free")),
            _ => findings.warn(
                "disk",
                format!("only {mib} MiB are free: make room, for a full disk refuses every message"),
            ),
        }
    }
    if let Err(error) = check_path_length(folder) {
        findings.problem("data", format!("{error:#}"));
    }
    let there = folder.join("kefu.db").exists();
    if !there {
        findings.warn("database", format!("there is none in {shown} yet: `kefu serve` makes it"));
    }
    there
}

/// Checks that the server answers, or could listen.
fn listening(args: &NodeArgs, runs: bool, findings: &mut Findings) {
    let address = args.listen;
    match (ready(address, args.settings.tls.tls_cert.is_some()), runs) {
        (Some(true), _) => findings.ok("server", format!("runs, and answers at {address}")),
        (Some(false), true) => findings.problem(
            "server",
            format!("runs, and its database does not answer ({address}/readyz): see its log"),
        ),
        (Some(false), false) => findings.problem(
            "server",
            format!("another program answers at {address}: choose another --listen, or stop it"),
        ),
        (None, true) => findings.warn(
            "server",
            format!("one has this data, and does not answer at {address}: it listens elsewhere, or hangs"),
        ),
        (None, false) => match TcpListener::bind(address) {
            Ok(_) => findings.ok("server", format!("does not run; {address} is free")),
            Err(error) => findings.problem("server", refused(address, "--listen", &error).to_string()),
        },
    }
}

/// Whether `/readyz` succeeds there; `None` when nothing listens.
fn ready(address: SocketAddr, is_tls: bool) -> Option<bool> {
    let stream = connect(address)?;
    if !is_tls {
        return Some(ask(stream, "/readyz"));
    }
    Some(probe::open(stream, "localhost").is_ok_and(|(stream, _)| ask(stream, "/readyz")))
}

/// Checks the public name, and what a proxy must tell.
fn names(args: &NodeArgs, findings: &mut Findings) {
    let settings = &args.settings;
    let name = "public URL";
    match settings.public_url.as_deref() {
        None if args.listen.ip().is_loopback() => {
            let here = "none: only people on this machine can use the desk";
            findings.warn(name, format!("{here}; set --public-url to the address they use"));
        }
        None => {
            let plain = "none: pages answer to plain addresses only, and cookies are not Secure";
            findings.warn(name, format!("{plain}; set --public-url https://…"));
        }
        Some(url) if url.starts_with("https://") => findings.ok(name, url),
        Some(url) if url.starts_with("http://") => {
            let risk = "is without TLS: anybody on the way can read along";
            findings.warn(name, format!("{url} {risk}; put a TLS proxy in front"));
        }
        Some(url) => {
            let cause = "does not begin with https://";
            findings.problem(name, format!("{url} {cause}: --public-url takes a whole address"));
        }
    }
    let behind = settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
    if behind && settings.tls.tls_cert.is_none() && settings.trusted_proxy.is_empty() {
        findings.warn(
            "proxy",
            "no --trusted-proxy: limits on people count the proxy as one of them, and all share its tries",
        );
    }
    if settings.trusted_proxy.iter().any(Network::is_everything) {
        findings.warn(
            "proxy",
            "--trusted-proxy holds every address, so everybody can claim to come from any: name your proxies only",
        );
    }
    if settings.metrics_listen.is_some_and(|address| !address.ip().is_loopback()) {
        findings.problem("metrics", "--metrics-listen takes a loopback address, like 127.0.0.1:9090");
    }
}
