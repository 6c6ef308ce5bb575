//! What the deliveries of an account share: the settings of now, the places of the server's host, and how the server
//! fares; and the tries of one push.

use crate::callback::places::{HostPlaces, Place, Places};
use crate::callback::sender::{CallFault, Sender, nonce};
use crate::desk::callback::{Finished, Outcome, Push};
use crate::state::App;
use model::callback::{AlarmChange, AlarmKind, CallbackSettings, LATE_AFTER, ServerHealth, TRIES};
use model::{Appid, SECOND, TextEnum, Time};
use protocol::callback::{AesKeys, BodyContent, RANDOM_LENGTH, Reply, Stamp, Understood, reply};
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

impl From<CallFault> for TryFault {
    fn from(fault: CallFault) -> Self {
        TryFault { kind: fault.kind(), fault: fault.to_string(), begins: String::new() }
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
        let host = settings.host();
        let places = self.places.of(&host);
        *current = Some(Arc::new(Current { settings, host, places }));
        drop(current);
        if !is_first {
            *self.health() = ServerHealth::default();
            self.shielded.send_replace(false);
        }
    }

    /// Waits until a call may begin: until the server is not left alone, and there is a place. Returns the settings of
    /// then.
    async fn enter(&self) -> (Place, Arc<Current>) {
        loop {
            let _ = self.shielded.subscribe().wait_for(|is_shielded| !is_shielded).await;
            let Some(current) = self.current() else {
                // Settings come before calls; without them there is nothing to call.
                std::future::pending::<()>().await;
                continue;
            };
            let place = current.places.enter().await;
            let is_same = self.current().is_some_and(|now| Arc::ptr_eq(&now, &current));
            if is_same && !self.is_shielded() {
                return (place, current);
            }
        }
    }

    /// Records that a try was taken.
    fn taken(&self) {
        self.app.metrics.push.count("taken");
    }

    /// Records that a try failed, and why. Failures under earlier settings say nothing of the server of now.
    fn failed(&self, under: &Arc<Current>, push: &Push, fault: &TryFault) {
        self.app.metrics.push.count(fault.kind.as_text());
        if !self.current().is_some_and(|now| Arc::ptr_eq(&now, under)) {
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

    /// Until when the server is left alone, 0 if it is not, and the alarms that are to be stored.
    pub(super) fn take_news(&self) -> (Time, Vec<AlarmChange>) {
        let mut health = self.health();
        let until = if self.is_shielded() { health.shielded_until() } else { 0 };
        (until, health.take_changes())
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
pub(super) async fn deliver(target: &Target, push: &Push) -> Finished {
    let (mut tries, mut fault, mut is_late) = (0, String::new(), false);
    while tries < TRIES {
        let (place, current) = target.enter().await;
        if tries == 0 {
            is_late = target.app.desk.now() - push.at > LATE_AFTER;
            target.observe_lag(push);
        }
        tries += 1;
        let tried = attempt(target, &current, push).await;
        drop(place);
        match tried {
            Ok(understood) => {
                target.taken();
                let outcome = if is_late { Outcome::Late } else { Outcome::Taken };
                let (push, reply, fault) = (push.clone(), understood.reply, String::new());
                return Finished { push, outcome, tries, fault, reply };
            }
            Err(wrong) => {
                target.failed(&current, push, &wrong);
                fault = wrong.fault;
            }
        }
    }
    Finished { push: push.clone(), outcome: Outcome::Failed, tries, fault, reply: Reply::Nothing }
}

/// One try.
async fn attempt(target: &Target, current: &Current, push: &Push) -> Result<Understood, TryFault> {
    let (settings, appid) = (&current.settings, target.appid.as_str());
    let rng = &target.app.desk.rng;
    let nonce = nonce(rng);
    let random: [u8; RANDOM_LENGTH] = rng.bytes();
    let stamp = Stamp { timestamp: target.app.desk.now() / SECOND, nonce: &nonce, random };
    let request = settings.push(appid).request(&push.body, &stamp);
    let url = settings.url_with(&request.query).map_err(CallFault::Settings)?;
    let answer = target.sender.post(&url, request.content_type, request.body).await?;
    let secrets = settings.key.as_ref().map(|key| reply::Secrets {
        token: &settings.token,
        appid,
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
    reply::read(&answer, &answered).map_err(|error| TryFault {
        kind: AlarmKind::ResponseFailed,
        fault: error.to_string(),
        begins: String::from_utf8_lossy(&answer).chars().take(BEGINS).collect(),
    })
}
