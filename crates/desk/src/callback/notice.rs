//! What a customer sees when the developer's server does not answer, as on Weixin.

use crate::callback::pushes::Push;
use crate::message::draft::{Author, Draft};
use crate::{Result, account, message};
use model::Appid;
use protocol::AccountKind;
use protocol::callback::BodyContent;
use store::Tx;

/// Tells the customer that the message of this push was not answered. Nothing is said of events.
pub(super) fn insert(tx: &mut Tx<'_>, appid: &Appid, push: &Push) -> Result<()> {
    let BodyContent::Message(_) = &push.body.content else { return Ok(()) };
    let (kind, text) = notice(account::get(tx, appid)?.kind);
    let draft = Draft::notice(kind, text, format!("push-{}-{}", push.id.seq, push.id.fact));
    message::insert(tx, appid, &push.openid, 0, &Author::System, &draft, false).map(|_| ())
}

/// The kind of the notice, for the pages, and its text on Weixin.
fn notice(kind: AccountKind) -> (&'static str, &'static str) {
    match kind {
        AccountKind::MiniProgram | AccountKind::MiniGame => {
            ("app_notice", "该小程序客服暂时无法提供服务，请稍后再试")
        }
        AccountKind::Subscription | AccountKind::Service | AccountKind::Other => {
            ("notice", "该公众号提供的服务出现故障，请稍后再试")
        }
    }
}
