//! What somebody is about to write, and who.

use crate::message::media::FileContent;
use crate::message::retention;
use crate::message::storage::{self, StorageLimits};
use crate::people::agent::Agent;
use model::{Appid, Openid};
use protocol::message;
use protocol::text::is_blank;
use protocol::{Errcode, limits};
use store::Tx;
use store::error::Error;

/// What somebody wants to send.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is, as in `msgtype`.
    pub(crate) kind: &'static str,
    /// What it says, or a label.
    pub(crate) text: String,
    /// JSON, or empty.
    pub(crate) body: String,
    /// The SHA-256 of the file it shows and of the small picture that stands for it, empty for none.
    pub(crate) files: (String, String),
    /// The picture it shows, where that was stored just now.
    pub(crate) picture: Option<FileContent>,
    /// How many bytes of files there may be with it.
    pub(crate) limits: StorageLimits,
    /// Whether a machine wrote it.
    pub(crate) ai: bool,
    /// The id by which its sender knows it again.
    pub(crate) client_id: String,
}

/// Who writes.
pub(crate) enum Author {
    /// The customer, at her page.
    Customer,
    /// An agent, at her workbench.
    Worker(Agent),
    /// A program that speaks as an agent.
    Agent(Agent),
    /// A program that speaks for the account.
    Account,
}

impl Author {
    /// By what it came.
    pub(crate) fn via(&self) -> &'static str {
        match self {
            Author::Customer | Author::Worker(_) => DESK,
            Author::Agent(_) | Author::Account => "api",
        }
    }

    /// Where the picture of the agent is, if there is one.
    pub(super) fn headimg(&self) -> Option<String> {
        match self {
            Author::Worker(agent) | Author::Agent(agent) => agent.headimg_address(),
            Author::Customer | Author::Account => None,
        }
    }

    /// Her id and her name, empty when it is no agent.
    pub(crate) fn agent(&self) -> (&str, &str) {
        match self {
            Author::Worker(agent) | Author::Agent(agent) => (agent.kf_account.as_str(), &agent.nickname),
            Author::Customer | Author::Account => ("", ""),
        }
    }
}

/// How people at their pages write.
pub(crate) const DESK: &str = "desk";

impl Draft {
    /// Checks a text, and the id by which its sender knows it again.
    ///
    /// # Errors
    /// `MessageSize`, `BadRequest`.
    pub fn new(text: String, client_id: String) -> Result<Self, Errcode> {
        if is_blank(&text) || text.len() > limits::TEXT_MAX {
            return Err(Errcode::MessageSize);
        }
        known_by(&client_id)?;
        let (body, files, limits) = Default::default();
        Ok(Draft { kind: "text", text, body, files, picture: None, limits, ai: false, client_id })
    }

    /// A picture that was stored just now, and the id by which its sender knows its message again.
    ///
    /// # Errors
    /// `BadRequest`.
    pub(crate) fn picture(
        picture: FileContent,
        client_id: String,
        limits: StorageLimits,
    ) -> Result<Self, Errcode> {
        known_by(&client_id)?;
        let files = (picture.sha256.clone(), String::new());
        let (text, body) = ("[image]".to_owned(), String::new());
        Ok(Draft { kind: "image", text, body, files, picture: Some(picture), limits, ai: false, client_id })
    }

    /// What a program wrote.
    pub(crate) fn of(content: &message::Content, ai: bool, client_id: &str) -> Self {
        let body = match content {
            message::Content::Text(_) => String::new(),
            other => other.body().to_string(),
        };
        let (kind, text) = (content.word(), content.label());
        let ((files, limits), client_id) = (Default::default(), client_id.to_owned());
        Draft { kind, text, body, files, picture: None, limits, ai, client_id }
    }

    /// The same with the contents it shows.
    pub(crate) fn showing(self, file: String, thumb: String) -> Self {
        Draft { files: (file, thumb), ..self }
    }
}

fn known_by(client_id: &str) -> Result<(), Errcode> {
    let fits = (1..=64).contains(&client_id.len()) && client_id.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(()) } else { Err(Errcode::BadRequest) }
}

/// Counts the files that a message shows: for the account, and for a customer who sends one.
///
/// # Errors
/// `FilesOfDay`, `FilesOfAccount`.
pub(crate) fn count(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    author: &Author,
    draft: &Draft,
) -> Result<(), Error> {
    let files = [&draft.files.0, &draft.files.1];
    if files.iter().all(|sha256| sha256.is_empty()) {
        return Ok(());
    }
    for sha256 in files.into_iter().filter(|sha256| !sha256.is_empty()) {
        storage::add(tx, appid, sha256, &draft.limits)?;
    }
    if let (Author::Customer, Some(picture)) = (author, &draft.picture) {
        storage::add_of_customer(tx, appid, openid, picture.size, &draft.limits)?;
    }
    retention::begin(tx, appid)
}
