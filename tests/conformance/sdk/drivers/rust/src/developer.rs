//! A developer's server by one of the crates: it remembers what its handler gets, and answers as it was told.

use crate::{Failure, Outcome, text};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use wechat_oa_sdk::api::message::IncomingMessage;
use wechat_oa_sdk::models::reply as oa;
use wechat_oa_sdk::{Config, WeChatClient};
use wx_sdk::mp::event::msg_event::EventMessage;
use wx_sdk::mp::event::signature::Signature;
use wx_sdk::mp::event::{ReceivedEvent, ReceivedMessage};
use wx_sdk::mp::reply as wx;
use wx_sdk::mp::{EncodingMode, MpSdk, ServerConfig};
use wx_sdk::{TokenClient, WxSdk};

type Query = HashMap<String, String>;

/// What both crates can answer with.
const REPLIES: &[&str] = &["text", "image", "voice", "video", "news"];

/// The account's settings, as each crate keeps them.
enum Sdk {
    Wx { token: String, sdk: MpSdk<TokenClient> },
    Oa(WeChatClient),
}

/// The server.
pub(crate) struct Developer {
    is_wx: bool,
    sdk: Option<Sdk>,
    is_encrypted: bool,
    got: Vec<Value>,
    replies: Map<String, Value>,
}

/// A message as the handler gets it, and the two names that an answer needs.
struct Heard {
    message: Value,
    openid: String,
    account: String,
}

impl Developer {
    pub(crate) fn new(is_wx: bool) -> Self {
        Developer { is_wx, sdk: None, is_encrypted: false, got: Vec::new(), replies: Map::new() }
    }

    pub(crate) fn call(&mut self, name: &str, given: &Value) -> Outcome {
        match name {
            "names" => {
                let more: &[&str] = if self.is_wx { &["music"] } else { &[] };
                return Ok(json!([REPLIES, more].concat()));
            }
            "begin" => {
                self.begin(given);
                return Ok(json!({"serves": false}));
            }
            "answers" => {
                self.replies.insert(text(given, "word"), given["reply"].clone());
            }
            "heard" => return Ok(json!(self.got)),
            "receive" => {
                let query = serde_json::from_value(given["query"].clone()).map_err(|error| failed(&error))?;
                return self.receive(query, &text(given, "body")).map(Value::from);
            }
            _ => return Err(Failure { code: None, text: format!("no call {name}"), kind: "Driver" }),
        }
        Ok(Value::Null)
    }

    fn begin(&mut self, given: &Value) {
        let [appid, token, key, mode] = ["appid", "token", "key", "mode"].map(|name| text(given, name));
        self.got.clear();
        self.is_encrypted = mode != "plain";
        self.sdk = Some(if self.is_wx {
            let mode = match mode.as_str() {
                "plain" => EncodingMode::Plain,
                "compatible" => EncodingMode::Compat(key),
                _ => EncodingMode::Security(key),
            };
            let tokens = TokenClient::new(appid.clone(), "secret".to_owned());
            let sdk = WxSdk::new(appid, "secret".to_owned(), tokens).mp(ServerConfig::new(&token, mode));
            Sdk::Wx { token, sdk }
        } else {
            let config = Config::new(appid, "secret", token);
            let is_plain = key.is_empty();
            Sdk::Oa(WeChatClient::new(if is_plain { config } else { config.with_encoding_aes_key(key) }))
        });
    }

    /// Answers a request, as the crate's documentation has it.
    fn receive(&mut self, query: Query, body: &str) -> Result<String, Failure> {
        let sdk = self.sdk.as_ref().ok_or_else(|| failed(&"the first call is begin"))?;
        if let Some(echo) = query.get("echostr") {
            return if sdk.is_from_weixin(&query) { Ok(echo.clone()) } else { Err(failed(&"a signature")) };
        }
        let heard = sdk.hear(&query, body, self.is_encrypted)?;
        let reply = heard.message["text"].as_str().and_then(|word| self.replies.get(word)).cloned();
        self.got.push(heard.message.clone());
        match reply {
            Some(reply) => sdk.answer(&heard, &reply, query, self.is_encrypted),
            None => Ok(oa::empty_reply().to_owned()),
        }
    }
}

impl Sdk {
    fn is_from_weixin(&self, query: &Query) -> bool {
        let [signature, timestamp, nonce] = ["signature", "timestamp", "nonce"].map(|name| param(query, name));
        match self {
            Sdk::Wx { token, .. } => Signature::new(signature, vec![token.clone(), timestamp, nonce]).is_ok(),
            Sdk::Oa(sdk) => sdk.verify_signature(&signature, &timestamp, &nonce),
        }
    }

    fn hear(&self, query: &Query, body: &str, is_encrypted: bool) -> Result<Heard, Failure> {
        match self {
            Sdk::Wx { sdk, .. } => Ok(heard_by_wx(sdk.parse_received_msg(body, Some(query.clone()))?)),
            Sdk::Oa(sdk) if is_encrypted => {
                let [signature, timestamp, nonce] =
                    ["msg_signature", "timestamp", "nonce"].map(|name| param(query, name));
                Ok(heard_by_oa(sdk.parse_encrypted_message(body, &signature, &timestamp, &nonce)?))
            }
            Sdk::Oa(sdk) => Ok(heard_by_oa(sdk.parse_message(body)?)),
        }
    }

