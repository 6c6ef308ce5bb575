//! What an answer means.

use super::{Form, Warning};
use crate::callback::WhichKey;
use crate::message::Content;

/// What the developer's server wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing: the answer is empty or `success`.
    Nothing,
    /// A message to the customer: `text`, `image`, `voice`, `video`, `music` or `news`. No file is looked up yet.
    /// <https://developers.weixin.qq.com/miniprogram/dev/wxcloudservice/wxcloudrun/src/development/weixin/callback.md>
    Message(Content),
    /// `transfer_customer_service`: the message goes to the desk.
    /// <https://developers.weixin.qq.com/doc/subscription/guide/product/kf/forwarding.html>
    Transfer {
        /// `TransInfo.KfAccount`: the agent who gets the customer; `None` for the waiting list. It may name no agent.
        kf_account: Option<String>,
    },
}

/// An answer, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Understood {
    /// What the developer's server wants.
    pub reply: Reply,
    /// How the answer is written; of an encrypted one, what is inside.
    pub form: Form,
    /// The key that an encrypted answer was made with; `None` for a clear one.
    pub key: Option<WhichKey>,
    /// What Weixin may refuse, though it is taken here.
    pub warnings: Vec<Warning>,
}
