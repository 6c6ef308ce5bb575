//! Floods: attacks by an anonymous host on one account, beside the honest load of another one.
//!
//! Attacks and honest load use loopback addresses only. Each attack ends by itself: its loops have a bounded count, and
//! a flood lasts at most [`LONGEST`].

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

/// The longest time of a flood.
pub const LONGEST: Duration = Duration::from_secs(120);
/// The niceness of the attackers' thread, because real attackers would run on another machine.
const NICE: i32 = 10;

/// Running attacks, on a thread of their own.
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

    /// Whether the attack with pictures has ended.
    fn has_sent_pictures(&self) -> bool {
        self.sent_pictures.load(Ordering::Relaxed) || self.thread.is_finished()
    }

    /// Ends the flood, and closes all its connections.
    async fn end(self) -> anyhow::Result<()> {
        drop(self.stop);
        tokio::task::spawn_blocking(move || self.thread.join())
            .await?
            .map_err(|_| anyhow::anyhow!("the attackers' thread panicked"))?
    }
}

/// Raises the limit on open files to its maximum.
pub fn open_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // If this fails, the flood fails when it opens too many connections.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}
