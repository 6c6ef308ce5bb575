//! Typing: shows a customer that an agent is writing.

use crate::people::customer;
use crate::session::window;
use crate::session::window::SendState;
use crate::{Desk, Result};
use model::session::window::Typing;
use model::{Appid, Fact};
use protocol::message::TypingCommand;

/// typing. Cancelling what is not shown is no error.
///
/// # Errors
/// 40003, 45015, 45080, 45081.
pub async fn show(desk: &Desk, appid: &Appid, openid: &str, command: TypingCommand) -> Result<()> {
    let openid = openid.to_owned();
    desk.write(appid, move |tx, appid| {
        let now = tx.now();
        let openid = customer::get(tx, appid, &openid)?;
        let SendState { window, typing, .. } = window::of(tx, appid, &openid)?;
        let typing = match command {
            TypingCommand::CancelTyping if !typing.is_on(now) => return Ok(()),
            TypingCommand::CancelTyping => Typing { until: 0, ..typing },
            TypingCommand::Typing => {
                window.must_be_open(now)?;
                typing.begin(now)?
            }
        };
        window::set_typing(tx, appid, &openid, typing)?;
        tx.record(Fact::Typing { openid, until: typing.until });
        Ok(())
    })
    .await
}
