//! The crate wechat-oa-sdk.

use crate::{Failure, Outcome, hash, text};
use serde_json::{Value, json};
use wechat_oa_sdk::api::customer_service::{
    CustomerServiceMessage, MediaContent, MsgMenuContent, MsgMenuItem, MusicContent, NewsArticle,
};
use wechat_oa_sdk::models::material::MaterialType;
use wechat_oa_sdk::{Config, WeChatClient, WeChatError};

/// What it has calls for.
pub(crate) const NAMES: &[&str] = &[
    "token", "text", "image", "voice", "video", "music", "news", "mpnews", "menu", "typing", "upload",
    "download", "callback_ips", "check_network",
];

pub(crate) struct Client(WeChatClient);

impl From<WeChatError> for Failure {
    fn from(error: WeChatError) -> Self {
        let code = match &error {
            WeChatError::Api { errcode, .. } => Some(*errcode),
            _ => None,
        };
        Failure { code, text: error.to_string(), kind: "WeChatError" }
    }
}

impl Client {
    pub(crate) fn new(appid: &str, secret: &str) -> Self {
        Client(WeChatClient::new(Config::new(appid, secret, "token")))
    }

    pub(crate) async fn call(&self, name: &str, given: &Value) -> Outcome {
        let sdk = &self.0;
        let (to, media_id) = (text(given, "openid"), text(given, "media_id"));
        match name {
            "token" => return Ok(json!(sdk.access_token().await?)),
            "text" => sdk.send_text(&to, &text(given, "content")).await?,
            "image" => sdk.send_image(&to, &media_id).await?,
            "voice" => sdk.send_voice(&to, &media_id).await?,
            "video" => {
                let thumb = text(given, "thumb");
                sdk.send_video(&to, &media_id, &thumb, Some("标题"), Some("说明")).await?;
            }
            "news" => sdk.send_news(&to, vec![article(&given["article"])]).await?,
            "typing" => sdk.set_typing(&to, given["on"] == json!(true)).await?,
            "upload" => return self.upload(given).await,
            "callback_ips" => return Ok(json!(sdk.get_callback_ip_list().await?)),
            "check_network" => return Ok(json!(sdk.check_network().await?)),
            "download" => return Ok(hash(&sdk.get_temp_media(&media_id).await?)),
            _ => sdk.send_customer_service_message(&message(name, to, given)).await?,
        }
        Ok(Value::Null)
    }

    async fn upload(&self, given: &Value) -> Outcome {
        let kind = match text(given, "kind").as_str() {
            "voice" => MaterialType::Voice,
            "video" => MaterialType::Video,
            "thumb" => MaterialType::Thumb,
            _ => MaterialType::Image,
        };
        let path = text(given, "file");
        let bytes = std::fs::read(&path).map_err(|error| Failure {
            code: None,
            text: error.to_string(),
            kind: "Driver",
        })?;
        let answer = self.0.upload_temp_media(kind, &path, bytes).await?;
        Ok(json!({ "type": answer.media_type, "media_id": answer.media_id, "created_at": answer.created_at }))
    }
}

fn message(name: &str, touser: String, given: &Value) -> CustomerServiceMessage {
    match name {
        "music" => CustomerServiceMessage::Music {
            touser,
            music: MusicContent {
                title: "标题".into(),
                description: "说明".into(),
                musicurl: "https://a.example/1".into(),
                hqmusicurl: "https://a.example/2".into(),
                thumb_media_id: text(given, "thumb"),
            },
        },
        "menu" => {
            let menu = &given["menu"];
            let items = menu["list"].as_array().into_iter().flatten();
            CustomerServiceMessage::MsgMenu {
                touser,
                msgmenu: MsgMenuContent {
                    head_content: text(menu, "head_content"),
                    list: items
                        .map(|item| MsgMenuItem { id: text(item, "id"), content: text(item, "content") })
                        .collect(),
                    tail_content: text(menu, "tail_content"),
                },
            }
        }
        _ => CustomerServiceMessage::MpNews {
            touser,
            mpnews: MediaContent { media_id: text(given, "media_id") },
        },
    }
}

fn article(given: &Value) -> NewsArticle {
    NewsArticle {
        title: text(given, "title"),
        description: text(given, "description"),
        url: text(given, "url"),
        picurl: text(given, "picurl"),
    }
}
