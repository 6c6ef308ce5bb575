//! One try of a push: sends it as the account's settings say, and reads the answer.

use crate::callback::sender::{Answered, Sender, nonce};
use crate::desk::Desk;
use crate::desk::callback::Push;
use crate::desk::callback::tries::{ANSWER_KEPT, Try, beginning};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, LOCATION, RETRY_AFTER, SERVER, VIA};
use model::callback::{AlarmKind, CallbackSettings, PushWarning};
use model::{Appid, SECOND};
use protocol::callback::reply::{self, AnsweredPush, Form, Secrets};
use protocol::callback::{
    AesKeys, Body, BodyContent, PushRequest, RANDOM_LENGTH, Reply, Stamp, Understood, WhichKey,
};
use protocol::message::Content;
use serde_json::{Value, json};

/// Headers of answers that are kept and shown. Others may hold secrets, such as cookies.
const SHOWN_HEADERS: [HeaderName; 7] =
    [CONTENT_TYPE, CONTENT_LENGTH, DATE, LOCATION, RETRY_AFTER, SERVER, VIA];
/// The most characters of a header that are kept.
const HEADER_KEPT: usize = 200;
/// The most characters of what was wrong that are kept.
const FAULT_KEPT: usize = 500;

/// What came of a try.
#[derive(Debug)]
pub struct Attempted {
    /// The try, as it is recorded.
    pub tried: Try,
    /// What the developer's server wants, or how alarms call the failure.
    pub reply: Result<Reply, AlarmKind>,
}

/// The request of a push, signed and encrypted for now. Each try has a nonce of its own.
#[must_use]
pub fn request(desk: &Desk, appid: &Appid, settings: &CallbackSettings, body: &Body) -> PushRequest {
    let nonce = nonce(&desk.rng);
    let random: [u8; RANDOM_LENGTH] = desk.rng.bytes();
    let stamp = Stamp { timestamp: desk.now() / SECOND, nonce: &nonce, random };
    settings.push(appid.as_str()).request(body, &stamp)
}

/// What encrypted answers of the account's server are read with; `None` if the account has no key.
#[must_use]
pub fn secrets<'a>(appid: &'a Appid, settings: &'a CallbackSettings) -> Option<Secrets<'a>> {
    settings.key.as_ref().map(|key| Secrets {
        token: &settings.token,
        appid: appid.as_str(),
        keys: AesKeys { current: key, previous: settings.previous_key.as_ref() },
    })
}

/// Sends a push once.
pub async fn attempt(
    desk: &Desk,
    sender: &Sender,
    appid: &Appid,
    settings: &CallbackSettings,
    push: &Push,
) -> Attempted {
    let request = request(desk, appid, settings, &push.body);
    send(desk, sender, appid, settings, (&push.id.to_string(), &push.body), request).await
}

/// Sends a request that was made of a push, which has a name if it is one of the account's feed.
pub async fn send(
    desk: &Desk,
    sender: &Sender,
    appid: &Appid,
    settings: &CallbackSettings,
    (name, body): (&str, &Body),
    request: PushRequest,
) -> Attempted {
    let (at, began) = (desk.now(), desk.clock().uptime());
    let answered = sender.push(appid, settings, name, request).await;
    let took = desk.clock().uptime().saturating_sub(began).as_millis();
    let tried = Try { at, took_ms: i64::try_from(took).unwrap_or(i64::MAX), ..Try::default() };
    match answered {
        Ok(answered) => read(tried, answered, appid, settings, body),
        Err(fault) => failed(tried, &fault, fault.kind()),
    }
}

/// A try that failed. What was wrong may repeat what a machine sent, and PostgreSQL stores no NUL.
fn failed(tried: Try, fault: &impl ToString, kind: AlarmKind) -> Attempted {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    let fault = fault.to_string().chars().take(FAULT_KEPT).map(shown).collect();
    Attempted { tried: Try { fault, ..tried }, reply: Err(kind) }
}

/// Reads the answer to a try.
fn read(
    mut tried: Try,
    answered: Answered,
    appid: &Appid,
    settings: &CallbackSettings,
    body: &Body,
) -> Attempted {
    tried.status = i64::from(answered.status.as_u16());
    tried.headers = shown_headers(&answered);
    tried.answer = beginning(&answered.body);
    let bytes = match answered.taken() {
        Ok(bytes) => bytes,
        Err(fault) => return failed(tried, &fault, fault.kind()),
    };
    let push = AnsweredPush {
        openid: &body.from_user_name,
        original_id: &body.to_user_name,
        is_event: matches!(body.content, BodyContent::Event(_)),
        format: settings.format,
        mode: settings.mode,
        secrets: secrets(appid, settings),
    };
    let read = reply::read(&bytes, &push);
    tried.warnings = PushWarning::of_answer(tried.took_ms, read.as_ref());
    match read {
        Ok(understood) => {
            tried.understood = shown(&understood);
            Attempted { tried, reply: Ok(understood.reply) }
        }
        Err(error) => failed(tried, &error, AlarmKind::ResponseFailed),
    }
}

fn shown_headers(answered: &Answered) -> Vec<(String, String)> {
    let shown = SHOWN_HEADERS.into_iter().filter_map(|name| {
        let value = answered.headers.get(&name)?.to_str().ok()?;
        // Such a value has bytes of ASCII only.
        Some((name.to_string(), value[..value.len().min(HEADER_KEPT)].to_owned()))
    });
    shown.collect()
}

/// An answer as it was understood, as JSON.
fn shown(understood: &Understood) -> Value {
    let form = match understood.form {
        Form::Empty => "empty",
        Form::Success => "success",
        Form::Xml => "xml",
        Form::Json => "json",
    };
    let key = understood.key.map(|key| match key {
        WhichKey::Current => "current",
        WhichKey::Previous => "previous",
    });
    let (reply, says) = match &understood.reply {
        Reply::Nothing => ("nothing", Value::Null),
        Reply::Message(content) => (content.word(), said(content)),
        Reply::Transfer { kf_account } => ("transfer_customer_service", json!({"kf_account": kf_account})),
    };
    json!({"reply": reply, "says": says, "form": form, "key": key})
}

/// A message of an answer; of a long one only its text or title.
fn said(content: &Content) -> Value {
    let body = content.body();
    if body.to_string().len() <= ANSWER_KEPT { body } else { json!(beginning(content.label().as_bytes())) }
}
