//! What is to be pushed: facts of the change feed, as Weixin's messages and events.

use crate::account::callback::{self, CurrentCallback};
use crate::message::history::body;
use crate::message::media;
use crate::session::customer_event;
use crate::{Desk, Result, account};
use model::session::SessionState;
use model::{Appid, Fact, Openid, SECOND, Time};
use protocol::Errcode;
use protocol::callback::{Body, BodyContent, Event, UserContent, UserMessage, millionths};
use protocol::message::{CustomerContent, File, Film, Link, Recording, Text};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use store::bind;
use store::{Row, Tx};

/// The most changes that are read at once.
pub const ROUND: i64 = 256;

/// Names a push in its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushId {
    /// The change.
    pub seq: i64,
    /// The position of the fact in the change.
    pub fact: i64,
}

/// `seq.fact`, as programs and pages name it.
impl fmt::Display for PushId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seq, self.fact)
    }
}

impl FromStr for PushId {
    type Err = Errcode;

    /// Fails with `BadRequest`.
    fn from_str(text: &str) -> std::result::Result<Self, Errcode> {
        let (seq, fact) = text.split_once('.').ok_or(Errcode::BadRequest)?;
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
        let (seq, fact) = (number(seq).ok_or(Errcode::BadRequest)?, number(fact).ok_or(Errcode::BadRequest)?);
        Ok(PushId { seq, fact })
    }
}

/// A push.
#[derive(Clone, Debug)]
pub struct Push {
    /// Its name.
    pub id: PushId,
    /// The customer.
    pub openid: Openid,
    /// When it happened.
    pub at: Time,
    /// What it says.
    pub body: Body,
}

impl Push {
    /// The `MsgType` of a message, or the name of an event.
    #[must_use]
    pub fn what(&self) -> &'static str {
        match &self.body.content {
            BodyContent::Message(message) => message.content.msg_type(),
            BodyContent::Event(event) => event.name(),
        }
    }
}

/// What a delivery reads at once.
#[derive(Debug)]
pub struct DeliveryNews {
    /// The settings of now.
    pub current: CurrentCallback,
    /// What is to be pushed; `None` if pushes are paused, or it was not asked for.
    pub pushes: Option<PushesAfter>,
}

/// The pushes after a change.
#[derive(Debug)]
pub struct PushesAfter {
    /// The pushes in order that are not done yet.
    pub pushes: Vec<Push>,
    /// The last change that was read.
    pub upto: i64,
    /// Whether there are more changes.
    pub more: bool,
    /// Whether changes were missing, because the feed no longer has them.
    pub lost: bool,
}

/// Everything that is pushed up to this change is done; `None` while the account has no developer's server.
///
/// # Errors
/// Internal only.
pub async fn cursor(desk: &Desk, appid: &Appid) -> Result<Option<i64>> {
    desk.read(appid, |tx, appid| Ok(tx.one(SELECT_CURSOR, bind![appid])?.map(|row| row.int(0)))).await
}

/// The settings of now, and the pushes of the changes after a change, of at most [`ROUND`] changes. Addresses of
/// pictures begin with `base`. `None` while the account has no developer's server.
///
/// # Errors
/// Internal only.
pub async fn news(
    desk: &Desk,
    appid: &Appid,
    after: Option<i64>,
    base: &str,
) -> Result<Option<DeliveryNews>> {
    let base = base.to_owned();
    desk.read(appid, move |tx, appid| {
        let Some(current) = callback::current(tx, appid)? else { return Ok(None) };
        let after = after.filter(|_| !current.is_paused);
        let pushes = after.map(|seq| self::after(tx, appid, seq, &base)).transpose()?;
        Ok(Some(DeliveryNews { current, pushes }))
    })
    .await
}