    fn answer(
        &self,
        heard: &Heard,
        reply: &Value,
        query: Query,
        is_encrypted: bool,
    ) -> Result<String, Failure> {
        let (openid, account) = (heard.openid.clone(), heard.account.clone());
        match self {
            Sdk::Wx { sdk, .. } => Ok(sdk.reply_to_xml(wx_reply(reply), account, openid, Some(query))?),
            Sdk::Oa(sdk) => {
                let xml = oa_reply(reply, openid, account);
                Ok(if is_encrypted { sdk.encrypt_reply_auto(&xml)? } else { xml })
            }
        }
    }
}

fn param(query: &Query, name: &str) -> String {
    query.get(name).cloned().unwrap_or_default()
}

fn failed(error: &dyn std::fmt::Display) -> Failure {
    Failure { code: None, text: error.to_string(), kind: "Developer" }
}

fn heard_by_wx(event: ReceivedEvent) -> Heard {
    let common = json!({"kind": event.msg_type, "openid": event.from, "account": event.to});
    let more = match event.body {
        ReceivedMessage::Text(text) => json!({"id": text.msg_id.to_string(), "text": text.content}),
        ReceivedMessage::Image(image) => {
            json!({"id": image.msg_id.to_string(), "picture": image.pic_url, "media_id": image.media_id})
        }
        // Events that it does not know have their name in a sentence.
        ReceivedMessage::Event(EventMessage::UnhandledEvent(sentence)) => {
            json!({"event": sentence.rsplit(' ').next()})
        }
        _ => json!({}),
    };
    Heard { message: joined(common, more), openid: event.from, account: event.to }
}

fn heard_by_oa(message: IncomingMessage) -> Heard {
    let (openid, account, more) = match message {
        IncomingMessage::Text(text) => {
            let more = json!({"kind": "text", "id": text.msg_id.map(|id| id.to_string()), "text": text.content});
            (text.from_user_name, text.to_user_name, more)
        }
        IncomingMessage::Image(image) => {
            let (picture, media_id) = (image.pic_url, image.media_id);
            let more = json!({
                "kind": "image", "id": image.msg_id.map(|id| id.to_string()), "picture": picture, "media_id": media_id,
            });
            (image.from_user_name, image.to_user_name, more)
        }
        // Events that it does not know come as they were.
        IncomingMessage::Unknown(xml) => {
            let inner = |name: &str| {
                let inner = xml.split(&format!("<{name}><![CDATA[")).nth(1).unwrap_or_default();
                inner.split("]]>").next().unwrap_or_default().to_owned()
            };
            let more = json!({"kind": "event", "event": inner("Event"), "agent": inner("KfAccount")});
            (inner("FromUserName"), inner("ToUserName"), more)
        }
        _ => (String::new(), String::new(), json!({"kind": "other"})),
    };
    let common = json!({"openid": openid, "account": account});
    Heard { message: joined(common, more), openid, account }
}

fn joined(mut one: Value, more: Value) -> Value {
    if let (Some(one), Value::Object(more)) = (one.as_object_mut(), more) {
        one.extend(more);
    }
    one
}

fn wx_reply(reply: &Value) -> wx::Reply {
    let of = |name| text(reply, name);
    let (title, description) = (of("title"), of("description"));
    match of("kind").as_str() {
        "image" => wx::Reply::Image(wx::Image { media_id: of("media_id") }),
        "voice" => wx::Reply::Voice(wx::Voice { media_id: of("media_id") }),
        "video" => {
            let (title, description) = (Some(title), Some(description));
            wx::Reply::Video(wx::Video { media_id: of("media_id"), title, description })
        }
        "music" => wx::Reply::Music(wx::Music {
            thumb_media_id: of("thumb"),
            title: Some(title),
            description: Some(description),
            music_url: Some(of("url")),
            hq_music_url: Some(of("url")),
        }),
        "news" => {
            let item = wx::ArticleItem { title, description, pic_url: of("picture"), url: of("url") };
            wx::Reply::News(wx::News { article_count: 1, articles: vec![wx::Articles { item }] })
        }
        _ => wx::Reply::Text(wx::Text { content: of("content") }),
    }
}

fn oa_reply(reply: &Value, openid: String, account: String) -> String {
    let of = |name| text(reply, name);
    match of("kind").as_str() {
        "image" => oa::ImageReply::new(openid, account, of("media_id")).to_xml(),
        "voice" => oa::VoiceReply::new(openid, account, of("media_id")).to_xml(),
        "video" => {
            let video = oa::VideoReply::new(openid, account, of("media_id"));
            video.with_title(of("title")).with_description(of("description")).to_xml()
        }
        "news" => {
            let [title, description, pic_url, url] = ["title", "description", "picture", "url"].map(of);
            oa::NewsReply::new(openid, account, vec![oa::NewsArticle { title, description, pic_url, url }]).to_xml()
        }
        _ => oa::TextReply::new(openid, account, of("content")).to_xml(),
    }
}

