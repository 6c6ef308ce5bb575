//! The verbs, one file per noun, in rooms of nouns that belong together. Each public function that takes a [`Desk`] is
//! one transaction, or says how many it is and why it may be repeated after any of them.

pub mod account;
pub mod clock;
pub mod cluster;
pub mod due;
pub mod jobs;
pub mod message;
mod people;
pub mod quota;
pub mod removal;
pub mod rules;
pub mod session;
mod views;

pub use account::{administrator, business, component, ip_allowlist, refusal_log, token, wecom};
pub use message::{api_message, draft, image, media, menu_choice, storage};
pub use people::{
    agent, cookie, customer, ended_login, hashing, invitation, login, network, password, presence, worker,
};
pub use session::{record, transfer, typing, window};
pub use views::{cached_answers, cursor, feed, session_view, snapshot, supervisor, workbench_state};

use crate::rules::Rules;
use model::{Appid, Time, WechatId};
use protocol::Errcode;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::Arc;
use store::clock::{Clock, Rng, hex};
use store::error::{Error, OutageLog};
use store::files::Files;
use store::{Store, Tx};

/// What every verb needs.
#[derive(Clone)]
pub struct Desk {
    /// Where everything is kept.
    pub store: Store,
    /// Where files are.
    pub files: Files,
    /// Where secrets and ids come from.
    pub rng: Rng,
    /// This process, among those that share the store.
    pub node: Arc<str>,
    /// What operators have set.
    pub rules: Rules,
    /// What this node counts of accounts' calls.
    pub quotas: Arc<quota::Quotas>,
    /// Refusals that wait to be written.
    pub refusal_log: Arc<refusal_log::RefusalLog>,
    /// Passwords that wait to be hashed.
    pub passwords: Arc<hashing::HashQueue>,
    /// Whether accounts have room for files.
    storage_outages: Arc<OutageLog>,
}

impl Desk {
    /// A desk over an open store, as a new node. It has no place for files.
    #[must_use]
    pub fn new(store: Store, rng: Rng, rules: Rules) -> Self {
        let node = rng.hex::<8>().into();
        Desk {
            store,
            files: Files::nowhere(),
            rng,
            node,
            rules,
            quotas: Arc::default(),
            refusal_log: Arc::default(),
            passwords: Arc::default(),
            storage_outages: Arc::new(OutageLog::new("storing files of accounts that may have more")),
        }
    }

    /// The same with files.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Desk { files, ..self }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.store.clock()
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock().now()
    }

    /// [`Store::write`] for `owner`, which the verb is given too.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write<O: Owner, T: Send + 'static>(
        &self,
        owner: &O,
        verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T, Error> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> {
        self.store.write(owner.feed(), of(owner, verb))
    }

    /// [`Store::write_silent`] for `owner`, which the verb is given too.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_silent<O: Owner, T: Send + 'static>(
        &self,
        owner: &O,
        verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T, Error> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> {
        self.store.write_silent(owner.feed(), of(owner, verb))
    }

    /// [`Store::read`] for `owner`, which the verb is given too.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn read<O: Owner, T: Send + 'static>(
        &self,
        owner: &O,
        verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T, Error> + Send + 'static,
    ) -> impl Future<Output = Result<T, Error>> {
        self.store.read(owner.feed(), of(owner, verb))
    }
}

/// The id of what has a feed: an account's or a component's, or a worker's.
pub trait Owner: Clone + Send + Sync + 'static {
    /// The owner of the feed, as the store names it.
    fn feed(&self) -> Cow<'_, str>;
}

impl Owner for Appid {
    fn feed(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
}

impl Owner for WechatId {
    fn feed(&self) -> Cow<'_, str> {
        people::worker::owner(self.as_str()).into()
    }
}

/// The verb with its owner, which the store's threads need for longer than the caller may wait.
fn of<O: Owner, T>(
    owner: &O,
    mut verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T, Error> + Send + 'static,
) -> impl FnMut(&mut Tx<'_>) -> Result<T, Error> + Send + 'static {
    let owner = owner.clone();
    move |tx| verb(tx, &owner)
}

/// The error of a verb at an owner that may not exist, and then has no feed: `NotFound`.
fn absent(error: Error) -> Error {
    match error {
        Error::Refused(Errcode::InvalidAppid) => Errcode::NotFound.into(),
        other => other,
    }
}

/// Runs steps to their end that must not be left half-way, also where no call of the API waits for them.
async fn to_the_end<T: Send + 'static>(
    steps: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(steps).await?
}

/// What is stored of a random secret: its SHA-256, in hexadecimal.
#[must_use]
pub fn sha256(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Compares what was presented with what is stored, in a time that tells nothing.
fn is_same(presented: &str, stored: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    presented.as_bytes().ct_eq(stored.as_bytes()).into()
}
