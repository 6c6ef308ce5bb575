//! Delivers the pushes of an account: those of a customer in order, those of several customers side by side.

mod ended;
mod pending;
mod reading;
mod record;

use crate::callback::target::{Target, deliver};
use crate::desk::callback::{DeliveryNews, Finished, PushId, PushLease, alarms, lease, outcome, pushes};
use crate::error::{Error, OutageLog};
use crate::store::metrics::GaugeGuard;
use ended::Ended;
use model::Time;
use model::callback::AlarmChange;
use pending::Pending;
use reading::Reading;
use record::{RETRY, Record, Recorded};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};

/// How long to wait for changes that nothing announced; how often the lease is renewed.
const POLL: Duration = Duration::from_secs(5);
/// How often a server that is left alone is looked at, and its settings.
const SHIELDED: Duration = Duration::from_secs(1);
/// How often an account without changes is looked at: its settings may be gone.
const REST: Duration = Duration::from_secs(300);
/// Changes without pushes that are read again after a crash, because noting each of them would cost a commit.
const UNNOTED: i64 = 64;
/// Pushes that are read ahead; with more the feed is not read on.
const AHEAD: usize = 1024;

/// What a task of a delivery has done.
enum Step {
    /// The settings were read, and what comes next in this reading of the feed; `None` if the store failed.
    Read(u64, Option<Box<DeliveryNews>>),
    /// The account has no developer's server any more.
    Gone,
    /// A push has ended, and its answer does nothing.
    Ended(Box<Finished>),
    /// A push has ended, its answer has acted, and its end is recorded.
    Acted(Recorded),
    /// The ends of pushes are recorded.
    Recorded(Recorded),
}

/// The delivery of an account's pushes.
pub(super) struct Delivery {
    target: Arc<Target>,
    /// Where addresses of pictures begin.
    base: String,
    /// Whether the account has no developer's server any more.
    is_gone: bool,
    ended: Ended,
    /// All pushes that were read and are not done.
    pending: Pending,
    reading: Reading,
    /// Whether to note what is done, although few changes were read.
    is_to_note: bool,
    /// The cursor in the store.
    cursor: i64,
    /// The right to deliver, while this node has it.
    lease: Option<PushLease>,
    /// Until when the lease is not looked at again, by the monotonic clock.
    leased_until: Duration,
    /// The change up to which nothing is left to do, here or at the node that delivers, and when that was found.
    rests: Option<(i64, Duration)>,
    /// The end of the shield that is stored.
    stored_shield: Time,
    /// Alarms that are to be stored.
    alarms: Vec<AlarmChange>,
    /// Counts this account while its server is left alone.
    shield: Option<GaugeGuard>,
    outages: Arc<OutageLog>,
}

impl Delivery {
    pub(super) fn new(target: Target, base: String) -> Self {
        Delivery {
            target: Arc::new(target),
            base,
            is_gone: false,
            ended: Ended::default(),
            pending: Pending::default(),
            reading: Reading::default(),
            is_to_note: false,
            cursor: 0,
            lease: None,
            leased_until: Duration::ZERO,
            rests: None,
            stored_shield: 0,
            alarms: Vec::new(),
            shield: None,
            outages: Arc::new(OutageLog::new("delivering pushes")),
        }
    }

    /// Delivers until the account's settings are gone or the application stops.
    pub(super) async fn run(mut self) {
        let target = self.target.clone();
        let app = &target.app;
        let mut wake = app.desk.store.subscribe(target.appid.as_str());
        let mut tasks = JoinSet::new();
        // Whether to read the feed although nothing announced a change.
        let mut looks = true;
        while !app.stop.is_cancelled() && !self.is_gone {
            let woken = wake.borrow_and_update().seq;
            let round = self.round(&mut tasks, woken, looks).await;
            if self.outages.record(round).is_err() {
                app.pause(RETRY).await;
                continue;
            }
            looks = false;
            let due = self.ended.due();
            tokio::select! {
                Some(step) = tasks.join_next() => self.advance(step, &mut tasks),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                _ = wake.wait_for(|now| now.seq > woken) => {}
                () = target.news.notified() => {}
                () = tokio::time::sleep(if target.is_shielded() { SHIELDED } else { POLL }) => looks = true,
                () = app.stop.cancelled() => {}
            }
        }
        drop(wake);
        app.desk.store.unsubscribe(target.appid.as_str());
        // A push that is not recorded is repeated by the next node that delivers.
        tasks.shutdown().await;
        let ended = self.ended.forget();
        if let Some(lease) = self.lease.filter(|_| !ended.is_empty()) {
            self.record_of(lease, &ids(&ended)).once(ended.into()).await;
        }
    }

