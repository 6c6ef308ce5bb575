//! Wire types of sendCustomMessage and typing.

mod content;
mod customer;

use crate::Errcode;
use crate::endpoint::AccountKind;
use crate::parameter::{OPENID_PATTERN, ParameterDoc, parameters};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

pub use content::*;
pub use customer::{CustomerContent, Film, Location, Recording};

/// The customer whom a message or the typing sign is for.
const TOUSER: ParameterDoc = ParameterDoc::new("The openid of the customer.", "客户的 openid。")
    .example(r#""o000000000000000000000000000""#)
    .matching(OPENID_PATTERN);

parameters! {
    /// Body of sendCustomMessage. The content is the member whose name is the msgtype.
    /// <https://developers.weixin.qq.com/doc/service/api/customer/message/api_sendcustommessage>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct SendCustomMessage in Body {
        touser: String, required, TOUSER;
        msgtype: String, required, ParameterDoc::new(
            "The kind of the message; the content is the member of the same name.",
            "消息类型；内容放在同名成员里。",
        )
        .example(r#""text""#);
        #[serde(default, deserialize_with = "object")]
        customservice: Option<CustomService>, optional, ParameterDoc::new(
            "The agent whose name and picture the customer sees.",
            "以哪名客服的名义发送。",
        )
        .example(r#"{"kf_account":"kf1@demo"}"#);
        #[serde(default, deserialize_with = "object")]
        aimsgcontext: Option<AiContext>, optional, ParameterDoc::new(
            "is_ai_msg 1: the customer reads that a machine wrote the message.",
            "is_ai_msg 为 1 时，客户会看到“内容由 AI 生成”。",
        )
        .example(r#"{"is_ai_msg":1}"#);
        #[schemars(with = "Option<i64>")]
        businessid: Option<Value>, optional, ParameterDoc::new(
            "A sub-merchant; ignored. At /business/send it must be there: 40101 without it.",
            "子商户 ID；不作处理。/business/send 必须传，缺少时返回 40101。",
        )
        .example("1");
        ..
        #[serde(flatten)]
        #[schemars(with = "ContentMembers")]
        members: Map<String, Value>;
    }
}

/// Reads an object or nothing. serde alone would also read a list, as the members in their order.
fn object<'de, T: DeserializeOwned, D: Deserializer<'de>>(json: D) -> Result<Option<T>, D::Error> {
    match Value::deserialize(json)? {
        Value::Null => Ok(None),
        value @ Value::Object(_) => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
        _ => Err(D::Error::custom("no object")),
    }
}

/// The agent whose name and picture the customer sees.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct CustomService {
    kf_account: String,
}

/// Whether the customer reads that a machine wrote the message. Other members, which SDKs send too, are ignored.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
struct AiContext {
    #[serde(default)]
    is_ai_msg: i64,
}

/// A valid message. Whether its customer, agent and files exist is not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiMessage {
    /// The customer.
    pub touser: String,
    /// The agent in whose name the message is sent, if there is one.
    pub kf_account: Option<String>,
    /// Whether a machine wrote the message.
    pub ai: bool,
    /// The content.
    pub content: Content,
}

impl SendCustomMessage {
    /// Refuses a message without `businessid`, at the path that requires it.
    ///
    /// # Errors
    /// `ParameterMissing`.
    pub fn must_name_business(&self) -> Result<(), Errcode> {
        match &self.businessid {
            None | Some(Value::Null) => Err(Errcode::ParameterMissing),
            Some(Value::String(text)) if text.is_empty() => Err(Errcode::ParameterMissing),
            Some(_) => Ok(()),
        }
    }

    /// The checked message of an account of this kind.
    ///
    /// # Errors
    /// 40008 → 48008 → 47001 → the errors of the content.
    pub fn message(mut self, kind: AccountKind) -> Result<ApiMessage, Errcode> {
        let content = Content::read(&self.msgtype, kind, &mut self.members)?;
        content.check()?;
        Ok(ApiMessage {
            touser: self.touser,
            kf_account: self.customservice.map(|agent| agent.kf_account),
            ai: self.aimsgcontext.is_some_and(|context| context.is_ai_msg == 1),
            content,
        })
    }
}

parameters! {
    /// Body of typing.
    /// <https://developers.weixin.qq.com/doc/service/api/customer/message/api_typing>
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct SetTyping in Body {
        pub touser: String, required, TOUSER;
        command: String, required, ParameterDoc::new("Typing or CancelTyping.", "Typing 或 CancelTyping。")
            .example(r#""Typing""#)
            .matching("^(Typing|CancelTyping)$");
    }
}

/// The command of typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypingCommand {
    /// Show the typing sign.
    Typing,
    /// Hide the typing sign.
    CancelTyping,
}

impl SetTyping {
    /// The command.
    ///
    /// # Errors
    /// 45072.
    pub fn command(&self) -> Result<TypingCommand, Errcode> {
        match self.command.as_str() {
            "Typing" => Ok(TypingCommand::Typing),
            "CancelTyping" => Ok(TypingCommand::CancelTyping),
            _ => Err(Errcode::InvalidCommand),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiMessage, Content, SendCustomMessage, SetTyping, TypingCommand};
    use crate::{AccountKind, Errcode, media, strict};
    use serde_json::{Value, json};

    fn read(body: &Value, kind: AccountKind) -> Result<ApiMessage, Errcode> {
        strict::object::<SendCustomMessage>(body.to_string().as_bytes())?.message(kind)
    }

    fn sent(word: &str, member: Value) -> Result<ApiMessage, Errcode> {
        let kind = if word == "link" { AccountKind::MiniGame } else { AccountKind::Service };
        read(&json!({"touser": "o", "msgtype": word, word: member}), kind)
    }

    fn content(word: &str, member: Value) -> Content {
        sent(word, member).expect("a sound message").content
    }

    #[test]
    fn what_is_told_beside_the_content_is_read() {
        let body = json!({"touser": "o", "msgtype": "text", "text": {"content": "hi", "more": [1]}, "businessid": 1,
            "customservice": {"kf_account": "a@b"}, "aimsgcontext": {"is_ai_msg": 1, "msgid": "x"}, "image": 7});
        let message = read(&body, AccountKind::MiniProgram).expect("a sound message");
        assert_eq!((message.touser.as_str(), message.kf_account.as_deref()), ("o", Some("a@b")));
        assert!(message.ai);
        let plain = sent("text", json!({"content": "hi"})).expect("a sound message");
        assert_eq!((plain.kf_account, plain.ai), (None, false));
        for context in [json!({}), json!({"is_ai_msg": 0}), Value::Null] {
            let body =
                json!({"touser": "o", "msgtype": "text", "text": {"content": "hi"}, "aimsgcontext": context});
            assert!(!read(&body, AccountKind::Service).expect("a sound message").ai);
        }
    }

    #[test]
    fn what_is_missing_or_mistyped_is_malformed() {
        for body in [
            json!({"msgtype": "text", "text": {"content": "hi"}}),
            json!({"touser": "o", "text": {"content": "hi"}}),
            json!({"touser": "o", "msgtype": "text"}),
            json!({"touser": "o", "msgtype": "text", "text": {"content": "hi"}, "customservice": {}}),
            json!({"touser": "o", "msgtype": "text", "text": {"content": "hi"}, "customservice": "a@b"}),
            json!({"touser": "o", "msgtype": "text", "text": {"content": "hi"}, "customservice": ["a@b"]}),
            json!({"touser": "o", "msgtype": "text", "text": ["hi"]}),
        ] {
            assert_eq!(read(&body, AccountKind::Service), Err(Errcode::DataFormat), "{body}");
        }
    }

    #[test]
    fn a_label_says_what_it_is_and_its_title() {
        for (word, member, label) in [
            ("text", json!({"content": "hi"}), "hi"),
            ("image", json!({"media_id": "m"}), "[image]"),
            ("voice", json!({"media_id": "m"}), "[voice]"),
            ("video", json!({"media_id": "m", "title": "t"}), "[video] t"),
            ("music", json!({"hqmusicurl": "u", "title": "t"}), "[music] t"),
            ("news", json!({"articles": [{"title": "t"}]}), "[news] t"),
            ("mpnews", json!({"media_id": "m"}), "[mpnews]"),
            ("mpnewsarticle", json!({"article_id": "a"}), "[mpnewsarticle]"),
            ("msgmenu", json!({"head_content": "t", "list": [{"id": "1", "content": "c"}]}), "[msgmenu] t"),
            ("wxcard", json!({"card_id": "c"}), "[wxcard]"),
            ("miniprogrampage", json!({"thumb_media_id": "m", "title": "t"}), "[miniprogrampage] t"),
            ("link", json!({"url": "u", "title": "t"}), "[link] t"),
        ] {
            let content = content(word, member);
            assert_eq!((content.word(), content.label().as_str()), (word, label));
        }
    }

    #[test]
    fn files_and_thumbs_are_known_by_what_they_are_for() {
        let film = content("video", json!({"media_id": "m", "thumb_media_id": "t"}));
        assert_eq!((film.file(), film.thumb()), (Some(("m", media::MediaKind::Video)), Some("t")));
        let film = content("video", json!({"media_id": "m"}));
        assert_eq!((film.file(), film.thumb()), (Some(("m", media::MediaKind::Video)), None));
        let picture = content("image", json!({"media_id": "m"}));
        assert_eq!((picture.file(), picture.thumb()), (Some(("m", media::MediaKind::Image)), None));
        let voice = content("voice", json!({"media_id": "m"}));
        assert_eq!(voice.file(), Some(("m", media::MediaKind::Voice)));
        let music = content("music", json!({"musicurl": "u", "thumb_media_id": "t"}));
        assert_eq!((music.file(), music.thumb()), (None, Some("t")));
        let page = content("miniprogrampage", json!({"thumb_media_id": "t"}));
        assert_eq!((page.file(), page.thumb()), (None, Some("t")));
    }

    #[test]
    fn sizes_end_where_they_are_said_to() {
        let text = |bytes: usize| sent("text", json!({"content": "a".repeat(bytes)})).map(|_| ());
        assert_eq!((text(1), text(2048), text(2049)), (Ok(()), Ok(()), Err(Errcode::ContentSize)));
        let without = json!({"card_id": ""}).to_string().len();
        let card = |bytes: usize| sent("wxcard", json!({"card_id": "a".repeat(bytes - without)})).map(|_| ());
        assert_eq!((card(16 * 1024), card(16 * 1024 + 1)), (Ok(()), Err(Errcode::ContentSize)));
    }

    #[test]
    fn a_command_is_one_of_two() {
        let command = |word: &str| SetTyping { touser: String::new(), command: word.into() }.command();
        assert_eq!(command("Typing"), Ok(TypingCommand::Typing));
        assert_eq!(command("CancelTyping"), Ok(TypingCommand::CancelTyping));
        assert_eq!(command("cancelTyping"), Err(Errcode::InvalidCommand));
    }
}