fn after(tx: &mut Tx<'_>, appid: &Appid, seq: i64, base: &str) -> Result<PushesAfter> {
    let head = tx.head()?.map_or(seq, |head| head.seq);
    let rows = tx.all(SELECT_CHANGES, bind![appid, seq, ROUND])?;
    let lost = rows.first().map_or(head, |row| row.int(0) - 1) > seq;
    let upto = rows.last().map_or(head, |row| row.int(0));
    let done = tx.all(SELECT_DONE, bind![appid, seq, upto])?;
    let done: HashSet<_> = done.iter().map(|row| PushId { seq: row.int(0), fact: row.int(1) }).collect();
    let account = Source::read(tx, appid, (seq, upto), base)?;
    let mut pushes = Vec::new();
    for row in rows {
        let facts: Vec<Fact> = serde_json::from_str(&row.text(2))?;
        for (fact, number) in facts.iter().zip(0..) {
            let id = PushId { seq: row.int(0), fact: number };
            if !done.contains(&id) {
                pushes.extend(account.push(tx, id, row.int(1), fact)?);
            }
        }
    }
    Ok(PushesAfter { pushes, upto, more: upto < head, lost })
}

/// The pushes of a customer in the changes from `first` to `last`, made again; at most [`ROUND`] changes are read.
/// Addresses of pictures begin with `base`.
pub(super) fn of_customer(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &str,
    (first, last): (i64, i64),
    base: &str,
) -> Result<Vec<Push>> {
    let rows = tx.all(SELECT_CHANGES, bind![appid, first - 1, ROUND])?;
    let account = Source::read(tx, appid, (first - 1, last), base)?;
    let mut pushes = Vec::new();
    for row in rows.iter().take_while(|row| row.int(0) <= last) {
        let facts: Vec<Fact> = serde_json::from_str(&row.text(2))?;
        for (fact, number) in facts.iter().zip(0..) {
            let is_theirs = match fact {
                Fact::Message { openid: of, .. }
                | Fact::Session { openid: of, .. }
                | Fact::CustomerEvent { openid: of, .. } => of.as_str() == openid,
                _ => false,
            };
            if is_theirs {
                let id = PushId { seq: row.int(0), fact: number };
                pushes.extend(account.push(tx, id, row.int(1), fact)?);
            }
        }
    }
    Ok(pushes)
}

/// What pushes of an account are made of, beside its facts.
struct Source<'a> {
    appid: &'a Appid,
    original_id: String,
    /// Where addresses of pictures begin.
    base: &'a str,
    /// The messages of the changes, by their numbers.
    messages: HashMap<i64, Said>,
}

/// A message, as far as it is pushed.
struct Said {
    at: Time,
    kind: String,
    text: String,
    body: String,
    media_id: String,
}

impl<'a> Source<'a> {
    /// Reads what the changes after the first number up to the last need. A message has the number of its change.
    fn read(tx: &mut Tx<'_>, appid: &'a Appid, (after, upto): (i64, i64), base: &'a str) -> Result<Self> {
        let said = |row: &Row| {
            let (kind, text, body, media_id) = (row.text(2), row.text(3), row.text(4), row.text(5));
            (row.int(0), Said { at: row.int(1), kind, text, body, media_id })
        };
        let messages = tx.all(SELECT_MESSAGES, bind![appid, after, upto])?.iter().map(said).collect();
        Ok(Source { appid, original_id: account::get(tx, appid)?.original_id, base, messages })
    }

