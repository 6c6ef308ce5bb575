//! The application's state, which handlers and loops share: tokens' access and cached answers, each with the seq at
//! which it is true.

use crate::config::Settings;
use crate::desk::Desk;
use crate::desk::cached_answers::{self, AnswerKey, CachedAnswer};
use crate::desk::clock::ClockWatch;
use crate::desk::token::{self, Access};
use crate::error::Error;
use crate::forward::Forwarders;
use crate::metrics::Metrics;
use crate::push::Feeds;
use crate::single_flight::SingleFlight;
use crate::store::Head;
use crate::streams::Streams;
use crate::streams::limit::StreamLimit;
use crate::throttle::Throttles;
use bytes::Bytes;
use model::Appid;
use protocol::Errcode;
use protocol::limits::TOKEN_MAX;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use sha2::{Digest, Sha256};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Default size of the cache of answers, in MiB. Answers of 100,000 accounts with ten online agents take 125; the cache
/// is sharded, and shards fill unevenly.
const ANSWERS_MIB: u32 = 192;
/// Bytes of an answer about an account with ten online agents.
const ANSWER_BYTES: u64 = 1_300;
/// Bytes of an entry beside the answer: its key, its place in the map, counts.
const ANSWER_EXTRA: u64 = 200;
/// Tokens whose access is cached, about 300 bytes each: one for each of 100,000 accounts, with room as above.
const TOKENS: usize = 1 << 17;

/// The application. Clones share its state; a request makes several, so a clone is one reference count.
#[derive(Clone)]
pub struct App(Arc<AppState>);

/// The state of the application. Aligned so that it shares no cache line with the reference count, which every core
/// writes.
#[repr(align(128))]
pub struct AppState {
    /// The desk, whose verbs handlers call.
    pub desk: Desk,
    /// Settings of the server.
    pub settings: Arc<Settings>,
    /// Readers of the change feed.
    pub feeds: Feeds,
    /// Throttles for people's calls.
    pub throttles: Throttles,
    /// Open workbench streams of this node.
    pub streams: Streams,
    /// Limit on streams per person.
    pub stream_limit: StreamLimit,
    /// Developers' machines that get pushes.
    pub forwarders: Forwarders,
    /// Ends streams and loops.
    pub stop: CancellationToken,
    /// Metrics of this node.
    pub metrics: Metrics,
    /// What this node knows about clocks that were set back.
    pub watch: ClockWatch,
    tokens: Cache<[u8; 32], CachedAccess>,
    answers: Cache<(Appid, AnswerKey), CachedAnswer, AnswerWeight>,
    making: SingleFlight<CachedAnswer>,
}

/// A token's access, and the owner's `access` number at which it is true.
#[derive(Clone)]
struct CachedAccess {
    access: Arc<Access>,
    at: i64,
}

/// Borrowed key of a cached answer.
#[derive(PartialEq, Eq, Hash)]
struct AnswerLookup<'a>(&'a Appid, &'a AnswerKey);

impl Equivalent<(Appid, AnswerKey)> for AnswerLookup<'_> {
    fn equivalent(&self, key: &(Appid, AnswerKey)) -> bool {
        *self == AnswerLookup(&key.0, &key.1)
    }
}

#[derive(Clone)]
struct AnswerWeight;

impl Weighter<(Appid, AnswerKey), CachedAnswer> for AnswerWeight {
    fn weight(&self, _: &(Appid, AnswerKey), ready: &CachedAnswer) -> u64 {
        ready.bytes.len() as u64 + ANSWER_EXTRA
    }
}

impl Deref for App {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

impl App {
    /// Waits for `time`. Returns `false` when the application stops.
    pub async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(time) => true,
            () = self.stop.cancelled() => false,
        }
    }

    /// Creates the application over a desk.
    #[must_use]
    pub fn new(desk: Desk, settings: Settings) -> Self {
        let stop = CancellationToken::new();
        let started_at = desk.now();
        let answers = u64::from(settings.answers_mib.unwrap_or(ANSWERS_MIB)) << 20;
        let accounts = usize::try_from(answers / ANSWER_BYTES).unwrap_or(usize::MAX);
        App(Arc::new(AppState {
            feeds: Feeds::new(desk.clone(), stop.clone()),
            streams: Streams::new(desk.clone()),
            stream_limit: StreamLimit::default(),
            forwarders: Forwarders::default(),
            throttles: Throttles::new(&settings, desk.rules, desk.clock().clone()),
            settings: Arc::new(settings),
            metrics: Metrics::new(desk.store.metrics(), started_at),
            desk,
            stop,
            watch: ClockWatch::new(started_at),
            tokens: Cache::new(TOKENS),
            answers: Cache::with_weighter(accounts, answers, AnswerWeight),
            making: SingleFlight::default(),
        }))
    }

    /// The access of a token, and its owner's head; both are at least as new as the call.
    ///
    /// # Errors
    /// 40014, 40001.
    pub async fn access(&self, token: &str) -> Result<(Arc<Access>, Head), Error> {
        if token.len() > TOKEN_MAX {
            return Err(Errcode::InvalidAccessToken.into());
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.tokens.get(&hash)
            && let Some(head) = self.desk.store.head(known.access.owner.as_str()).await?
            && known.at == head.access
            && self.is_logged_in(&known.access).await?
        {
            return Ok((known.access, head));
        }
        let (access, head) = token::look_up(&self.desk, token).await?;
        let access = Arc::new(access);
        self.tokens.insert(hash, CachedAccess { access: access.clone(), at: head.access });
        Ok((access, head))
    }

    /// Whether the login that made a debug token still exists, as far as the worker's last change tells.
    async fn is_logged_in(&self, access: &Access) -> Result<bool, Error> {
        let Some(login) = &access.login else { return Ok(true) };
        let head = self.desk.store.head(&login.owner).await?;
        Ok(head.is_some_and(|head| head.seq == login.seq))
    }

    /// Drops all caches that a wrong clock may have filled.
    pub fn forget(&self) {
        self.tokens.clear();
        self.answers.clear();
        self.desk.quotas.forget();
    }

    /// Owner of a token, as far as this process has it in memory.
    #[must_use]
    pub fn whose(&self, token: &str) -> Option<Appid> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        self.tokens.get(&hash).map(|known| known.access.owner.clone())
    }

    /// The answer to a question about an account, at least as new as `head`, which this request looked up. Returns
    /// cached bytes when the account has not changed since; concurrent requests share one read.
    ///
    /// # Errors
    /// For the sessions of an agent: 65401, 65402.
    pub async fn answer(&self, appid: &Appid, head: Head, question: &AnswerKey) -> Result<Bytes, Error> {
        let last = self.answers.get(&AnswerLookup(appid, question));
        if let Some(ready) = last.filter(|ready| ready.seq >= head.seq) {
            return Ok(ready.bytes);
        }
        let key = format!("{appid} {question:?}");
        Ok(self.making.run(&key, || self.make(appid, question)).await?.bytes)
    }

    async fn make(&self, appid: &Appid, question: &AnswerKey) -> Result<CachedAnswer, Error> {
        // Read again, because the request before may have left a newer answer.
        let last = self.answers.get(&AnswerLookup(appid, question));
        let asked = question.clone();
        let read =
            self.desk.read(appid, move |tx, appid| cached_answers::refresh(tx, appid, &asked, last.as_ref()));
        let ready = read.await?;
        self.answers.insert((appid.clone(), question.clone()), ready.clone());
        Ok(ready)
    }
}
