//! What parameters mean, in two languages, with the shape a value must have and one that can be sent: one table.

/// One parameter, wherever it stands.
#[derive(Debug)]
pub struct Word {
    /// Its name on the wire; behind the name of a group of endpoints and a dot where it means something else there.
    pub name: &'static str,
    /// What it is.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// What a value looks like, as a regular expression; empty where any will do.
    pub pattern: &'static str,
    /// A value that can be sent, as JSON.
    pub example: &'static str,
}

/// The parameter of this name at an endpoint of this group, if the table knows it.
#[must_use]
pub fn word(group: &str, name: &str) -> Option<&'static Word> {
    let own = |word: &&Word| word.name.split_once('.') == Some((group, name));
    ALL.iter().find(own).or_else(|| ALL.iter().find(|word| word.name == name))
}

const APPID: &str = "^wx[0-9a-f]{16}$";
const AGENT: &str = "^[A-Za-z0-9_]{1,10}@[A-Za-z0-9_-]{1,30}$";
/// White space at its ends does not count and is not kept.
const NICKNAME: &str = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,14}[^\s\x00-\x1f\x7f-\x9f])?$";
/// A Chinese character counts twice, which no expression can say.
const BUSINESS_NICKNAME: &str = r"^[A-Za-z0-9\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{2,30}$";
const OPENID: &str = "^o[A-Za-z0-9_-]{27}$";
const SECRET: &str = r"^[\x21-\x7e]+$";
const WECHAT_ID: &str = "^[A-Za-z0-9_-]{1,20}$";

macro_rules! words {
    ($($name:literal $pattern:expr, $example:literal, $en:literal, $zh:literal;)*) => {
        /// The whole table.
        pub static ALL: &[Word] =
            &[$(Word { name: $name, en: $en, zh: $zh, pattern: $pattern, example: $example }),*];
    };
}

