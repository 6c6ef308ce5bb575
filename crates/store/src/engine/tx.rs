//! A verb's transaction: statements in one SQL dialect, with bigint and text only.

use super::watch::Head;
use crate::bind;
use crate::error::Error;
use model::{Fact, Time};

/// A value written into a statement.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A bigint.
    Int(i64),
    /// A text.
    Text(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(int: i64) -> Self {
        Value::Int(int)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Value::Int(i64::from(flag))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Value::Text(text)
    }
}

macro_rules! from_name {
    ($($name:ident),*) => { $(
        impl<'a> From<&'a model::$name> for Value<'a> {
            fn from(name: &'a model::$name) -> Self {
                Value::Text(name.as_str())
            }
        }
    )* };
}
from_name!(AccountName, Appid, BusinessNickname, Corpid, GroupName, KfAccount, Nickname, Openid, WechatId);

/// A value read from a row.
#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Int(i64),
    Text(String),
}

impl From<&Value<'_>> for Cell {
    fn from(value: &Value<'_>) -> Self {
        match *value {
            Value::Int(int) => Cell::Int(int),
            Value::Text(text) => Cell::Text(text.to_owned()),
        }
    }
}

/// A row, with columns by number. A wrong number or type is a defect of the calling code, so it panics; the store turns
/// the panic into an internal error of that verb.
#[derive(Clone, Debug)]
pub struct Row(pub(crate) Vec<Cell>);

impl Row {
    /// A bigint column.
    ///
    /// # Panics
    /// When the column is not a bigint.
    #[must_use]
    pub fn int(&self, column: usize) -> i64 {
        match &self.0[column] {
            Cell::Int(int) => *int,
            Cell::Text(_) => panic!("column {column} holds a text"),
        }
    }

    /// A bigint column that holds a boolean.
    #[must_use]
    pub fn flag(&self, column: usize) -> bool {
        self.int(column) != 0
    }

    /// A text column.
    ///
    /// # Panics
    /// When the column is not a text.
    #[must_use]
    pub fn text(&self, column: usize) -> String {
        match &self.0[column] {
            Cell::Text(text) => text.clone(),
            Cell::Int(_) => panic!("column {column} holds a bigint"),
        }
    }
}

/// A connection to one of the engines.
pub(crate) trait Conn {
    /// Runs a statement whose outcome may be reported by the next one.
    fn send(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<(), Error>;
    fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error>;
    fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error>;
    /// Takes an owner's lock, if the owner has a feed.
    fn lock(&mut self, owner: &str) -> Result<(), Error> {
        self.run("update head set seq = seq where owner = $1", bind![owner]).map(|_| ())
    }
}

/// A verb's transaction.
pub struct Tx<'c> {
    conn: &'c mut dyn Conn,
    now: Time,
    owner: String,
    /// The owner's head after this change, in a verb that takes a `seq`.
    head: Head,
    facts: Vec<Fact>,
    /// The kept changes of this transaction, with their owners' heads after them.
    changed: Vec<(String, Head)>,
    is_alone: bool,
    failed: bool,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(conn: &'c mut dyn Conn, now: Time) -> Self {
        Tx {
            conn,
            now,
            owner: String::new(),
            head: Head::default(),
            facts: Vec::new(),
            changed: Vec::new(),
            is_alone: false,
            failed: false,
        }
    }

