//! The verbs of the desk, one file per noun, in folders of related nouns. A public function that takes a [`Desk`] is
//! one transaction, or its comment says how many, and why a repetition after any of them is safe.

pub mod account;
pub mod callback;
pub mod clock;
pub mod cluster;
pub mod content;
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
pub use message::{api_message, draft, image, media, menu_choice, storage, upload};
pub use people::{
    agent, cookie, customer, ended_login, hashing, invitation, login, network, password, presence, worker,
};
pub use session::{absence, group, note, queue, record, release, transfer, typing, window};
pub use views::{cached_answers, cursor, feed, session_view, snapshot, supervisor, why, workbench_state};

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

/// The result of a verb.
type Result<T, E = Error> = std::result::Result<T, E>;

/// What verbs use. Clones share it.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The files.
    pub files: Files,
    /// The source of secrets and ids.
    pub rng: Rng,
    /// The id of this process among those that share the store.
    pub node: Arc<str>,
    /// The limits that operators set.
    pub rules: Rules,
    /// The calls that this node has counted.
    pub quotas: Arc<quota::Quotas>,
    /// The refusals that this node has yet to write.
    pub refusal_log: Arc<refusal_log::RefusalLog>,
    /// The queue for hashing passwords.
    pub passwords: Arc<hashing::HashQueue>,
    /// Logs once that accounts have no room for more files.
    storage_outages: Arc<OutageLog>,
}

impl Desk {
    /// A desk over an open store, with a new node id and no place for files.
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
            storage_outages: Arc::new(OutageLog::new("storing files of accounts within their limit")),
        }
    }

    /// Sets the place for files.
    #[must_use]
    pub fn with_files(self, files: Files) -> Self {
        Desk { files, ..self }
    }

    /// The clock of the store.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        self.store.clock()
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.clock().now()
    }

    /// Runs [`Store::write`] for `owner`, and passes `owner` to the verb. Customers of an account who can be served
    /// after the verb are assigned in the same transaction.
    ///
    /// # Errors
    /// Those of [`Store::write`].
    pub fn write<O: Owner, T: Send + 'static>(
        &self,
        owner: &O,
        mut verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        let and_settle = move |tx: &mut Tx<'_>, owner: &O| {
            let outcome = verb(tx, owner)?;
            owner.settle(tx)?;
            Ok(outcome)
        };
        self.store.write(owner.feed(), of(owner, and_settle))
    }

    /// Runs [`Store::write_silent`] for `owner`, and passes `owner` to the verb.
    ///
    /// # Errors
    /// Those of [`Store::write`].
    pub fn write_silent<O: Owner, T: Send + 'static>(
        &self,
        owner: &O,
        verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        self.store.write_silent(owner.feed(), of(owner, verb))
    }

    /// Runs [`Store::read`] for `owner`, and passes `owner` to the verb.
    ///
    /// # Errors
    /// Those of [`Store::write`].
    pub fn read<O: Owner, T: Send + 'static>(
        &self,
        owner: &O,
        verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> {
        self.store.read(owner.feed(), of(owner, verb))
    }
}

/// An id that owns a feed: the appid of an account or a component, or the name of a worker.
pub trait Owner: Clone + Send + Sync + 'static {
    /// The owner's key in the store.
    fn feed(&self) -> Cow<'_, str>;

    /// What the facts of a verb bring about, at its end.
    ///
    /// # Errors
    /// Internal only.
    fn settle(&self, _: &mut Tx<'_>) -> Result<()> {
        Ok(())
    }
}

impl Owner for Appid {
    fn feed(&self) -> Cow<'_, str> {
        self.as_str().into()
    }

    fn settle(&self, tx: &mut Tx<'_>) -> Result<()> {
        session::queue::drain(tx, self)
    }
}

impl Owner for WechatId {
    fn feed(&self) -> Cow<'_, str> {
        people::worker::owner(self.as_str()).into()
    }
}

/// Gives the verb its own copy of the owner, because the verb may outlive the caller.
fn of<O: Owner, T>(
    owner: &O,
    mut verb: impl FnMut(&mut Tx<'_>, &O) -> Result<T> + Send + 'static,
) -> impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static {
    let owner = owner.clone();
    move |tx| verb(tx, &owner)
}

/// Turns the error for an owner without a feed into `NotFound`.
fn absent(error: Error) -> Error {
    match error {
        Error::Refused(Errcode::InvalidAppid) => Errcode::NotFound.into(),
        other => other,
    }
}

/// Runs steps in a task of their own, so that they end even if the caller is dropped between two of them.
async fn run_detached<T: Send + 'static>(
    steps: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(steps).await?
}

/// The SHA-256 of a random secret in hexadecimal, which is stored in place of the secret.
#[must_use]
pub fn sha256(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Compares in constant time, so that the time does not reveal how much of a secret is right.
fn is_same(presented: &str, stored: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    presented.as_bytes().ct_eq(stored.as_bytes()).into()
}
