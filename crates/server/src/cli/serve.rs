//! `kefu serve` and `kefu demo`.

use super::demo_callback;
use super::listeners::{Listeners, bind};
use super::print::say;
use crate::admin::{Admin, CommandContext};
use crate::app::{connection_limit, router};
use crate::callback::CallbackChange;
use crate::clock::{Clock, Rng};
use crate::config::{BucketArgs, Data, Place, Rules, Settings, socket_address};
use crate::desk::{Desk, account, cluster};
use crate::due::{self, Lease};
use crate::error::Error;
use crate::files::Files;
use crate::state::App;
use crate::store::Store;
use crate::{callback, demo, http, listen};
use anyhow::bail;
use clap::Args;
use model::Network;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Time limit for giving up the lease.
const FAREWELL: Duration = Duration::from_secs(1);
/// Time limit for the last flush of counts; 100,000 counters are 200 verbs.
const LAST_ROUND: Duration = Duration::from_secs(5);
/// Networks that a demo may call, too.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1"];
/// Maximum connections to the metrics.
const WATCHERS: usize = 16;

/// Arguments that `serve` and `demo` share.
#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    /// The address to listen on.
    #[arg(
        long,
        env = "KEFU_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS",
        value_parser = socket_address
    )]
    pub(super) listen: SocketAddr,
    #[command(flatten)]
    pub(super) data: Data,
    #[command(flatten)]
    pub(super) settings: Settings,
    #[command(flatten)]
    pub(super) rules: Rules,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[command(flatten)]
    pub(super) node: NodeArgs,
    /// Serve although the data holds the demo account, whose secret is public.
    #[arg(long, env = "KEFU_ALLOW_DEMO")]
    allow_demo: bool,
}

#[derive(Debug, Args)]
#[command(mut_arg("listen", |arg| arg.help("The address to listen on; a demo listens on this machine only")))]
pub(super) struct DemoArgs {
    #[command(flatten)]
    node: NodeArgs,
    /// Keep nothing: the data goes when the demo ends.
    #[arg(long, conflicts_with_all = ["data", "database"])]
    memory: bool,
    /// Push what customers write to this program, such as http://127.0.0.1:3000/wx. If it is not up yet, the demo waits
    /// for it.
    #[arg(long, value_name = "URL")]
    callback: Option<String>,
    /// The token that pushes are signed with.
    #[arg(long, value_name = "TOKEN", default_value = demo::TOKEN)]
    callback_token: String,
}

impl DemoArgs {
    /// The settings of the program that is pushed to; `None` without one.
    fn callback(&self) -> Option<CallbackChange> {
        let url = self.callback.clone()?;
        let (url, token) = (Some(url), Some(self.callback_token.clone()));
        Some(CallbackChange { url, token, ..CallbackChange::default() })
    }
}

pub(super) async fn serve(ServeArgs { node: args, allow_demo }: ServeArgs) -> anyhow::Result<()> {
    let place = args.data.place()?;
    let desk = open(&args.data, &place, args.rules).await?;
    if !allow_demo && demo::is_there(&desk).await.map_err(Error::cause)? {
        bail!(
            "the data holds the demo account, whose secret is public: use another --data, or --allow-demo if only \
             you can reach this server"
        );
    }
    let listeners = listeners(args.listen, &args.settings, &args.data.data).await?;
    let is_empty = account::is_empty(&desk).await.map_err(Error::cause)?;
    let next = if is_empty { "; there is no account yet: `kefu account create` makes one" } else { "" };
    let manual = listeners.manual.clone();
    let greet = |base: &str| {
        say(format_args!("kefu {} listens at {base}{next}", env!("CARGO_PKG_VERSION")));
        manual.iter().for_each(|manual| say(format_args!("\n{manual}")));
    };
    run(desk, &place, args.settings, listeners, greet).await
}

pub(super) async fn demo(args: DemoArgs) -> anyhow::Result<()> {
    let callback = args.callback();
    let DemoArgs { node: args, memory, .. } = args;
    let tls = &args.settings.tls;
    for (flag, address) in
        [("--listen", args.listen), ("--as-https", tls.as_https), ("--as-http", tls.as_http)]
    {
        if !address.ip().is_loopback() {
            bail!(
                "a demo is for this machine only, because its secret is public: {flag} takes a loopback address, \
                 like 127.0.0.1:8080"
            );
        }
    }
    let folder = memory.then(|| tempfile::Builder::new().prefix("kefu-").tempdir()).transpose()?;
    let data = match &folder {
        Some(folder) => Data {
            data: folder.path().to_owned(),
            database: None,
            files: None,
            bucket: BucketArgs::default(),
        },
        None => args.data,
    };
    let place = data.place()?;
    let desk = open(&data, &place, args.rules).await?;
    demo::make(&desk).await.map_err(Error::cause)?;
    let listeners = listeners(args.listen, &args.settings, &data.data).await?;
    let kept = place.folder().filter(|_| !memory);
    let manual = listeners.manual.as_ref().map_or_else(String::new, |manual| format!("\n{manual}"));
    let mut settings = Settings { is_demo: true, ..args.settings };
    // People try their programs on this machine.
    settings.callback_network.extend(LOOPBACK.iter().filter_map(|network| network.parse::<Network>().ok()));
    let (connecting, networks) = (desk.clone(), settings.callback_network.clone());
    run(desk, &place, settings, listeners, |base| {
        let shown = callback.as_ref().and_then(|to| Some((to.url.as_deref()?, to.token.as_deref()?)));
        // The reader may have gone; the desk keeps running.
        let _ = writeln!(std::io::stdout(), "{}{manual}", demo::welcome(base, kept, shown));
        if let Some(change) = callback {
            tokio::spawn(demo_callback::connect(connecting, networks, change, again(kept)));
        }
    })
    .await
}

