//! What the deliveries of an account share: the settings of now, the places of the server's host, how the server fares,
//! and whether pushes are paused; and the tries of one push.

use crate::callback::attempt::{Attempted, attempt};
use crate::callback::places::{HostPlaces, Place, Places};
use crate::callback::sender::Sender;
use crate::clock::readable;
use crate::desk::callback::{Finished, Outcome, Push, Try};
use crate::state::App;
use http::StatusCode;
use model::callback::{
    Alarm, AlarmChange, AlarmKind, CallbackSettings, LATE_AFTER, PushWarning, ServerHealth, TRIES,
};
use model::{Appid, SECOND, TextEnum, Time};
use protocol::callback::Reply;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// Characters of an answer that cannot be taken, for alarms.
const BEGINS: usize = 64;

/// The developer's server of an account.
pub(super) struct Target {
    pub(super) app: App,
    sender: Sender,
    pub(super) appid: Appid,
    places: Arc<Places>,
    /// `None` before the first settings.
    current: Mutex<Option<Arc<Current>>>,
    health: Mutex<ServerHealth>,
    /// Whether the server is left alone.
    shielded: watch::Sender<bool>,
    /// Whether an operator has paused the pushes.
    paused: watch::Sender<bool>,
    /// Notified when there is something to store about the server.
    pub(super) news: Notify,
}

/// Why a try failed.
struct TryFault {
    /// How alarms call it.
    kind: AlarmKind,
    /// What was wrong, in words.
    fault: String,
    /// How an answer that cannot be taken begins.
    begins: String,
}

impl TryFault {
    /// The fault of a failed try. Only of an answer with status 200 that cannot be taken the beginning is told.
    fn of(kind: AlarmKind, tried: &Try) -> Self {
        let is_illegal =
            tried.status == i64::from(StatusCode::OK.as_u16()) && kind == AlarmKind::ResponseFailed;
        let begins = if is_illegal { tried.answer.chars().take(BEGINS).collect() } else { String::new() };
        TryFault { kind, fault: tried.fault.clone(), begins }
    }
}

/// For alarms.
impl fmt::Display for TryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault)?;
        if self.begins.is_empty() { Ok(()) } else { write!(f, "; the answer begins {:?}", self.begins) }
    }
}

/// Settings that calls use.
struct Current {
    settings: CallbackSettings,
    /// Host and port of the URL.
    host: String,
    places: HostPlaces,
}

impl Target {
    pub(super) fn new(app: App, sender: Sender, places: Arc<Places>, appid: Appid) -> Self {
        Target {
            app,
            sender,
            appid,
            places,
            current: Mutex::default(),
            health: Mutex::default(),
            shielded: watch::Sender::new(false),
            paused: watch::Sender::new(false),
            news: Notify::new(),
        }
    }

