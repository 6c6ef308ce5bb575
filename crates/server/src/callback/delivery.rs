//! Delivers the pushes of an account: those of a customer in order, those of several customers side by side.

use crate::callback::sender::{Sender, nonce};
use crate::desk::account::callback;
use crate::desk::callback::{Finished, Outcome, Push, PushId, PushLease, lease, outcome, pushes};
use crate::error::{Error, OutageLog};
use crate::state::App;
use model::callback::{CallbackSettings, LATE_AFTER, PARALLEL, TRIES};
use model::{Appid, Openid, SECOND};
use protocol::callback::{AesKeys, BodyContent, RANDOM_LENGTH, Reply, Stamp, Understood, reply};
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};

/// How long to wait for changes that nothing announced, and for the settings to change; how often the lease is renewed.
const POLL: Duration = Duration::from_secs(5);
/// How long to wait after the store has failed.
const RETRY: Duration = Duration::from_secs(1);
/// Pushes that are read ahead; with more the feed is not read on.
const AHEAD: usize = 1024;

/// The delivery of an account's pushes.
pub(super) struct Delivery {
    app: App,
    sender: Sender,
    /// Where addresses of pictures begin.
    base: String,
    appid: Appid,
    /// Pushes that wait, for each customer in order.
    waiting: HashMap<Openid, VecDeque<Push>>,
    /// The push that is under way to each customer.
    under_way: HashMap<Openid, PushId>,
    /// All pushes that were read and are not done.
    open: BTreeSet<PushId>,
    /// The last change that was read; `None` before the cursor is known.
    read: Option<i64>,
    /// The cursor in the store.
    cursor: i64,
    /// The right to deliver, while this node has it.
    lease: Option<PushLease>,
    /// Until when the lease is not looked at again, by the monotonic clock.
    leased_until: Duration,
    outages: Arc<OutageLog>,
}

impl Delivery {
    pub(super) fn new(app: App, sender: Sender, base: String, appid: Appid) -> Self {
        Delivery {
            app,
            sender,
            base,
            appid,
            waiting: HashMap::new(),
            under_way: HashMap::new(),
            open: BTreeSet::new(),
            read: None,
            cursor: 0,
            lease: None,
            leased_until: Duration::ZERO,
            outages: Arc::new(OutageLog::new("delivering pushes")),
        }
    }

    /// Delivers until the account's settings are gone or the application stops.
    pub(super) async fn run(mut self) {
        let mut wake = self.app.desk.store.subscribe(self.appid.as_str());
        let mut tasks = JoinSet::new();
        while !self.app.stop.is_cancelled() {
            let woken = wake.borrow_and_update().seq;
            let round = self.round(&mut tasks).await;
            match self.outages.record(round) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    self.app.pause(RETRY).await;
                    continue;
                }
            }
            if self.read.is_some_and(|read| read < woken) && self.open.len() < AHEAD {
                continue;
            }
            tokio::select! {
                Some(done) = tasks.join_next() => self.done(done),
                _ = wake.wait_for(|now| now.seq > woken) => {}
                () = tokio::time::sleep(POLL) => {}
                () = self.app.stop.cancelled() => {}
            }
        }
        drop(wake);
        self.app.desk.store.unsubscribe(self.appid.as_str());
        // A push that is not recorded is repeated by the next node that delivers.
        tasks.shutdown().await;
    }

    /// Reads what is new and starts what can start. Returns whether the account still has a developer's server.
    async fn round(&mut self, tasks: &mut JoinSet<Done>) -> Result<bool, Error> {
        let Some(settings) = callback::current(&self.app.desk, &self.appid).await? else { return Ok(false) };
        let Some(lease) = self.lease().await? else { return Ok(true) };
        if self.open.len() < AHEAD {
            self.read_on(lease).await?;
        }
        if self.lease.is_some() {
            self.start(lease, &settings, tasks);
        }
        Ok(true)
    }

    /// The lease of this node, which takes one that no node has.
    async fn lease(&mut self) -> Result<Option<PushLease>, Error> {
        let (desk, now) = (&self.app.desk, self.app.desk.clock().uptime());
        if self.lease.is_none() {
            self.lease = lease::take(desk, &self.appid).await?;
        } else if now >= self.leased_until && !lease::renew(desk, &self.appid).await? {
            self.lost();
        }
        self.leased_until = now + POLL;
        Ok(self.lease)
    }

    /// Another node delivers. By the time this one takes over, the other one has gone on.
    fn lost(&mut self) {
        self.lease = None;
        self.start_over();
    }

    /// Forgets what was read, but for what is under way.
    fn start_over(&mut self) {
        self.read = None;
        self.waiting.clear();
        self.open = self.under_way.values().copied().collect();
    }

    async fn read_on(&mut self, lease: PushLease) -> Result<(), Error> {
        let desk = &self.app.desk;
        if self.read.is_none() {
            self.cursor = pushes::cursor(desk, &self.appid).await?.unwrap_or(0);
        }
        let found = pushes::after(desk, &self.appid, self.read.unwrap_or(self.cursor), &self.base).await?;
        if found.lost {
            tracing::warn!(account = %self.appid, "changes were dropped from the feed before they were pushed");
        }
        self.read = Some(found.upto);
        for push in found.pushes {
            // One that is under way is read again after the lease was lost and taken.
            if self.open.insert(push.id) {
                self.waiting.entry(push.openid.clone()).or_default().push_back(push);
            }
        }
        if self.open.is_empty() && found.upto > self.cursor {
            if !outcome::advance(desk, &self.appid, lease, found.upto).await? {
                self.lost();
                return Ok(());
            }
            self.cursor = found.upto;
        }
        Ok(())
    }

    /// Starts the next push of each customer who has none under way.
    fn start(&mut self, lease: PushLease, settings: &CallbackSettings, tasks: &mut JoinSet<Done>) {
        let is_idle = |openid: &&Openid| !self.under_way.contains_key(*openid);
        let idle: Vec<Openid> = self.waiting.keys().filter(is_idle).cloned().collect();
        for openid in idle.into_iter().take(PARALLEL.saturating_sub(self.under_way.len())) {
            let Some(queue) = self.waiting.get_mut(&openid) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&openid);
            }
            let Some(push) = next else { continue };
            self.under_way.insert(openid, push.id);
            let task = Task {
                app: self.app.clone(),
                sender: self.sender.clone(),
                appid: self.appid.clone(),
                settings: settings.clone(),
                lease,
                upto: self.upto_without(push.id),
                outages: self.outages.clone(),
            };
            tasks.spawn(task.run(push));
        }
    }

    /// The change up to which all pushes are done once this one is, and all that were read before it.
    fn upto_without(&self, id: PushId) -> i64 {
        let lowest = self.open.iter().find(|open| **open != id);
        lowest.map_or(self.read.unwrap_or(self.cursor), |open| open.seq - 1)
    }

    fn done(&mut self, done: Result<Done, JoinError>) {
        match done {
            Ok(Done { push, lease, is_recorded }) => {
                self.under_way.remove(&push.openid);
                self.open.remove(&push.id);
                if !is_recorded {
                    // A lease that this node took after that one still holds.
                    self.lease = self.lease.filter(|own| *own != lease);
                    self.start_over();
                }
            }
            // The log has a panic. What was read and is not done is read again.
            Err(_) => {
                self.under_way.clear();
                self.start_over();
            }
        }
    }
}

