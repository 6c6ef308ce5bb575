//! A customer chooses from a menu in a message.

use crate::message::draft::{Author, Draft};
use crate::message::{MessageView, by_id, route, sent_before};
use crate::people::cookie::{WithCookie, Writer};
use crate::session::{group, window};
use crate::{Desk, Result, account};
use model::{Appid, Openid};
use protocol::Errcode;
use serde::Serialize;
use store::Tx;

/// A choice from a menu.
#[derive(Clone, Debug)]
pub struct MenuChoice {
    /// The message with the menu.
    pub message: i64,
    /// The id of the choice in the menu.
    pub id: String,
    /// The id that the customer's page gives the message made from the choice.
    pub client_id: String,
}

/// The body of a message made from a choice.
#[derive(Serialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Chosen<'a> {
    /// The id of the choice in the menu.
    bizmsgmenuid: &'a str,
}

/// Stores a customer's choice from a menu, as if the customer had written the text of the choice. A choice that belongs
/// to a group sends the customer there.
///
/// # Errors
/// `NotFound` if the customer got no menu with this choice, `BadRequest`, `LoginNeeded`, `CookieReplaced`.
pub async fn choose(
    desk: &Desk,
    appid: &Appid,
    writer: Writer,
    choice: MenuChoice,
) -> Result<WithCookie<MessageView>> {
    let client_id = choice.client_id.clone();
    writer
        .act(desk, appid, &client_id, false, move |tx, appid, openid| {
            store_choice(tx, appid, openid, &choice)
        })
        .await
}

/// Stores the choice as a message. Returns the message, and whether it is new.
fn store_choice(
    tx: &mut Tx<'_>,
    appid: &Appid,
    openid: &Openid,
    choice: &MenuChoice,
) -> Result<(MessageView, bool)> {
    let menu = by_id(tx, appid, choice.message)?.ok_or(Errcode::NotFound)?;
    let text = choice_text(&menu, openid, &choice.id).ok_or(Errcode::NotFound)?;
    let body = serde_json::to_string(&Chosen { bizmsgmenuid: &choice.id })?;
    let draft = Draft { body, ..Draft::new(text, choice.client_id.clone())? };
    if let Some(message) = sent_before(tx, appid, openid, &Author::Customer, &draft)? {
        return Ok((message, false));
    }
    let kind = account::get(tx, appid)?.kind;
    window::record_menu_choice(tx, appid, openid, kind)?;
    let group = group::of_menu_choice(tx, appid, &choice.id)?;
    Ok((route(tx, appid, openid, &draft, group)?, true))
}

fn choice_text(menu: &MessageView, openid: &Openid, id: &str) -> Option<String> {
    if menu.openid != openid.as_str() || menu.kind != "msgmenu" {
        return None;
    }
    let list = menu.body["list"].as_array()?;
    let chosen = list.iter().find(|choice| choice["id"] == id)?;
    chosen["content"].as_str().map(str::to_owned)
}
