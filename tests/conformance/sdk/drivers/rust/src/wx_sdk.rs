//! The crate wx-sdk.

use crate::{Failure, Outcome, hash, text};
use serde_json::{Value, json};
use std::error::Error;
use wx_sdk::access_token::AccessTokenProvider;
use wx_sdk::error::SdkError;
use wx_sdk::mp::material::FileStruct;
use wx_sdk::mp::{EncodingMode, MpSdk, ServerConfig};
use wx_sdk::wxa::customer_message::{Command, SetTyping};
use wx_sdk::wxa::{Part, WxaSdk};
use wx_sdk::{TokenClient, WxSdk};

/// What it has calls for.
pub(crate) const NAMES: &[&str] = &[
    "token",
    "add",
    "update",
    "delete",
    "invite",
    "headimg",
    "list",
    "online",
    "create",
    "close",
    "clear_quota",
    "text",
    "image",
    "link",
    "page",
    "typing",
    "upload",
    "upload_bytes",
    "download",
    "download_bytes",
];

/// The SDK with its two faces: for Official Accounts and for Mini Programs.
pub(crate) struct Client {
    tokens: TokenClient,
    mp: MpSdk<TokenClient>,
    wxa: WxaSdk<TokenClient>,
}

impl From<SdkError> for Failure {
    fn from(error: SdkError) -> Self {
        let (code, kind) = match &error {
            SdkError::WxApiError(common) => (Some(common.errcode.into()), "WxApiError"),
            SdkError::AccessTokenError(common) => (Some(common.errcode.into()), "AccessTokenError"),
            SdkError::ReqwestError(_) => (None, "ReqwestError"),
            _ => (None, "SdkError"),
        };
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Failure { code, text, kind }
    }
}

fn json<T: serde::Serialize>(value: T) -> Outcome {
    serde_json::to_value(value).map_err(|error| Failure {
        code: None,
        text: error.to_string(),
        kind: "Driver",
    })
}

fn file(given: &Value) -> Result<Vec<u8>, Failure> {
    std::fs::read(text(given, "file")).map_err(|error| Failure {
        code: None,
        text: error.to_string(),
        kind: "Driver",
    })
}

impl Client {
    pub(crate) fn new(appid: &str, secret: &str) -> Self {
        let tokens = TokenClient::new(appid.to_owned(), secret.to_owned());
        let make = || WxSdk::new(appid, secret, tokens.clone());
        Client {
            mp: make().mp(ServerConfig::new("token", EncodingMode::Plain)),
            wxa: make().wxa(),
            tokens: tokens.clone(),
        }
    }

    pub(crate) async fn call(&self, name: &str, given: &Value) -> Outcome {
        let (account, openid) = (text(given, "account"), text(given, "openid"));
        let kf = self.mp.customservice();
        match name {
            "token" => json(self.tokens.get_access_token().await?),
            "add" => json(kf.kfaccount_add(account, text(given, "nickname")).await?),
            "update" => json(kf.kfaccount_update(account, text(given, "nickname")).await?),
            "delete" => json(kf.kfaccount_del(account).await?),
            "invite" => json(kf.kfaccount_inviteworker(account, text(given, "person")).await?),
            "list" => json(kf.getkflist().await?),
            "online" => json(kf.getonlinekflist().await?),
            "create" => json(kf.kfsession_create(account, openid).await?),
            "close" => json(kf.kfsession_close(account, openid).await?),
            "headimg" => json(kf.kfaccount_uploadheadimg(account, picture(given)?).await?),
            "clear_quota" => json(self.mp.clear_quota().await?),
            "upload" | "upload_bytes" | "download" | "download_bytes" => self.media(name, given).await,
            _ => self.message(name, given).await,
        }
    }

    async fn media(&self, name: &str, given: &Value) -> Outcome {
        let media_id = text(given, "media_id");
        let messages = self.wxa.customer_message();
        match name {
            "upload" => {
                let part = Part {
                    name: "media".into(),
                    filename: "face.png".into(),
                    content_type: "image/png".into(),
                    data: file(given)?,
                };
                json(messages.upload_temp_media(part).await?)
            }
            "upload_bytes" => {
                let bytes: Vec<i8> = file(given)?.into_iter().map(u8::cast_signed).collect();
                json(self.mp.media().upload("image", &bytes).await?)
            }
            "download" => {
                let answer = self.mp.media().get(media_id).await?;
                let is_file = answer.headers()["content-type"].as_bytes().starts_with(b"image/");
                let bytes = answer.bytes().await.map_err(SdkError::from)?;
                if is_file {
                    Ok(hash(&bytes))
                } else {
                    Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
                }
            }
            _ => Ok(hash(&messages.get_temp_media(&media_id).await?)),
        }
    }

    async fn message(&self, name: &str, given: &Value) -> Outcome {
        let messages = self.wxa.customer_message();
        if name == "typing" {
            let command = if given["on"] == json!(true) { Command::Typing } else { Command::CancelTyping };
            return json(messages.set_typing(&SetTyping { touser: text(given, "openid"), command }).await?);
        }
        let (kind, body) = match name {
            "text" => ("text", json!({ "content": given["content"] })),
            "image" => ("image", json!({ "media_id": given["media_id"] })),
            "page" => ("miniprogrampage", given["page"].clone()),
            _ => {
                let (article, url) = (&given["article"], &given["article"]["picurl"]);
                let (title, description) = (&article["title"], &article["description"]);
                (
                    "link",
                    json!({ "title": title, "description": description, "url": article["url"], "thumb_url": url }),
                )
            }
        };
        let message = json!({ "touser": given["openid"], "msgtype": kind, kind: body });
        let message = serde_json::from_value(message).map_err(|error| Failure {
            code: None,
            text: error.to_string(),
            kind: "Driver",
        })?;
        json(messages.send(&message).await?)
    }
}

fn picture(given: &Value) -> Result<FileStruct, Failure> {
    Ok(FileStruct {
        filetype: "image".into(),
        file: file(given)?,
        filename: "face.png".into(),
        conten_type: "image/png".into(),
        video_desc: None,
    })
}
