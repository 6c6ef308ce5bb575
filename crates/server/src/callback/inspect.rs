//! Pushes for people who look into them: one with all its views, replays, and simulated pushes. The command line and
//! the debugging page show the same.

use crate::callback::attempt::{self, Attempted};
use crate::callback::sender::Sender;
use crate::desk::Desk;
use crate::desk::account::{self, callback};
use crate::desk::callback::inspect::{self, PushRow};
use crate::desk::callback::tries::{ANSWER_KEPT, Try};
use crate::desk::callback::{Push, PushId, replay};
use crate::error::Error;
use crate::forward::Forwarders;
use model::callback::{CallbackSettings, PushWarning};
use model::{Appid, Network, Openid, SECOND, TextEnum, Time};
use protocol::Errcode;
use protocol::callback::reply::decrypted;
use protocol::callback::{Body, Encryption, PushRequest, PushSettings, RANDOM_LENGTH, Reply, Stamp, compose};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::OnceCell;

/// What pushes are made again and sent with.
pub struct Inspector<'a> {
    desk: &'a Desk,
    base: &'a str,
    networks: &'a [Network],
    /// Machines that get pushes instead of the URL.
    forwarders: Forwarders,
    /// Made for the first push that is sent.
    sender: OnceCell<Sender>,
}

/// A warning, with what it means.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct PushLesson {
    /// The warning in a word.
    pub warning: &'static str,
    /// What it means and what to do, in English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
}

impl From<PushWarning> for PushLesson {
    fn from(warning: PushWarning) -> Self {
        let (en, zh) = warning.lesson();
        PushLesson { warning: warning.as_text(), en, zh }
    }
}

/// A name and a value: a header, a parameter, or a member with a sample.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct NamedValue {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl NamedValue {
    /// A name and a value.
    #[must_use]
    pub fn of(name: &str, value: impl Into<String>) -> Self {
        NamedValue { name: name.to_owned(), value: value.into() }
    }
}

/// A try of a push, or a replay.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ShownTry {
    /// When it began.
    pub at: Time,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The status of the answer; 0 if there was none.
    pub status: i64,
    /// Why it failed; empty if the answer was taken.
    pub fault: String,
    /// Headers of the answer.
    pub headers: Vec<NamedValue>,
    /// The beginning of the answer.
    pub answer: String,
    /// What is inside of an encrypted answer; absent if it is clear or cannot be decrypted with the keys of now.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decrypted: Option<String>,
    /// The answer as it was understood: `reply` (`nothing`, a msgtype, `transfer_customer_service`), what it `says`,
    /// its `form`, and the `key` of an encrypted one. Null if it was not taken.
    #[cfg_attr(
        feature = "types",
        ts(type = "{ reply: string, says: unknown, form: string, key: string | null } | null")
    )]
    pub understood: Value,
    /// What the developer should know.
    pub warnings: Vec<PushLesson>,
    /// Whether it is a replay.
    pub replay: bool,
}

/// The request of a push, as it would be sent now.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ShownRequest {
    /// The message in clear, as XML or JSON.
    pub clear: String,
    /// The parameters of the query, with signatures. Each try has other ones.
    pub query: Vec<NamedValue>,
    /// The body that is sent; the same as `clear` in plain mode.
    pub sent: String,
}

/// A push with all that is known of it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ShownPush {
    /// How it ended.
    pub push: PushRow,
    /// The tries and replays in their order; those of old pushes are gone.
    pub tries: Vec<ShownTry>,
    /// What is sent; absent if the change is gone, or the account has no developer's server by now.
    #[cfg_attr(feature = "types", ts(optional))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<ShownRequest>,
    /// Whether the change that the push was made of is gone: it can be neither shown nor replayed.
    pub gone: bool,
    /// What the developer should know of the push as a whole.
    pub warnings: Vec<PushLesson>,
}

/// What came of a replay, or of a simulated push.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Replayed {
    /// The push; empty for a simulated one.
    pub id: String,
    /// The answer.
    pub answered: ShownTry,
    /// What was sent.
    pub request: ShownRequest,
    /// Whether the answer was passed on to the customer.
    pub acted: bool,
    /// Why it was not, though that was asked for; empty if nothing was wrong.
    pub refused: String,
}

/// A push that somebody composes.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The customer.
    pub openid: String,
    /// The `MsgType` of a message, or the name of an event.
    pub what: String,
    /// Its members; absent ones have samples.
    pub members: BTreeMap<String, String>,
}

impl<'a> Inspector<'a> {
    /// An inspector. Addresses of pictures begin with `base`; `networks` may be called beside the public ones.
    #[must_use]
    pub fn new(desk: &'a Desk, base: &'a str, networks: &'a [Network]) -> Self {
        Inspector { desk, base, networks, forwarders: Forwarders::default(), sender: OnceCell::new() }
    }

    /// The same, which sends pushes to these machines while they are connected.
    #[must_use]
    pub fn forwarding_to(self, forwarders: Forwarders) -> Self {
        Inspector { forwarders, ..self }
    }

    /// A push with all that is known of it.
    ///
    /// # Errors
    /// 40013, `NotFound`.
    pub async fn show(&self, appid: &Appid, id: PushId) -> Result<ShownPush, Error> {
        let record = inspect::show(self.desk, appid, id, self.base).await?;
        let settings = callback::show(self.desk, appid).await?;
        let request = settings.as_ref().zip(record.push.as_ref());
        let request = request.map(|(settings, push)| {
            let request = attempt::request(self.desk, appid, settings, &push.body);
            shown_request(settings, &push.body, request)
        });
        let is_late = record.row.outcome == "late";
        let warnings = [(is_late, PushWarning::Late), (record.collides, PushWarning::Collision)];
        let warnings = warnings.into_iter().filter(|(is_so, _)| *is_so).map(|(_, warning)| warning.into());
        let shown = record.tries.into_iter().map(|it| shown(it, appid, settings.as_ref()));
        Ok(ShownPush {
            push: record.row,
            tries: shown.collect(),
            request,
            gone: record.push.is_none(),
            warnings: warnings.collect(),
        })
    }

