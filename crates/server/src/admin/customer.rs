//! Commands for customers, so that a developer can test without people.

use super::outcome::Outcome;
use crate::desk::draft::Draft;
use crate::desk::message::{self, MessageView};
use crate::desk::upload::{self, UploadedBytes};
use crate::desk::{Desk, customer, window};
use crate::error::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Appid;
use model::TextEnum;
use model::session::window::Action;
use protocol::Errcode;
use protocol::callback::PUSH_KINDS;
use protocol::limits::{CONTENT_MAX, TEXT_MAX};
use protocol::media::MediaKind;
use protocol::message::CustomerContent;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// A command for customers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerCommand {
    /// Creates a customer.
    Create {
        /// The account.
        appid: String,
    },
    /// Has a customer do something. An unknown openid becomes a customer.
    Act {
        /// The account.
        appid: String,
        /// The customer.
        openid: String,
        /// The action, by its word.
        action: String,
        /// Members of the event that is pushed to the developer's server; absent ones have samples.
        #[serde(default)]
        members: BTreeMap<String, String>,
    },
    /// Has a customer write. An unknown openid becomes a customer.
    Say {
        /// The account.
        appid: String,
        /// The customer.
        openid: String,
        /// The text.
        text: String,
    },
    /// Has a customer send something that is neither a text nor a picture. An unknown openid becomes a customer.
    Send {
        /// The account.
        appid: String,
        /// The customer.
        openid: String,
        /// What is sent.
        content: CustomerContent,
        /// Its file.
        file: Option<FileBytes>,
        /// Its thumb.
        thumb: Option<FileBytes>,
    },
}

/// The bytes of a file, in Base64 on their way to the running server.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct FileBytes(pub Vec<u8>);

impl fmt::Debug for FileBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl Serialize for FileBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl TryFrom<String> for FileBytes {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        STANDARD.decode(text).map(FileBytes)
    }
}

impl CustomerCommand {
    pub(super) async fn execute(self, desk: &Desk) -> Result<Outcome, Error> {
        match self {
            Self::Create { appid } => {
                let openid = customer::create(desk, &Appid::parse(&appid)?).await?;
                Ok(Ok(json!({"appid": appid, "openid": openid})))
            }
            Self::Act { appid, openid, action: word, members } => {
                // Writing needs a text, so it is a command of its own.
                let action = Action::from_text(&word).filter(|action| *action != Action::Message);
                let action = action.ok_or(Errcode::BadRequest)?;
                let members = match event_members(action, members) {
                    Ok(members) => members,
                    Err(said) => return Ok(Err(said)),
                };
                match window::act(desk, &Appid::parse(&appid)?, &openid, action, members).await {
                    Err(Error::Refused(Errcode::BadRequest)) => {
                        Ok(Err(format!("customers of an account of this kind cannot {word}")))
                    }
                    done => done.map(|()| Ok(json!({"openid": openid, "action": word}))),
                }
            }
            Self::Say { appid, openid, text } => {
                let draft = Draft::new(text, desk.rng.hex::<16>())?;
                let message =
                    message::receive_from_operator(desk, &Appid::parse(&appid)?, &openid, draft).await?;
                Ok(Ok(shown(&message)))
            }
            Self::Send { appid, openid, content, file, thumb } => {
                let (file, thumb) = (file.map(|bytes| bytes.0), thumb.map(|bytes| bytes.0));
                let (bytes, sent) = (UploadedBytes { file, thumb }, content.clone());
                let appid = Appid::parse(&appid)?;
                match upload::receive_from_operator(desk, &appid, &openid, content, bytes).await {
                    Err(Error::Refused(code)) => match why_refused(code, &sent) {
                        Some(said) => Ok(Err(said)),
                        None => Err(code.into()),
                    },
                    done => done.map(|message| Ok(shown(&message))),
                }
            }
        }
    }
}

fn shown(message: &MessageView) -> Value {
    json!({"openid": message.openid, "message": message.id, "session": message.session})
}

/// Why a message is refused, and what would be accepted; `None` for reasons that other commands share.
fn why_refused(code: Errcode, content: &CustomerContent) -> Option<String> {
    let word = content.word();
    Some(match code {
        Errcode::MsgtypeForbidden => format!("customers of an account of this kind cannot send {word}"),
        Errcode::EmptyContent => "a link needs a URL".to_owned(),
        Errcode::ContentSize => format!("its texts are longer than {CONTENT_MAX} bytes together"),
        Errcode::DataFormat => {
            "a latitude is from -90 to 90 degrees, a longitude from -180 to 180 degrees".to_owned()
        }
        Errcode::MediaDataMissing => format!("{word} needs its files: --help lists them"),
        Errcode::EmptyMediaData
        | Errcode::MediaSize
        | Errcode::InvalidFileType
        | Errcode::InvalidMediaSize => {
            let kinds = content.file().into_iter().chain([MediaKind::Thumb]);
            let accepted = |kind: MediaKind| {
                let formats: Vec<_> = kind.formats().iter().map(|format| format.extension()).collect();
                format!("a {} is {} of 1 to {} bytes", kind.word(), formats.join(" or "), kind.size_max())
            };
            kinds.map(accepted).collect::<Vec<_>>().join("; ")
        }
        _ => return None,
    })
}

/// The members of the event that is pushed of an action; those that are not given have their samples.
fn event_members(
    action: Action,
    given: BTreeMap<String, String>,
) -> std::result::Result<BTreeMap<String, String>, String> {
    let event = action.event().unwrap_or_default();
    let kind = PUSH_KINDS.iter().find(|kind| kind.what == event);
    let samples = kind.map_or(&[][..], |kind| kind.members);
    for (name, value) in &given {
        if samples.iter().all(|(known, _)| known != name) {
            let known: Vec<_> = samples.iter().map(|(known, _)| *known).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(format!("{} has no member {name}: its members are {known}", action.as_text()));
        }
        if value.len() > TEXT_MAX {
            return Err(format!("{name} is longer than {TEXT_MAX} bytes"));
        }
    }
    let of = |(name, sample): &(&str, &str)| {
        let value = given.get(*name).cloned().unwrap_or_else(|| (*sample).to_owned());
        ((*name).to_owned(), value)
    };
    Ok(samples.iter().map(of).collect())
}
