//! The workbench streams open on this node: the first of an agent brings her online, the last that
//! closes takes her away.

pub mod limit;

use crate::desk::{Desk, presence};
use crate::error::{Error, Spell};
use dashmap::DashMap;
use model::{Appid, KfAccount, WechatId};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// How long to wait before what failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

type Seat = (Appid, KfAccount);

/// An agent's streams here.
#[derive(Default)]
struct Count {
    open: usize,
    /// Whether the desk was told that she is there.
    told: bool,
}

/// How many streams each agent has open here. Clones share it.
#[derive(Clone)]
pub struct Streams {
    desk: Desk,
    open: Arc<DashMap<Seat, Arc<Mutex<Count>>>>,
    ends: Arc<watch::Sender<u64>>,
    spell: Arc<Spell>,
}

impl Streams {
    /// No streams.
    #[must_use]
    pub fn new(desk: Desk) -> Self {
        let spell = Arc::new(Spell::of("noting that a stream has ended"));
        Streams { desk, open: Arc::default(), ends: Arc::new(watch::Sender::new(0)), spell }
    }

    /// An agent's stream at the workbench of `worker` is open for as long as the answer lives.
    ///
    /// # Errors
    /// 65401 when there is no such agent, or another is she.
    pub async fn enter(&self, worker: &WechatId, appid: Appid, kf_account: KfAccount) -> Result<Open, Error> {
        let seat = (appid, kf_account);
        let count = self.open.entry(seat.clone()).or_default().clone();
        // One agent's comings and goings are told in their order.
        let mut count = count.lock().await;
        count.open += 1;
        let open = Open { streams: self.clone(), seat: Some(seat.clone()) };
        if !count.told {
            presence::opened(&self.desk, worker, &seat.0, &seat.1).await?;
            count.told = true;
        }
        Ok(open)
    }

    async fn leave(self, seat: Seat) {
        let Some(count) = self.open.get(&seat).map(|count| count.clone()) else { return };
        let mut count = count.lock().await;
        count.open -= 1;
        if count.open > 0 {
            return;
        }
        // Until it is told, she would stay online: nobody else knows.
        while self.spell.note(presence::ended(&self.desk, &seat.0, &seat.1).await).is_err() {
            tokio::time::sleep(RETRY).await;
        }
        count.told = false;
        // Only this map and this call hold it, unless somebody waits to enter.
        self.open.remove_if(&seat, |_, shared| Arc::strong_count(shared) <= 2);
    }

    /// Ends every stream here.
    pub fn end_all(&self) {
        self.ends.send_modify(|times| *times += 1);
    }

    /// Ready when [`Streams::end_all`] was called after this.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut ends = self.ends.subscribe();
        async move {
            // An error means that the application is gone, which ends streams too.
            let _ = ends.changed().await;
        }
    }

    /// How many agents have streams open here.
    #[must_use]
    pub fn agents(&self) -> usize {
        self.open.len()
    }
}

/// An open stream of an agent.
pub struct Open {
    streams: Streams,
    seat: Option<Seat>,
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(seat) = self.seat.take() {
            tokio::spawn(self.streams.clone().leave(seat));
        }
    }
}
