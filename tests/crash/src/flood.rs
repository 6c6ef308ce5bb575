//! Floods: what an anonymous host can send, each attack alone and all at once, beside the honest load of another
//! account.
//!
//! Attacks and honest load talk to loopback addresses only. Each attack ends by itself: its loops are bounded in count,
//! and a flood lasts [`LONGEST`] at most.

mod attack;
mod ground;
mod host;
mod people;
mod trial;
mod watch;

pub use attack::{Attack, png};
pub use ground::Ground;
pub use people::Load;
pub use trial::{CUSTOMER_MIB_PER_DAY, Outcome, Times, name, trial};

use futures_util::future::join_all;
use host::Target;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a flood lasts at most.
pub const LONGEST: Duration = Duration::from_secs(120);
/// How far the attackers' thread steps back (`nice`): on another machine it would take nothing from the server.
const NICE: i32 = 10;

/// Attacks that run, on a thread of their own.
struct Flood {
    stop: oneshot::Sender<()>,
    sent_pictures: Arc<AtomicBool>,
    thread: JoinHandle<anyhow::Result<()>>,
}

impl Flood {
    fn begin(attacks: &[Attack], target: Target) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (attacks, sent_pictures) = (attacks.to_vec(), Arc::new(AtomicBool::new(false)));
        let sent = sent_pictures.clone();
        let thread = std::thread::spawn(move || {
            rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE)?;
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let running = attacks.iter().map(async |attack| {
                    attack.run(&target).await;
                    sent.fetch_or(*attack == Attack::PicturesPerCustomer, Ordering::Relaxed);
                });
                let bounded = tokio::time::timeout(LONGEST, join_all(running));
                let over = async {
                    let is_in_time = bounded.await.is_ok();
                    sent.fetch_or(!is_in_time, Ordering::Relaxed);
                    std::future::pending::<()>().await;
                };
                tokio::select! { () = over => {}, _ = stopped => {} }
            });
            Ok(())
        });
        Flood { stop, sent_pictures, thread }
    }

    /// Whether all pictures were sent, or will never be.
    fn has_sent_pictures(&self) -> bool {
        self.sent_pictures.load(Ordering::Relaxed) || self.thread.is_finished()
    }

    /// Ends it; all its connections are closed.
    async fn end(self) -> anyhow::Result<()> {
        drop(self.stop);
        tokio::task::spawn_blocking(move || self.thread.join())
            .await?
            .map_err(|_| anyhow::anyhow!("the attackers' thread panicked"))?
    }
}

/// Raises the number of files that this process may open as far as it may.
pub fn open_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // A flood of fewer connections says so itself.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
