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
use serde::{Deserialize, Serialize};
use serde_json::json;

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
            Self::Act { appid, openid, action: word } => {
                // Writing needs a text, so it is a command of its own.
                let action = Action::from_text(&word).filter(|action| *action != Action::Message);
                let action = action.ok_or(Errcode::BadRequest)?;
                match window::act(desk, &Appid::parse(&appid)?, &openid, action).await {
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