words! {
    "access_token" "^[A-Za-z0-9_-]{1,512}$", r#""ACCESS_TOKEN""#, "A token of the account.", "账号的 access_token。";
    "grant_type" "^client_credential$", r#""client_credential""#, "Always client_credential.", "固定为 client_credential。";
    "appid" APPID, r#""wx0123456789abcdef""#, "The account's id.", "账号的 appid。";
    "secret" SECRET, r#""0123456789abcdef0123456789abcdef""#, "The account's secret.", "账号的密钥。";
    "force_refresh" "", "false", "Replace the token now: 20 times a day, 30 seconds apart.", "立即换新；每天最多 20 次，间隔至少 30 秒。";
    "kf_account" AGENT, r#""kf1@demo""#, "The agent's whole id, prefix@suffix.", "完整客服账号，格式为「前缀@账号微信号」。";
    "nickname" NICKNAME, r#""客服1""#, "The name customers see, 1 to 16 characters.", "客服昵称，1 到 16 个字。";
    "kf_wx" "", r#""kf_demo""#, "Retired form of Mini Programs, without kf_account: the person to add.", "小程序旧格式，不带 kf_account：要添加的微信号。";
    "invite_wx" WECHAT_ID, r#""kf_demo""#, "The WeChat id to invite: a worker's name here.", "受邀的微信号，即本系统中客服人员的登录名。";
    "component_appid" APPID, r#""wx00123456789abcde""#, "The platform's id.", "第三方平台的 appid。";
    "appsecret" "", r#""0123456789abcdef0123456789abcdef""#, "The secret of whoever asks: the account, or the platform.", "调用方（账号或第三方平台）的密钥。";
    "cgi_path" "^/", r#""/cgi-bin/message/custom/send""#, "An endpoint's path, with its first slash and without the host.", "接口路径，以斜杠开头，不含域名。";
    "rid" "^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", r#""61725984-6126f6f9-040f19c4""#, "The request id at the end of a refusal's errmsg.", "接口报错 errmsg 末尾的 rid。";
    "openid" OPENID, r#""o000000000000000000000000000""#, "The customer.", "客户的 openid。";
    "media" "", r#""""#, "The file. What it is its content says; a field called file is taken, too.", "文件；格式以内容为准，字段名也可用 file。";
    "type" "^(image|voice|video|thumb)$", r#""image""#, "What the file is for: image, voice, video or thumb.", "媒体类型：image、voice、video 或 thumb。";
    "media_id" "^[A-Za-z0-9_-]+$", r#""MEDIA_ID""#, "The id of an uploaded file, which lives for three days.", "上传文件所得的 media_id，有效期三天。";
    "kf_openid" OPENID, r#""o000000000000000000000000000""#, "The worker's openid, as the lists of agents show it.", "客服人员的 openid，见客服列表。";
    "business_id" "", r#""1""#, "A sub-merchant; passed over.", "子商户 ID；不作处理。";
    "business.business_id" "", "1", "The sub-merchant's number, as registerbusiness answered it.", "创建商户时得到的商户 ID。";
    "business.nickname" BUSINESS_NICKNAME, r#""苹果商店""#, "The name customers see: 4 to 30 letters, digits and Chinese characters, which count twice.", "商户昵称，由中文、英文、数字组成，4 到 30 字符，中文计 2 字符。";
    "account_name" "^[A-Za-z0-9_]{6,30}$", r#""apple_store""#, "The sub-merchant's name for programs: 6 to 30 letters, digits and underscores.", "商户账号名，6 到 30 个英文、数字或下划线，区分大小写。";
    "icon_media_id" "^[A-Za-z0-9_-]*$", r#""MEDIA_ID""#, "The picture: the media_id of an uploaded image.", "头像：图片类型临时素材的 media_id。";
    "transfer_to_commkf" "", "true", "Whether messages go to the agents of all; kept, and changes nothing here.", "是否将消息转发到通用客服；仅保存，不影响本系统。";
    "offset" "", "0", "How many to pass over, from 0.", "跳过的条数，从 0 开始。";
    "count" "", "100", "How many at most, 1 to 200.", "一次拉取的商户个数，1 到 200。";
    "corpid" "^w[wxp][A-Za-z0-9_-]{14,30}$", r#""wwd08c8e7c775ab44d""#, "The WeCom enterprise: its id.", "企业微信的企业 ID。";
    "starttime" "", "1464710400", "The first second, Unix time.", "起始时间，Unix 秒。";
    "endtime" "", "1464796800", "The second after the last one, Unix time; at most 24 hours later.", "结束时间，Unix 秒，不含该秒；与起始时间相距不超过 24 小时。";
    "msgid" "", "1", "The first number: 1, then the msgid of the answer before.", "起始消息 id：首次传 1，之后传上次返回的 msgid。";
    "number" "", "10000", "How many records at most, 1 to 10000.", "每次最多返回的条数，1 到 10000。";
    "pageindex" "", "1", "The page, from 1.", "页码，从 1 开始。";
    "pagesize" "", "50", "Records of a page, 1 to 1000.", "每页条数，1 到 1000。";
    "touser" OPENID, r#""o000000000000000000000000000""#, "The customer: her openid.", "客户的 openid。";
    "msgtype" "", r#""text""#, "What kind of message it is; the member of the same name says it.", "消息类型；内容放在同名成员里。";
    "customservice" "", r#"{"kf_account":"kf1@demo"}"#, "The agent whose name and picture the customer sees.", "以哪名客服的名义发送。";
    "aimsgcontext" "", r#"{"is_ai_msg":1}"#, "is_ai_msg 1: the customer reads that a machine wrote it.", "is_ai_msg 为 1 时，客户会看到「内容由 AI 生成」。";
    "text" "", r#"{"content":"您好"}"#, "Words, up to 2048 bytes.", "文本，最多 2048 字节。";
    "image" "", r#"{"media_id":"MEDIA_ID"}"#, "A picture.", "图片。";
    "voice" "", r#"{"media_id":"MEDIA_ID"}"#, "A recording.", "语音。";
    "video" "", r#"{"media_id":"MEDIA_ID","thumb_media_id":"MEDIA_ID","title":"","description":""}"#, "A film.", "视频。";
    "music" "", r#"{"musicurl":"https://example.com/a.mp3","hqmusicurl":"https://example.com/a.mp3","thumb_media_id":"MEDIA_ID","title":"","description":""}"#, "Music at an address.", "音乐。";
    "news" "", r#"{"articles":[{"title":"标题","description":"","url":"https://example.com","picurl":""}]}"#, "One article elsewhere.", "图文消息，点击跳转到外链，限一篇。";
    "mpnews" "", r#"{"media_id":"MEDIA_ID"}"#, "An article of the account's material.", "图文消息，点击跳转到图文页面。";
    "mpnewsarticle" "", r#"{"article_id":"ARTICLE_ID"}"#, "A published article.", "已发布的图文。";
    "msgmenu" "", r#"{"head_content":"满意吗？","list":[{"id":"101","content":"满意"}],"tail_content":""}"#, "A menu of up to 10 choices; the choice comes back as a text.", "菜单消息，最多 10 项；客户的选择以文本消息返回。";
    "wxcard" "", r#"{"card_id":"CARD_ID"}"#, "A card.", "卡券。";
    "miniprogrampage" "", r#"{"title":"标题","appid":"","pagepath":"pages/index","thumb_media_id":"MEDIA_ID"}"#, "A page of a Mini Program.", "小程序卡片。";
    "link" "", r#"{"title":"标题","description":"","url":"https://example.com","thumb_url":""}"#, "A link with a picture, of Mini Programs and Mini Games.", "图文链接，供小程序和小游戏使用。";
    "command" "^(Typing|CancelTyping)$", r#""Typing""#, "Typing or CancelTyping.", "Typing 或 CancelTyping。";
}

#[cfg(test)]
mod tests {
    use super::{ALL, word};
    use crate::endpoint;
    use std::collections::HashSet;

    #[test]
    fn every_parameter_of_the_endpoints_is_explained_once() {
        let names: HashSet<_> = ALL.iter().map(|word| word.name).collect();
        assert_eq!(names.len(), ALL.len());
        for row in endpoint::ALL {
            for parameter in row.takes {
                let word = word(row.group(), parameter.name).unwrap_or_else(|| {
                    panic!("`{}` of {} is not in the table of words", parameter.name, row.name)
                });
                assert!(!word.en.is_empty() && !word.zh.is_empty() && !word.zh.is_ascii(), "{}", word.name);
            }
        }
    }

    #[test]
    fn every_example_is_json() {
        for word in ALL {
            serde_json::from_str::<serde_json::Value>(word.example)
                .unwrap_or_else(|_| panic!("{}", word.name));
        }
    }
}
