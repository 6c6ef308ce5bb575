//! Warnings that teach: what would go wrong at Weixin, or goes wrong sometimes, though a push was taken.

use crate::{SECOND, TextEnum, Time};
use protocol::callback::reply::Warning;
use protocol::callback::{Body, ReplyError, Understood};

/// An answer that takes longer than this is near the deadline of 5 s.
pub const SLOW_AFTER: Time = 4 * SECOND;

/// What a developer should know about a push, though it may have been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushWarning {
    /// The answer took more than 4 s.
    Slow,
    /// The answer is malformed XML.
    InvalidXml,
    /// A byte order mark is before the answer.
    ByteOrderMark,
    /// `ToUserName` is missing.
    NoToUserName,
    /// `FromUserName` is missing, or not the account.
    FromUserName,
    /// The answer is JSON, and pushes are XML.
    JsonForXml,
    /// The answer is clear, and pushes are in safe mode.
    ClearInSafeMode,
    /// The answer is encrypted, and pushes are in plain mode.
    EncryptedInPlainMode,
    /// The answer is encrypted with the key before the current one.
    PreviousKey,
    /// `transfer_customer_service` answers an event.
    TransferOfEvent,
    /// The answer has more articles than are sent.
    ArticlesCut,
    /// The push was first tried so late that its answer did not act.
    Late,
    /// Another push of the customer has the same `CreateTime`.
    Collision,
    /// The settings changed after the try before this one.
    SettingsChanged,
}

impl TextEnum for PushWarning {
    const TEXTS: &'static [(&'static str, Self)] = &[
        ("slow", Self::Slow),
        ("invalid_xml", Self::InvalidXml),
        ("byte_order_mark", Self::ByteOrderMark),
        ("no_to_user_name", Self::NoToUserName),
        ("from_user_name", Self::FromUserName),
        ("json_for_xml", Self::JsonForXml),
        ("clear_in_safe_mode", Self::ClearInSafeMode),
        ("encrypted_in_plain_mode", Self::EncryptedInPlainMode),
        ("previous_key", Self::PreviousKey),
        ("transfer_of_event", Self::TransferOfEvent),
        ("articles_cut", Self::ArticlesCut),
        ("late", Self::Late),
        ("collision", Self::Collision),
        ("settings_changed", Self::SettingsChanged),
    ];
}

impl From<&Warning> for PushWarning {
    fn from(warning: &Warning) -> Self {
        match warning {
            Warning::ByteOrderMark => Self::ByteOrderMark,
            Warning::NoToUserName => Self::NoToUserName,
            Warning::FromUserName { .. } => Self::FromUserName,
            Warning::JsonForXml => Self::JsonForXml,
            Warning::ClearInSafeMode => Self::ClearInSafeMode,
            Warning::EncryptedInPlainMode => Self::EncryptedInPlainMode,
            Warning::PreviousKey => Self::PreviousKey,
            Warning::TransferOfEvent => Self::TransferOfEvent,
            Warning::ArticlesCut { .. } => Self::ArticlesCut,
        }
    }
}

impl PushWarning {
    /// The warnings about an answer that took `took` milliseconds.
    #[must_use]
    pub fn of_answer(took: Time, read: Result<&Understood, &ReplyError>) -> Vec<Self> {
        let mut warnings: Vec<_> = (took > SLOW_AFTER).then_some(Self::Slow).into_iter().collect();
        match read {
            Ok(understood) => warnings.extend(understood.warnings.iter().map(Self::from)),
            Err(ReplyError::Xml { .. } | ReplyError::Root { .. }) => warnings.push(Self::InvalidXml),
            Err(_) => {}
        }
        warnings
    }