    /// Reads what is new and starts what can start. The last change that was announced is `woken`.
    async fn round(&mut self, tasks: &mut JoinSet<Step>, woken: i64, looks: bool) -> Result<(), Error> {
        if self.has_rest().await? {
            return Ok(());
        }
        self.target.look_at_shield();
        if let Some(lease) = self.lease().await? {
            self.store_news(lease).await?;
        }
        self.read_if_due(tasks, woken, looks);
        self.is_to_note |= looks;
        if let Some(lease) = self.lease
            && !self.reading.is_under_way()
            && (self.is_to_note || self.upto() - self.cursor >= UNNOTED)
        {
            self.note_done(lease).await?;
        }
        self.record_ended(tasks);
        if let Some(lease) = self.lease.filter(|_| self.target.may_call()) {
            self.start(lease, tasks);
        }
        self.rests = self.upto_done().await?.map(|upto| (upto, self.now()));
        Ok(())
    }

    /// Whether nothing has happened since nothing was left to do. Heads are cheap: the store asks for those of many
    /// accounts at once.
    async fn has_rest(&self) -> Result<bool, Error> {
        let Some((upto, since)) = self.rests else { return Ok(false) };
        let desk = &self.target.app.desk;
        let head = desk.store.head(self.target.appid.as_str()).await?;
        Ok(head.is_some_and(|head| head.seq <= upto) && desk.clock().uptime() < since + REST)
    }

    /// The change up to which everything is done, if nothing else is left.
    async fn upto_done(&self) -> Result<Option<i64>, Error> {
        if !self.pending.is_empty()
            || self.reading.is_busy()
            || self.target.is_paused()
            || self.target.is_shielded()
        {
            return Ok(None);
        }
        if self.lease.is_some() {
            return Ok(self.reading.upto.filter(|upto| *upto <= self.cursor));
        }
        // Another node delivers: this one rests once the other one has done all.
        let (desk, appid) = (&self.target.app.desk, &self.target.appid);
        let head = desk.store.head(appid.as_str()).await?.map_or(0, |head| head.seq);
        Ok(pushes::cursor(desk, appid).await?.filter(|cursor| *cursor >= head))
    }

    /// Stores until when the server is left alone, and its alarms, and logs those that begin.
    async fn store_news(&mut self, lease: PushLease) -> Result<(), Error> {
        let target = self.target.clone();
        let (until, changes) = target.take_news();
        self.shield = match (target.is_shielded(), self.shield.take()) {
            (false, _) => None,
            (true, None) => Some(GaugeGuard::enter(&target.app.metrics.push.shielded)),
            (true, counted) => counted,
        };
        self.alarms.extend(changes);
        if until == self.stored_shield && self.alarms.is_empty() {
            return Ok(());
        }
        let alarms = self.alarms.iter().map(|change| change.alarm.clone()).collect();
        let Some(name) = alarms::save(&target.app.desk, &target.appid, lease, until, alarms).await? else {
            self.lost();
            return Ok(());
        };
        self.stored_shield = until;
        self.alarms
            .drain(..)
            .filter(|change| change.begins)
            .for_each(|change| target.warn(&name, &change.alarm));
        Ok(())
    }

    /// The lease of this node, which takes one that no node has.
    async fn lease(&mut self) -> Result<Option<PushLease>, Error> {
        let target = self.target.clone();
        let (desk, now) = (&target.app.desk, target.app.desk.clock().uptime());
        if self.lease.is_none() {
            if let Some(taken) = lease::take(desk, &target.appid).await? {
                (self.lease, self.cursor) = (Some(taken.lease), taken.cursor);
                // The node before may have left the server alone.
                self.stored_shield = taken.shielded_until;
                target.resume_shield(self.stored_shield);
            }
        } else if now < self.leased_until {
            return Ok(self.lease);
        } else if !lease::renew(desk, &target.appid).await? {
            self.lost();
        }
        self.leased_until = now + POLL;
        Ok(self.lease)
    }

    /// Another node delivers. By the time this one takes over, the other one has gone on.
    fn lost(&mut self) {
        self.lease = None;
        self.shield = None;
        self.drop_ended();
        self.start_over();
    }

    /// Forgets what was read, but for what is under way.
    fn start_over(&mut self) {
        self.reading.start_over();
        self.pending.forget_waiting();
    }

    /// Now, by the monotonic clock.
    fn now(&self) -> Duration {
        self.target.app.desk.clock().uptime()
    }

    /// The last change that was read.
    fn upto(&self) -> i64 {
        self.reading.upto.unwrap_or(self.cursor)
    }