    /// The time of this transaction.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The `seq` of this change, in a verb called by [`crate::Store::write`].
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.head.seq
    }

    /// The facts that this change has recorded so far.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Records a fact of this change.
    pub fn record(&mut self, fact: Fact) {
        self.facts.push(fact);
    }

    /// Runs a statement; returns the number of rows it touched.
    ///
    /// # Errors
    /// The engine's.
    pub fn run(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Error> {
        self.conn.run(sql, values).inspect_err(|_| self.failed = true)
    }

    /// Runs a query; returns its first row.
    ///
    /// # Errors
    /// The engine's.
    pub fn one(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Option<Row>, Error> {
        Ok(self.all(sql, values)?.into_iter().next())
    }

    /// Runs a query for a number; returns 0 if there is no row.
    ///
    /// # Errors
    /// The engine's.
    pub fn number(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<i64, Error> {
        Ok(self.one(sql, values)?.map_or(0, |row| row.int(0)))
    }

    /// Runs a query; returns all its rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn all(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        self.conn.all(sql, values).inspect_err(|_| self.failed = true)
    }

    /// The head of this verb's owner, in this snapshot.
    ///
    /// # Errors
    /// The engine's.
    pub fn head(&mut self) -> Result<Option<Head>, Error> {
        self.head_by("select seq, access from head where owner = $1")
    }

    /// Runs a statement that returns the head of this verb's owner.
    fn head_by(&mut self, sql: &'static str) -> Result<Option<Head>, Error> {
        let rows = self.conn.all(sql, bind![&self.owner]).inspect_err(|_| self.failed = true)?;
        Ok(rows.first().map(|row| Head { seq: row.int(0), access: row.int(1) }))
    }

    /// Makes `owner` an owner with a feed; `false` if it is one already.
    ///
    /// # Errors
    /// The engine's.
    pub fn create_owner(&mut self, owner: &str) -> Result<bool, Error> {
        let sql = "insert into head (owner, seq, access) values ($1, 0, 0) on conflict (owner) do nothing";
        Ok(self.run(sql, bind![owner])? == 1)
    }

    /// Takes the lock of this name until the transaction ends, and waits while another transaction holds it. It is for
    /// rules across owners. A transaction that holds such a lock takes no owner's lock after it, to avoid deadlocks.
    ///
    /// # Errors
    /// The engine's.
    pub fn lock_name(&mut self, name: &str) -> Result<(), Error> {
        let sql = "insert into head (owner, seq, access) values ($1, 0, 0)
            on conflict (owner) do update set seq = head.seq";
        self.run(sql, bind![name]).map(|_| ())
    }

    pub(crate) fn set_owner(&mut self, owner: &str) {
        owner.clone_into(&mut self.owner);
    }

    pub(crate) fn begin_verb(&mut self, owner: &str) {
        self.set_owner(owner);
        self.facts.clear();
    }

    /// Takes the owner's lock, if the owner has a feed, so that what the verb reads stays true until it commits.
    pub(crate) fn lock(&mut self) -> Result<(), Error> {
        self.conn.lock(&self.owner).inspect_err(|_| self.failed = true)
    }

    /// Takes the owner's next `seq`; `false` if the owner has no feed.
    pub(crate) fn take_seq(&mut self) -> Result<bool, Error> {
        let taken = self.head_by("update head set seq = seq + 1 where owner = $1 returning seq, access")?;
        self.head = taken.unwrap_or_default();
        Ok(taken.is_some())
    }

    /// Writes the change row of a verb that recorded facts; `false` if it recorded none.
    pub(crate) fn write_change(&mut self) -> Result<bool, Error> {
        if self.facts.is_empty() {
            return Ok(false);
        }
        let facts = serde_json::to_string(&self.facts)?;
        let (owner, seq, now) = (self.owner.clone(), self.head.seq, self.now);
        self.conclude(
            "insert into change (owner, seq, at, facts) values ($1, $2, $3, $4)",
            bind![&owner, seq, now, &facts],
        )?;
        if self.facts.iter().any(Fact::touches_access) {
            self.run("update head set access = $2 where owner = $1", bind![&owner, seq])?;
            self.head.access = seq;
        }
        // Verbs of one owner that follow each other are announced as one.
        match self.changed.last_mut() {
            Some((last, head)) if *last == owner => *head = self.head,
            _ => self.changed.push((owner, self.head)),
        }
        Ok(true)
    }

    /// Runs a verb's last statement. If the verb has the transaction to itself, the statement may fail with the commit;
    /// otherwise its outcome is needed before the next verb begins.
    fn conclude(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<(), Error> {
        if self.is_alone { self.conn.send(sql, values) } else { self.run(sql, values).map(|_| ()) }
    }

    /// Says that only one verb runs in this transaction.
    pub(crate) fn be_alone(&mut self) {
        self.is_alone = true;
    }

    /// Sets the savepoint of a verb that shares the transaction.
    pub(crate) fn save(&mut self) -> Result<(), Error> {
        self.conn.send("savepoint verb", &[])
    }

    /// Ends such a verb; its writes are kept or undone.
    pub(crate) fn release(&mut self, keep: bool) -> Result<(), Error> {
        if !keep {
            self.run("rollback to verb", &[])?;
        }
        self.run("release verb", &[]).map(|_| ())
    }

    /// Whether a statement failed: PostgreSQL then turns a commit into a rollback without an error.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Rolls the transaction back. An error means that the engine had ended it before.
    pub(crate) fn roll_back(&mut self) -> Result<(), Error> {
        self.run("rollback", &[]).map(|_| ())
    }

    /// The owners that this transaction changed, with their heads. The last entry of an owner has its head after the
    /// commit.
    pub(crate) fn into_changed(self) -> Vec<(String, Head)> {
        self.changed
    }
}