    /// The push of a fact, which happened at this time; `None` if nothing is pushed of it.
    fn push(&self, tx: &mut Tx<'_>, id: PushId, at: Time, fact: &Fact) -> Result<Option<Push>> {
        let (openid, create_time, content) = match fact {
            Fact::Message { id, openid, push: true, .. } => {
                // It may have been deleted.
                let Some(said) = self.messages.get(id) else { return Ok(None) };
                (openid, said.at / SECOND, BodyContent::Message(self.message(*id, said)))
            }
            Fact::Session { openid, state, kf_account, from, event_at, .. } if *event_at > 0 => {
                let Some(event) = event(*state, kf_account, from) else { return Ok(None) };
                (openid, *event_at, BodyContent::Event(event))
            }
            Fact::CustomerEvent { id, openid, event_at } => {
                let Some(event) = customer_event::by_id(tx, self.appid, *id)? else { return Ok(None) };
                (openid, *event_at, BodyContent::Event(event))
            }
            _ => return Ok(None),
        };
        let (to_user_name, from_user_name) = (self.original_id.clone(), openid.to_string());
        let body = Body { to_user_name, from_user_name, create_time, content };
        Ok(Some(Push { id, openid: openid.clone(), at, body }))
    }

    /// A customer's message as it is pushed.
    fn message(&self, msg_id: i64, said: &Said) -> UserMessage {
        let file = File { media_id: said.media_id.clone() };
        let text = || {
            let menu_id = body(&said.body)["bizmsgmenuid"].as_str().map(str::to_owned);
            UserContent::Text { text: Text { content: said.text.clone() }, menu_id }
        };
        let content = match said.kind.as_str() {
            "text" => text(),
            "image" => UserContent::Image { pic_url: self.address(&file.media_id), file },
            kind => CustomerContent::read(kind, body(&said.body))
                .map_or_else(text, |content| self.content(content, file)),
        };
        UserMessage { msg_id, content, article: None, business_id: None }
    }

    /// What a customer sent beside texts and pictures, with its file if there is one.
    fn content(&self, content: CustomerContent, file: File) -> UserContent {
        let thumb = |film: Film| File { media_id: film.thumb_media_id };
        match content {
            CustomerContent::Voice(Recording { format }) => {
                UserContent::Voice { file, format, recognition: None, file_16k: None }
            }
            CustomerContent::Video(film) => UserContent::Video { file, thumb: thumb(film) },
            CustomerContent::ShortVideo(film) => UserContent::ShortVideo { file, thumb: thumb(film) },
            CustomerContent::Location(place) => UserContent::Location {
                latitude: millionths(place.latitude).unwrap_or_default(),
                longitude: millionths(place.longitude).unwrap_or_default(),
                scale: place.scale.into(),
                label: place.label,
            },
            CustomerContent::Link(Link { title, description, url, .. }) => {
                UserContent::Link { title, description, url }
            }
            CustomerContent::ProgramPage(page) => {
                UserContent::ProgramPage { thumb_url: self.address(&page.thumb_media_id), page }
            }
        }
    }

    /// Where a file can be fetched without a token.
    fn address(&self, media_id: &str) -> String {
        format!("{}/media/{}/{}", self.base, self.appid, media::ticket(media_id))
    }
}

/// The event of a session's change.
fn event(state: SessionState, kf_account: &str, from: &str) -> Option<Event> {
    match state {
        SessionState::Open if from.is_empty() => {
            Some(Event::KfCreateSession { kf_account: kf_account.to_owned() })
        }
        SessionState::Open => {
            Some(Event::KfSwitchSession { from: from.to_owned(), to: kf_account.to_owned() })
        }
        SessionState::Closed => Some(Event::KfCloseSession { kf_account: kf_account.to_owned() }),
        // The agent's part of the session ended; the customer is back in the queue.
        SessionState::Waiting if !from.is_empty() => {
            Some(Event::KfCloseSession { kf_account: from.to_owned() })
        }
        SessionState::Waiting => None,
    }
}

const SELECT_CURSOR: &str = "select seq from push_cursor where appid = $1";
const SELECT_CHANGES: &str =
    "select seq, at, facts from change where owner = $1 and seq > $2 order by seq limit $3";
const SELECT_MESSAGES: &str = "select id, at, kind, text, body, media_id from message
    where appid = $1 and id > $2 and id <= $3";
const SELECT_DONE: &str = "select seq, fact from push where appid = $1 and seq > $2 and seq <= $3";