    /// Sends a push again, with the settings of now, and records that. The answer goes to the customer only if `acts`.
    ///
    /// # Errors
    /// 40013, `NotFound` if there is no such push, its change is gone, or the account has no developer's server.
    pub async fn replay(&self, appid: &Appid, id: PushId, acts: bool) -> Result<Replayed, Error> {
        let push = inspect::show(self.desk, appid, id, self.base).await?.push.ok_or(Errcode::NotFound)?;
        let sent = self.send(appid, &push.body).await?;
        replay::record(self.desk, appid, id, sent.tried.clone()).await?;
        let done = match sent.reply.clone().filter(|_| acts) {
            Some(reply) => Some(replay::apply(self.desk, appid, push, reply).await),
            None => None,
        };
        sent.replayed(id.to_string(), appid, done)
    }

    /// Sends a composed push. It is recorded nowhere, and the answer goes to the customer only if `acts`.
    ///
    /// # Errors
    /// 40013, 40003 if the openid is malformed, `BadRequest` if there is no such kind of push or a number is none,
    /// `NotFound` if the account has no developer's server.
    pub async fn simulate(
        &self,
        appid: &Appid,
        simulation: &Simulation,
        acts: bool,
    ) -> Result<Replayed, Error> {
        let original_id = account::show(self.desk, appid).await?.original_id;
        let openid = Openid::parse(&simulation.openid)?;
        let now = self.desk.now();
        // Greater than the ids of messages, which count from 1, so no server has seen it.
        let content = compose(&simulation.what, now, |name| simulation.members.get(name).cloned());
        let content = content.ok_or(Errcode::BadRequest)?;
        let (from_user_name, create_time) = (openid.to_string(), now / SECOND);
        let body = Body { to_user_name: original_id, from_user_name, create_time, content };
        let sent = self.send(appid, &body).await?;
        let done = match sent.reply.clone().filter(|_| acts) {
            Some(reply) => {
                let push = Push { id: PushId { seq: 0, fact: 0 }, openid, at: now, body };
                Some(replay::apply_simulated(self.desk, appid, push, reply).await)
            }
            None => None,
        };
        sent.replayed(String::new(), appid, done)
    }

    async fn send(&self, appid: &Appid, body: &Body) -> Result<Sent, Error> {
        let settings = callback::show(self.desk, appid).await?.ok_or(Errcode::NotFound)?;
        let request = attempt::request(self.desk, appid, &settings, body);
        let shown = shown_request(&settings, body, request.clone());
        let sender = self.sender.get_or_try_init(|| async {
            Sender::new(self.networks).map(|sender| sender.forwarding_to(self.forwarders.clone()))
        });
        let sender = sender.await?;
        let attempted = attempt::send(self.desk, sender, appid, &settings, ("", body), request).await;
        let (Attempted { tried, reply }, request) = (attempted, shown);
        Ok(Sent { tried: Try { is_replay: true, ..tried }, reply: reply.ok(), request, settings })
    }
}

/// A request, with the message in clear.
fn shown_request(settings: &CallbackSettings, body: &Body, request: PushRequest) -> ShownRequest {
    let plain =
        PushSettings { token: &settings.token, format: settings.format, encryption: Encryption::Plain };
    let stamp = Stamp { timestamp: 0, nonce: "", random: [0; RANDOM_LENGTH] };
    let query = request.query.into_iter().map(|(name, value)| NamedValue::of(name, value)).collect();
    ShownRequest { clear: plain.request(body, &stamp).body, query, sent: request.body }
}

/// A push that was sent once more.
struct Sent {
    tried: Try,
    reply: Option<Reply>,
    request: ShownRequest,
    settings: CallbackSettings,
}

impl Sent {
    /// What came of it. `done` is what came of the answer; `None` if it does not act.
    fn replayed(self, id: String, appid: &Appid, done: Option<Result<(), Error>>) -> Result<Replayed, Error> {
        let (acted, refused) = match done {
            Some(Ok(())) => (true, String::new()),
            Some(Err(Error::Refused(code))) if code != Errcode::SystemError => (false, code.to_string()),
            Some(Err(error)) => return Err(error),
            None => (false, String::new()),
        };
        let answered = shown(self.tried, appid, Some(&self.settings));
        Ok(Replayed { id, answered, request: self.request, acted, refused })
    }
}

/// A try with its answer decrypted, if the keys of now can do that.
fn shown(it: Try, appid: &Appid, settings: Option<&CallbackSettings>) -> ShownTry {
    // Of a longer answer only the beginning is kept.
    let is_whole = it.answer.len() < ANSWER_KEPT - 3;
    let secrets = settings.and_then(|settings| attempt::secrets(appid, settings)).filter(|_| is_whole);
    let decrypted = secrets.and_then(|secrets| decrypted(it.answer.as_bytes(), secrets).ok().flatten());
    ShownTry {
        at: it.at,
        took_ms: it.took_ms,
        status: it.status,
        fault: it.fault,
        headers: it.headers.into_iter().map(|(name, value)| NamedValue { name, value }).collect(),
        answer: it.answer,
        decrypted,
        understood: it.understood,
        warnings: it.warnings.into_iter().map(PushLesson::from).collect(),
        replay: it.is_replay,
    }
}