/// How to ask the program again that a demo pushes to.
fn again(kept: Option<&Path>) -> String {
    match kept {
        Some(folder) => {
            format!("run: kefu account callback --appid {} --verify --data {}", demo::APPID, folder.display())
        }
        None => "start the demo again.".to_owned(),
    }
}

async fn open(data: &Data, place: &Place, rules: Rules) -> anyhow::Result<Desk> {
    let files = Files::at(data.files_place()?, rules.files_free());
    let store = Store::open(place, Clock::system()).await?;
    Ok(Desk::new(store, Rng::system(), rules).with_files(files))
}

async fn listeners(listen: SocketAddr, settings: &Settings, data: &Path) -> anyhow::Result<Listeners> {
    Listeners::open(bind(listen, "--listen").await?, settings, data, &Clock::system()).await
}

/// Metrics tell about people's business, so they are for this machine only; a remote monitor needs an agent here.
async fn watched_at(address: Option<SocketAddr>) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = address else { return Ok(None) };
    if !address.ip().is_loopback() {
        bail!(
            "metrics are for this machine only: --metrics-listen takes a loopback address, like 127.0.0.1:9090"
        );
    }
    bind(address, "--metrics-listen").await.map(Some)
}

/// Runs the desk until a signal. Prints the greeting once everything is ready.
async fn run(
    desk: Desk,
    place: &Place,
    mut settings: Settings,
    listeners: Listeners,
    greet: impl FnOnce(&str),
) -> anyhow::Result<()> {
    let (mut interrupted, mut ended) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let listening = listeners.address()?;
    settings.listening = Some(listening);
    let base = settings.base(listening);
    let admin = place.folder().map(Admin::listen).transpose()?;
    let metrics = watched_at(settings.metrics_listen).await?;
    let context = CommandContext { base: base.clone(), callback_networks: settings.callback_network.clone() };
    let app = App::new(desk, settings);
    let lease = Lease::begin(&app).await.map_err(Error::cause)?;
    greet(&base);
    let lease = tokio::spawn(due::keep_lease(app.clone(), lease));
    let mut tasks = vec![
        tokio::spawn(due::keep_presence(app.clone())),
        tokio::spawn(due::run(app.clone())),
        tokio::spawn(due::run_files(app.clone())),
        tokio::spawn(listeners.keeper.keep(app.stop.clone())),
        tokio::spawn(due::flush_counts(app.clone())),
        tokio::spawn(callback::run(app.clone(), base)),
    ];
    if let Some(admin) = admin {
        tasks.push(tokio::spawn(admin.serve(app.desk.clone(), context, app.stop.clone())));
    }
    if let Some(metrics) = metrics {
        let router = http::metrics::router(app.clone());
        tasks.push(tokio::spawn(listen::serve(
            metrics,
            router,
            listen::ConnectionLimit::new(WATCHERS),
            app.stop.clone(),
        )));
    }
    let stop = app.stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = interrupted.recv() => {}, _ = ended.recv() => {} }
        tracing::info!("stopping");
        stop.cancel();
    });
    listen::serve_all(listeners.all, router(app.clone()), connection_limit(&app), app.stop.clone()).await;
    for task in tasks {
        task.await?;
    }
    // A node whose data were replaced must not write its counts into another store.
    lease.await??;
    if !matches!(tokio::time::timeout(LAST_ROUND, due::flush_all_counts(&app)).await, Ok(Ok(()))) {
        tracing::warn!("the last calls could not be counted in the store");
    }
    // Gives up the lease, so that other nodes need not wait until it has run out. They, or the next start, end the
    // streams of agents who do not come back in time.
    match tokio::time::timeout(FAREWELL, cluster::fence(&app.desk, &app.desk.node)).await {
        Ok(done) => done.map_err(Error::cause),
        Err(_) => {
            tracing::warn!("the lease could not be given up in time; it will run out");
            Ok(())
        }
    }
}