    /// Begins to read the settings, and what comes next in the feed while what was read before goes out.
    fn read_if_due(&mut self, tasks: &mut JoinSet<Step>, woken: i64, looks: bool) {
        let may_read_on = self.lease.is_some() && !self.target.is_paused() && self.pending.len() < AHEAD;
        let reads_on = may_read_on && (looks || self.reading.is_behind(woken));
        if self.reading.is_under_way() || !(looks || reads_on || self.reading.is_old(self.now())) {
            return;
        }
        let (target, base, outages) = (self.target.clone(), self.base.clone(), self.outages.clone());
        let (number, after) = (self.reading.begin(), Some(self.upto()).filter(|_| reads_on));
        tasks.spawn(async move {
            let news = pushes::news(&target.app.desk, &target.appid, after, &base).await;
            match outages.record(news) {
                Ok(Some(news)) => Step::Read(number, Some(Box::new(news))),
                Ok(None) => Step::Gone,
                Err(_) => {
                    target.app.pause(RETRY).await;
                    Step::Read(number, None)
                }
            }
        });
    }

    fn take_in(&mut self, number: u64, DeliveryNews { current, pushes }: DeliveryNews) {
        self.reading.ended(self.now());
        self.target.set(current.settings);
        self.target.set_paused(current.is_paused);
        if current.is_paused {
            self.start_over();
        }
        let Some(found) = pushes.filter(|found| self.reading.take(number, found)) else { return };
        if found.lost {
            tracing::warn!(account = %self.target.appid, "changes were dropped before they were pushed");
        }
        found.pushes.into_iter().for_each(|push| self.pending.add(push));
        self.ended.look_at(&self.pending);
    }

    /// Notes that nothing of what was read is left to push.
    async fn note_done(&mut self, lease: PushLease) -> Result<(), Error> {
        self.is_to_note = false;
        let Some(read) = self.reading.upto.filter(|read| self.pending.is_empty() && *read > self.cursor)
        else {
            return Ok(());
        };
        match outcome::advance(&self.target.app.desk, &self.target.appid, lease, read).await? {
            true => self.cursor = read,
            false => self.lost(),
        }
        Ok(())
    }

    /// Starts the next push of each customer who has none under way.
    fn start(&mut self, lease: PushLease, tasks: &mut JoinSet<Step>) {
        while let Some(push) = self.pending.start_next() {
            let record = self.record_of(lease, &[push.id]);
            let target = self.target.clone();
            // In a box: tasks are moved several times before they run, and this one is large.
            tasks.spawn(Box::pin(async move {
                let finished = deliver(&target, push).await;
                match finished.acts() {
                    true => Step::Acted(record.one(finished).await),
                    false => Step::Ended(Box::new(finished)),
                }
            }));
        }
    }

    /// The record of the ends of these pushes.
    fn record_of(&self, lease: PushLease, ids: &[PushId]) -> Record {
        let upto = self.reading.upto.map_or(self.cursor, |read| self.pending.done_upto(ids, read));
        Record { target: self.target.clone(), lease, upto, outages: self.outages.clone() }
    }

    /// Takes what tasks have done: `first`, and whatever else is done.
    fn advance(&mut self, first: Result<Step, JoinError>, tasks: &mut JoinSet<Step>) {
        let mut next = Some(first);
        while let Some(step) = next {
            match step {
                Ok(Step::Read(number, Some(news))) => self.take_in(number, *news),
                Ok(Step::Read(_, None)) => self.reading.failed(),
                Ok(Step::Gone) => self.is_gone = true,
                Ok(Step::Ended(finished)) => {
                    self.pending.called();
                    self.ended.add(*finished, &self.pending, Instant::now());
                }
                Ok(Step::Acted(recorded)) => {
                    self.pending.called();
                    self.recorded(recorded);
                }
                Ok(Step::Recorded(recorded)) => {
                    self.ended.recorded();
                    self.recorded(recorded);
                }
                // The log has a panic. What was read and is not done is read again.
                Err(_) => {
                    (self.pending, self.ended) = (Pending::default(), Ended::default());
                    self.reading.failed();
                    self.start_over();
                }
            }
            next = tasks.try_join_next();
        }
    }

    /// Begins to record the ends that are due.
    fn record_ended(&mut self, tasks: &mut JoinSet<Step>) {
        let Some(lease) = self.lease else { return self.drop_ended() };
        let ended = self.ended.take_due(Instant::now());
        if !ended.is_empty() {
            let record = self.record_of(lease, &ids(&ended));
            tasks.spawn(async move { Step::Recorded(record.all(ended.into()).await) });
        }
    }

    fn recorded(&mut self, Recorded { pushes, lease, upto, is_recorded }: Recorded) {
        for (id, openid) in pushes {
            self.pending.done(id, &openid);
        }
        if is_recorded {
            self.cursor = self.cursor.max(upto);
        } else {
            // A lease that this node took after that one still holds.
            self.lease = self.lease.filter(|own| *own != lease);
            self.start_over();
        }
    }

    /// Another node delivers: it pushes again what ended here unrecorded.
    fn drop_ended(&mut self) {
        for Finished { push, .. } in self.ended.forget() {
            self.pending.done(push.id, &push.openid);
        }
    }
}

fn ids(ended: &[Finished]) -> Vec<PushId> {
    ended.iter().map(|finished| finished.push.id).collect()
}
