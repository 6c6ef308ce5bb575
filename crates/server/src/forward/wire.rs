//! What a desk and `kefu listen` say to each other: lines of JSON on the stream.

use serde::{Deserialize, Serialize};

/// A line of the stream. An empty line only shows that the stream lives.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Greeting(Greeting),
    /// A push.
    Push(ForwardedPush),
    /// All pushes up to this change are done: the cursor to come back with.
    Cursor(i64),
    /// Another machine has taken this one's place. The last line.
    Replaced,
    /// The key was revoked, or the account has no developer's server any more. The last line.
    Over,
}

/// What the stream begins with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Greeting {
    /// The account.
    pub appid: String,
    /// The account's name.
    pub name: String,
    /// The number of the connection, which answers name.
    pub connection: u64,
    /// The change up to which all pushes are done: the cursor to come back with.
    pub cursor: i64,
    /// Pushes after the cursor of the machine that have ended, oldest first.
    pub ended: Vec<EndedPush>,
    /// Whether more have ended than are listed.
    pub more: bool,
}

/// A push that has ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndedPush {
    /// Its name, `seq.fact`.
    pub push: String,
    /// The `MsgType`, or the name of the event.
    pub what: String,
    /// `taken`, `failed` or `late`.
    pub outcome: String,
}

/// A push as the program gets it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ForwardedPush {
    /// The number by which the answer names it.
    pub id: u64,
    /// Its name, `seq.fact`; empty for one that is no push of the account's feed.
    pub push: String,
    /// The parameters of the query, not percent-encoded yet.
    pub query: Vec<(String, String)>,
    /// The content type.
    pub content_type: String,
    /// The body.
    pub body: String,
}
