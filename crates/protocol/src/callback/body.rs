//! What a push says, whatever its format and mode.

use super::event::Event;
use super::member::Member;
use super::message::UserMessage;

/// What a push says. A repeated push says exactly the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// `ToUserName`: the account's original id, `gh_…`.
    pub to_user_name: String,
    /// `FromUserName`: the customer's openid. It is also the `openid` in the query.
    pub from_user_name: String,
    /// `CreateTime`: seconds since 1970.
    pub create_time: i64,
    /// The message or event.
    pub content: BodyContent,
}

/// A message or an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyContent {
    /// What a customer wrote.
    Message(UserMessage),
    /// What happened.
    Event(Event),
}

impl BodyContent {
    /// The `MsgType`.
    #[must_use]
    pub fn msg_type(&self) -> &'static str {
        match self {
            BodyContent::Message(message) => message.content.msg_type(),
            BodyContent::Event(_) => "event",
        }
    }
}

impl Body {
    /// All members, in Weixin's order.
    pub(super) fn members(&self) -> Vec<Member<'_>> {
        let mut members = vec![
            ("ToUserName", (&self.to_user_name).into()),
            ("FromUserName", (&self.from_user_name).into()),
            ("CreateTime", self.create_time.into()),
            ("MsgType", self.content.msg_type().into()),
        ];
        members.extend(match &self.content {
            BodyContent::Message(message) => message.members(),
            BodyContent::Event(event) => event.members(),
        });
        members
    }
}