/// A push that has ended.
struct Done {
    push: Push,
    lease: PushLease,
    /// Whether the end was recorded: not if another node delivers by now.
    is_recorded: bool,
}

/// The delivery of one push.
struct Task {
    app: App,
    sender: Sender,
    appid: Appid,
    settings: CallbackSettings,
    lease: PushLease,
    /// The change up to which all pushes are done after this one.
    upto: i64,
    outages: Arc<OutageLog>,
}

impl Task {
    /// Delivers the push, and records how it ended.
    async fn run(self, push: Push) -> Done {
        let Task { app, sender, appid, settings, lease, upto, outages } = self;
        let finished = deliver(&app, &sender, &appid, &settings, &push).await;
        // The developer's server has it, so only the record is repeated.
        let is_recorded = loop {
            let recorded = outcome::finish(&app.desk, &appid, lease, finished.clone(), upto).await;
            if let Ok(is_recorded) = outages.record(recorded) {
                break is_recorded;
            }
            tokio::time::sleep(RETRY).await;
        };
        Done { push, lease, is_recorded }
    }
}

/// Tries a push until the developer's server takes it, at most three times.
async fn deliver(
    app: &App,
    sender: &Sender,
    appid: &Appid,
    settings: &CallbackSettings,
    push: &Push,
) -> Finished {
    let is_late = app.desk.now() - push.at > LATE_AFTER;
    let (mut tries, mut fault) = (0, String::new());
    while tries < TRIES {
        tries += 1;
        match attempt(app, sender, appid, settings, push).await {
            Ok(understood) => {
                let outcome = if is_late { Outcome::Late } else { Outcome::Taken };
                let (push, reply, fault) = (push.clone(), understood.reply, String::new());
                return Finished { push, outcome, tries, fault, reply };
            }
            Err(wrong) => fault = wrong,
        }
    }
    Finished { push: push.clone(), outcome: Outcome::Failed, tries, fault, reply: Reply::Nothing }
}

/// One try. Fails with what was wrong, in words.
async fn attempt(
    app: &App,
    sender: &Sender,
    appid: &Appid,
    settings: &CallbackSettings,
    push: &Push,
) -> Result<Understood, String> {
    let rng = &app.desk.rng;
    let nonce = nonce(rng);
    let random: [u8; RANDOM_LENGTH] = rng.bytes();
    let stamp = Stamp { timestamp: app.desk.now() / SECOND, nonce: &nonce, random };
    let request = settings.push(appid.as_str()).request(&push.body, &stamp);
    let url = settings.url_with(&request.query).map_err(|fault| fault.to_string())?;
    let answer = sender.post(&url, request.content_type, request.body).await;
    let answer = answer.map_err(|fault| fault.to_string())?;
    let secrets = settings.key.as_ref().map(|key| reply::Secrets {
        token: &settings.token,
        appid: appid.as_str(),
        keys: AesKeys { current: key, previous: settings.previous_key.as_ref() },
    });
    let answered = reply::AnsweredPush {
        openid: push.openid.as_str(),
        original_id: &push.body.to_user_name,
        is_event: matches!(push.body.content, BodyContent::Event(_)),
        format: settings.format,
        mode: settings.mode,
        secrets,
    };
    reply::read(&answer, &answered).map_err(|error| error.to_string())
}