    /// What it means and what to do, in English and Chinese.
    #[must_use]
    pub fn lesson(self) -> (&'static str, &'static str) {
        match self {
            Self::Slow => (
                "The answer took more than 4 s. After 5 s Weixin closes the connection and pushes again: answer \
                 success at once, and send the message later by custom/send.",
                "响应超过 4 秒。微信在 5 秒后断开连接并重试：请先返回 success，再用客服接口发送消息。",
            ),
            Self::InvalidXml => (
                "The answer is malformed XML. Weixin counts it as failed and tells the customer of a fault: nothing \
                 may be before <xml> or behind </xml>, and texts belong in CDATA.",
                "响应不是合法的 XML。微信会视为失败并提示用户服务故障：<xml> 之前和 </xml> 之后不能有其他内容，\
                 文本请放入 CDATA。",
            ),
            Self::ByteOrderMark => (
                "A byte order mark (BOM) is before the answer. To Weixin that is neither success nor XML: save the \
                 source file as UTF-8 without BOM.",
                "响应开头有 BOM。对微信来说它既不是 success 也不是 XML：请将源文件保存为无 BOM 的 UTF-8。",
            ),
            Self::NoToUserName => (
                "ToUserName is missing: it is the customer's openid, the FromUserName of the push.",
                "缺少 ToUserName：应为用户的 openid，即推送中的 FromUserName。",
            ),
            Self::FromUserName => (
                "FromUserName is not the account's original id: it is the ToUserName of the push, gh_…, and not the \
                 appid.",
                "FromUserName 不是公众号的原始 ID：应为推送中的 ToUserName（gh_…），而不是 appid。",
            ),
            Self::JsonForXml => (
                "The answer is JSON, but the account's pushes are XML: Weixin does not take it.",
                "响应是 JSON，而该账号的推送格式是 XML：微信不会接受。",
            ),
            Self::ClearInSafeMode => (
                "The answer is clear, but the account's pushes are in safe mode: encrypt the answer.",
                "响应未加密，而该账号使用安全模式：请加密响应。",
            ),
            Self::EncryptedInPlainMode => (
                "The answer is encrypted, but the account's pushes are in plain mode: Weixin does not read it.",
                "响应已加密，而该账号使用明文模式：微信不会解密。",
            ),
            Self::PreviousKey => (
                "The answer is encrypted with the EncodingAESKey before the current one: set the current one.",
                "响应使用的是旧的 EncodingAESKey：请改用当前的密钥。",
            ),
            Self::TransferOfEvent => (
                "transfer_customer_service answers an event. Only messages can be handed over to the desk: answer \
                 events with success.",
                "对事件返回了 transfer_customer_service。只有消息可以转到人工客服：事件请返回 success。",
            ),
            Self::ArticlesCut => (
                "The answer has more articles than Weixin sends: the rest is left out.",
                "图文条数超过微信的上限：多余的不会发送。",
            ),
            Self::Late => (
                "The push was first tried more than 60 s after it happened. Its answer does not act, because the \
                 customer has gone on.",
                "首次推送时已超过事件发生后 60 秒，用户可能已离开，因此响应不生效。",
            ),
            Self::Collision => (
                "Another push of this customer has the same CreateTime. A server that recognises repeated messages by \
                 FromUserName and CreateTime takes both for one: use MsgId for messages.",
                "该用户的另一条推送有相同的 CreateTime。按 FromUserName + CreateTime 排重的服务器会把两条当作一条：\
                 消息请用 MsgId 排重。",
            ),
            Self::SettingsChanged => (
                "The settings of the developer's server changed after the try before. This try used the new ones.",
                "上一次尝试之后，消息推送的设置已更改；本次使用的是新设置。",
            ),
        }
    }
}

/// Whether a server that recognises repeated pushes by `FromUserName` and `CreateTime` takes two pushes for one.
#[must_use]
pub fn collide(a: &Body, b: &Body) -> bool {
    a.from_user_name == b.from_user_name && a.create_time == b.create_time && a.content != b.content
}

#[cfg(test)]
mod tests {
    use super::{PushWarning, SLOW_AFTER, collide};
    use crate::TextEnum;
    use protocol::callback::reply::{self, AnsweredPush};
    use protocol::callback::{Body, BodyContent, Event, Format, Mode};

    fn warnings(took: i64, is_event: bool, answer: &str) -> Vec<PushWarning> {
        let push = AnsweredPush {
            openid: "o1",
            original_id: "gh_1",
            is_event,
            format: Format::Xml,
            mode: Mode::Plain,
            secrets: None,
        };
        PushWarning::of_answer(took, reply::read(answer.as_bytes(), &push).as_ref())
    }

    #[test]
    fn an_answer_after_four_seconds_is_slow() {
        assert_eq!(warnings(SLOW_AFTER, false, "success"), []);
        assert_eq!(warnings(SLOW_AFTER + 1, false, "success"), [PushWarning::Slow]);
        assert_eq!(warnings(4_900, false, "<xml>"), [PushWarning::Slow, PushWarning::InvalidXml]);
    }

    #[test]
    fn what_an_answer_does_wrong_is_named() {
        let text = |from: &str| {
            format!(
                "<xml><ToUserName>o1</ToUserName><FromUserName>{from}</FromUserName><MsgType>text</MsgType>\
                 <Content>a</Content></xml>"
            )
        };
        assert_eq!(warnings(0, false, &text("gh_1")), []);
        assert_eq!(warnings(0, false, &text("wx1")), [PushWarning::FromUserName]);
        assert_eq!(warnings(0, false, "\u{feff}success"), [PushWarning::ByteOrderMark]);
        for wrong in ["<xml><a></xml>", "<html></html>", "<xml></xml>tail"] {
            assert_eq!(warnings(0, false, wrong), [PushWarning::InvalidXml], "{wrong}");
        }
        assert_eq!(warnings(0, false, "ok"), [], "the fault says it all");
        let transfer = text("gh_1").replace("text", "transfer_customer_service");
        assert_eq!(warnings(0, true, &transfer), [PushWarning::TransferOfEvent]);
        assert_eq!(warnings(0, false, &transfer), []);
    }

    #[test]
    fn pushes_of_a_customer_in_one_second_collide() {
        let push = |from: &str, create_time: i64, event: Event| Body {
            to_user_name: "gh_1".to_owned(),
            from_user_name: from.to_owned(),
            create_time,
            content: BodyContent::Event(event),
        };
        let one = push("o1", 7, Event::Unsubscribe);
        let other = |from, create_time| push(from, create_time, Event::Subscribe { code: None });
        assert!(collide(&one, &other("o1", 7)));
        assert!(!collide(&one, &other("o1", 8)) && !collide(&one, &other("o2", 7)));
        assert!(!collide(&one, &one.clone()), "a push and its repetition are one");
    }

    #[test]
    fn each_warning_has_a_word_of_its_own_and_two_texts() {
        for (word, warning) in PushWarning::TEXTS {
            assert_eq!(PushWarning::from_text(word), Some(*warning));
            assert_eq!(warning.as_text(), *word, "each once");
            let (en, zh) = warning.lesson();
            assert!(en.is_ascii() || en.contains('…'), "{en}");
            assert!(!zh.is_ascii());
        }
    }
}