    /// Sets the settings of now. What is known of a server ends with its settings.
    pub(super) fn set(&self, settings: CallbackSettings) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let before = current.as_ref().map(|current| &current.settings);
        if before == Some(&settings) {
            return;
        }
        let is_first = before.is_none();
        let host = settings.url.host();
        let places = self.places.of(&host);
        *current = Some(Arc::new(Current { settings, host, places }));
        drop(current);
        if !is_first {
            *self.health() = ServerHealth::default();
            self.shielded.send_replace(false);
        }
    }

    /// Sets whether pushes wait, also those of which a try has failed.
    pub(super) fn set_paused(&self, is_paused: bool) {
        self.paused.send_if_modified(|before| std::mem::replace(before, is_paused) != is_paused);
    }

    /// Whether an operator has paused the pushes.
    pub(super) fn is_paused(&self) -> bool {
        *self.paused.borrow()
    }

    /// Waits until a call may begin: until pushes are not paused, the server is not left alone, and there is a place.
    /// Returns the settings of then.
    async fn enter(&self) -> (Place, Arc<Current>) {
        loop {
            let _ = self.paused.subscribe().wait_for(|is_paused| !is_paused).await;
            // A developer's machine that listens is no server that fails.
            if !self.is_forwarded() {
                let _ = self.shielded.subscribe().wait_for(|is_shielded| !is_shielded).await;
            }
            let Some(current) = self.current() else {
                // Settings come before calls; without them there is nothing to call.
                std::future::pending::<()>().await;
                continue;
            };
            let place = current.places.enter().await;
            let is_same = self.current().is_some_and(|now| Arc::ptr_eq(&now, &current));
            if is_same && self.may_call() {
                return (place, current);
            }
        }
    }

    /// Whether pushes may go out: they are not paused, and the server is not left alone or a developer's machine gets
    /// them.
    pub(super) fn may_call(&self) -> bool {
        !self.is_paused() && (!self.is_shielded() || self.is_forwarded())
    }

    /// Whether pushes go to a developer's machine.
    fn is_forwarded(&self) -> bool {
        self.sender.forwarders.has(&self.appid)
    }

    /// Records that a try was taken.
    fn taken(&self) {
        self.app.metrics.push.count("taken");
    }

    /// Records that a try failed, and why. Failures under earlier settings say nothing of the server of now.
    fn failed(&self, under: &Arc<Current>, push: &Push, fault: &TryFault) {
        self.app.metrics.push.count(fault.kind.as_text());
        if self.is_forwarded() || !self.current().is_some_and(|now| Arc::ptr_eq(&now, under)) {
            return;
        }
        let sample = format!("{}, {}: {fault}", under.host, push.what());
        let (rules, now) = (self.app.desk.rules.alarms(), self.app.desk.now());
        let begins = self.health().record_failure(rules, fault.kind, now, &sample);
        if begins {
            self.shielded.send_replace(true);
            self.news.notify_one();
        }
    }

    /// Whether the server is left alone.
    pub(super) fn is_shielded(&self) -> bool {
        *self.shielded.borrow()
    }

    /// Ends a shield whose time is over.
    pub(super) fn look_at_shield(&self) {
        let holds = self.health().is_shielded(self.app.desk.now());
        self.shielded.send_if_modified(|is_shielded| std::mem::replace(is_shielded, holds) != holds);
    }

    /// Leaves the server alone until a time that another node has stored; 0 if it was not left alone.
    pub(super) fn resume_shield(&self, until: Time) {
        self.health().resume_shield(until, self.app.desk.now());
        self.look_at_shield();
    }

    /// Until when the server is left alone, 0 if it is not, and the alarms that are to be stored.
    pub(super) fn take_news(&self) -> (Time, Vec<AlarmChange>) {
        let mut health = self.health();
        let until = if self.is_shielded() { health.shielded_until() } else { 0 };
        (until, health.take_changes())
    }

    /// Logs an alarm that begins, of the account with this name.
    pub(super) fn warn(&self, name: &str, alarm: &Alarm) {
        let (account, kind, count) = (&self.appid, alarm.kind.as_text(), alarm.count);
        let first_at = readable(alarm.first_at);
        tracing::warn!(%account, name, kind, count, first_at, "a developer's server fails much");
    }

    /// Observes how long after it happened a push is tried first.
    fn observe_lag(&self, push: &Push) {
        let lag = (self.app.desk.now() - push.at).max(0);
        self.app.metrics.push.lag.observe(lag as f64 / SECOND as f64);
    }

    fn current(&self) -> Option<Arc<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn health(&self) -> MutexGuard<'_, ServerHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries a push until the developer's server takes it, at most three times. A try waits while the server is left alone,
/// and for a place.
pub(super) async fn deliver(target: &Target, push: Push) -> Finished {
    let (mut tries, mut fault, mut is_late) = (Vec::new(), String::new(), false);
    let mut before: Option<Arc<Current>> = None;
    for number in 0..TRIES {
        let (place, current) = target.enter().await;
        if number == 0 {
            is_late = target.app.desk.now() - push.at > LATE_AFTER;
            target.observe_lag(&push);
        }
        let (desk, appid) = (&target.app.desk, &target.appid);
        let attempted = attempt(desk, &target.sender, appid, &current.settings, &push).await;
        drop(place);
        let Attempted { mut tried, reply } = attempted;
        if before.replace(current.clone()).is_some_and(|before| !Arc::ptr_eq(&before, &current)) {
            tried.warnings.push(PushWarning::SettingsChanged);
        }
        match reply {
            Ok(reply) => {
                target.taken();
                tries.push(tried);
                let outcome = if is_late { Outcome::Late } else { Outcome::Taken };
                return Finished { push, outcome, tries, fault: String::new(), reply };
            }
            Err(kind) => {
                fault.clone_from(&tried.fault);
                target.failed(&current, &push, &TryFault::of(kind, &tried));
                tries.push(tried);
            }
        }
    }
    Finished { push, outcome: Outcome::Failed, tries, fault, reply: Reply::Nothing }
}
