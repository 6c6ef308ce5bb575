//! Commands for customers, so that a developer can test without people.

use super::outcome::Outcome;
use crate::desk::draft::Draft;
use crate::desk::message;
use crate::desk::{Desk, customer, window};
use crate::error::Error;
use model::Appid;
use model::TextEnum;
use model::session::window::Action;
use protocol::Errcode;
use protocol::callback::PUSH_KINDS;
use protocol::limits::TEXT_MAX;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

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
                Ok(Ok(json!({"openid": openid, "message": message.id, "session": message.session})))
            }
        }
    }
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
