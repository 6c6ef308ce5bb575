//! What parameters mean, in two languages, with the shape a value must have and one that can be sent: one table.

use crate::limits;
use crate::text::invisible_class;

/// One parameter, wherever it stands.
#[derive(Debug)]
pub struct Word {
    /// Its name on the wire; behind the name of a group of endpoints and a dot where it means something else there.
    pub name: &'static str,
    /// What it is; limits stand in it by their names, see [`limits::written`].
    en: &'static str,
    /// The same in Chinese.
    zh: &'static str,
    /// What a value looks like, as a regular expression, with limits by their names; empty where any will do.
    pattern: &'static str,
    /// A value that can be sent, as JSON.
    pub example: &'static str,
}

impl Word {
    /// What it is.
    #[must_use]
    pub fn en(&self) -> String {
        limits::written(self.en)
    }

    /// What it is, in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        limits::written(self.zh)
    }

    /// What a value looks like, as a regular expression; empty where any will do.
    #[must_use]
    pub fn pattern(&self) -> String {
        // Two of a nickname's characters are its first and its last.
        let inner = (limits::NICKNAME_MAX - 2).to_string();
        let text =
            self.pattern.replace("{NICKNAME_INNER}", &inner).replace("{INVISIBLE}", &invisible_class());
        limits::written(&text)
    }
}

/// The parameter of this name at an endpoint of this group, if the table knows it.
#[must_use]
pub fn word(group: &str, name: &str) -> Option<&'static Word> {
    let own = |word: &&Word| word.name.split_once('.') == Some((group, name));
    ALL.iter().find(own).or_else(|| ALL.iter().find(|word| word.name == name))
}

const APPID: &str = "^wx[0-9a-f]{16}$";
const AGENT: &str = "^[A-Za-z0-9_]{1,{KF_ACCOUNT_PREFIX_MAX}}@[A-Za-z0-9_-]{1,{KF_ACCOUNT_SUFFIX_MAX}}$";
/// White space at its ends does not count and is not kept. One that begins with an invisible character is taken too,
/// as long as another can be seen.
const NICKNAME: &str = r"^[^\s\x00-\x1f\x7f-\x9f{INVISIBLE}]([^\x00-\x1f\x7f-\x9f]{0,{NICKNAME_INNER}}[^\s\x00-\x1f\x7f-\x9f])?$";
/// A Chinese character counts twice, which no expression can say.
const BUSINESS_NICKNAME: &str = r"^[A-Za-z0-9\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]{2,30}$";
const OPENID: &str = "^o[A-Za-z0-9_-]{27}$";
const SECRET: &str = r"^[\x21-\x7e]+$";
const WECHAT_ID: &str = "^[A-Za-z0-9_-]{1,{WECHAT_ID_MAX}}$";

macro_rules! words {
    ($($name:literal $pattern:expr, $example:literal, $en:literal, $zh:literal;)*) => {
        /// The whole table.
        pub static ALL: &[Word] =
            &[$(Word { name: $name, en: $en, zh: $zh, pattern: $pattern, example: $example }),*];
    };
}

words! {
    "access_token" "^[A-Za-z0-9_-]{1,{TOKEN_MAX}}$", r#""ACCESS_TOKEN""#, "A token of the account.",
        "账号的 access_token。";
    "grant_type" "^client_credential$", r#""client_credential""#, "Always client_credential.", "固定为 client_credential。";
    "appid" APPID, r#""wx0123456789abcdef""#, "The account's id.", "账号的 appid。";
    "secret" SECRET, r#""0123456789abcdef0123456789abcdef""#, "The account's secret.", "账号的密钥。";
    "force_refresh" "", "false",
        "Replace the token now: {FORCE_REFRESH_PER_DAY} times a day, {FORCE_REFRESH_GAP_S} seconds apart.",
        "立即换新；每天最多 {FORCE_REFRESH_PER_DAY} 次，间隔至少 {FORCE_REFRESH_GAP_S} 秒。";
    "kf_account" AGENT, r#""kf1@demo""#,
        "The agent's whole id, prefix@suffix: 1 to {KF_ACCOUNT_PREFIX_MAX} letters, digits or underscores before the \
            @; after it the account's own WeChat number, up to {KF_ACCOUNT_SUFFIX_MAX} letters, digits, _ or -.",
        "完整客服账号，格式为“前缀@账号微信号”：前缀为 1 到 {KF_ACCOUNT_PREFIX_MAX} 个字母、数字或下划线；@ 之后是账号自己的微信号，最多 {KF_ACCOUNT_SUFFIX_MAX} \
            个字母、数字、下划线或减号。";
    "nickname" NICKNAME, r#""客服1""#,
        "The name customers see, 1 to {NICKNAME_MAX} characters, of which one at least can be seen.",
        "客服昵称，1 到 {NICKNAME_MAX} 个字，不能只有空白或不可见字符。";
    "kf_wx" "", r#""kf_demo""#, "Retired form of Mini Programs, without kf_account: the person to add.",
        "小程序旧格式，不带 kf_account：要添加的微信号。";
    "invite_wx" WECHAT_ID, r#""kf_demo""#,
        "The WeChat id to invite, 1 to {WECHAT_ID_MAX} letters, digits, _ or -: a worker's name here.",
        "受邀的微信号，1 到 {WECHAT_ID_MAX} 个字母、数字、下划线或减号，即本系统中客服人员的登录名。";
    "component_appid" APPID, r#""wx00123456789abcde""#, "The platform's id.", "第三方平台的 appid。";
    "appsecret" "", r#""0123456789abcdef0123456789abcdef""#,
        "The secret of whoever asks: the account, or the platform.", "调用方（账号或第三方平台）的密钥。";
    "cgi_path" "^/", r#""/cgi-bin/message/custom/send""#,
        "An endpoint's path, with its first slash and without the host.", "接口路径，以斜杠开头，不含域名。";
    "rid" "^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$", r#""61725984-6126f6f9-040f19c4""#,
        "The request id at the end of a refusal's errmsg.", "接口报错 errmsg 末尾的 rid。";
    "openid" OPENID, r#""o000000000000000000000000000""#, "The customer.", "客户的 openid。";
    "media" "", r#""""#, "The file. What it is its content says; a field called file is taken, too.",
        "文件；格式以内容为准，字段名也可用 file。";
    "type" "^(image|voice|video|thumb)$", r#""image""#, "What the file is for: image, voice, video or thumb.",
        "媒体类型：image、voice、video 或 thumb。";
    "media_id" "^[A-Za-z0-9_-]+$", r#""MEDIA_ID""#, "The id of an uploaded file, which lives for three days.",
        "上传文件所得的 media_id，有效期三天。";
    "kf_openid" OPENID, r#""o000000000000000000000000000""#, "The worker's openid, as the lists of agents show it.",
        "客服人员的 openid，见客服列表。";
    "business_id" "", r#""1""#,
        "A sub-merchant of the account, a number or a text of digits. An unknown one is refused with 40097; a known \
            one is passed over, for agents of sub-merchants do not exist yet.",
        "子商户 ID，数字或数字字符串。不存在的返回 40097；存在的不作处理：本系统尚无子商户自己的客服。";
    "businessid" "", "1", "A sub-merchant; passed over. At /business/send it must be there: 40101 without it.",
        "子商户 ID；不作处理。/business/send 必须传，缺少时返回 40101。";
    "business.business_id" "", "1", "The sub-merchant's number, as registerbusiness answered it.", "创建商户时得到的商户 ID。";
    "business.nickname" BUSINESS_NICKNAME, r#""苹果商店""#,
        "The name customers see: 4 to 30 letters, digits and Chinese characters, which count twice.",
        "商户昵称，由中文、英文、数字组成，4 到 30 字符，中文计 2 字符。";
    "account_name" "^[A-Za-z0-9_]{6,30}$", r#""apple_store""#,
        "The sub-merchant's name for programs: 6 to 30 letters, digits and underscores.",
        "商户账号名，6 到 30 个英文、数字或下划线，区分大小写。";
    "icon_media_id" "^[A-Za-z0-9_-]*$", r#""MEDIA_ID""#, "The picture: the media_id of an uploaded image.",
        "头像：图片类型临时素材的 media_id。";
    "transfer_to_commkf" "", "true", "Whether messages go to the agents of all; kept, and changes nothing here.",
        "是否将消息转发到通用客服；仅保存，不影响本系统。";
    "offset" "", "0", "How many to pass over, from 0.", "跳过的条数，从 0 开始。";
    "count" "", "100", "How many at most, 1 to {BUSINESSES_PER_PAGE}.", "一次拉取的商户个数，1 到 {BUSINESSES_PER_PAGE}。";
    "corpid" "^w[wxp][A-Za-z0-9_-]{14,30}$", r#""wwd08c8e7c775ab44d""#, "The WeCom enterprise: its id.", "企业微信的企业 ID。";
    "starttime" "", "1464710400", "The first second, Unix time.", "起始时间，Unix 秒。";
    "endtime" "", "1464796800", "The second after the last one, Unix time; at most 24 hours later.",
        "结束时间，Unix 秒，不含该秒；与起始时间相距不超过 24 小时。";
    "msgid" "", "1", "The first number: 1, then the msgid of the answer before.", "起始消息 id：首次传 1，之后传上次返回的 msgid。";
    "number" "", "10000", "How many records at most, 1 to {RECORDS_MAX}.", "每次最多返回的条数，1 到 {RECORDS_MAX}。";
    "pageindex" "", "1", "The page, from 1.", "页码，从 1 开始。";
    "pagesize" "", "50", "Records of a page, 1 to {RECORD_PAGE_MAX}.", "每页条数，1 到 {RECORD_PAGE_MAX}。";
    "touser" OPENID, r#""o000000000000000000000000000""#, "The openid of the customer.", "客户的 openid。";
    "msgtype" "", r#""text""#, "What kind of message it is; the member of the same name says it.", "消息类型；内容放在同名成员里。";
    "customservice" "", r#"{"kf_account":"kf1@demo"}"#, "The agent whose name and picture the customer sees.",
        "以哪名客服的名义发送。";
    "aimsgcontext" "", r#"{"is_ai_msg":1}"#, "is_ai_msg 1: the customer reads that a machine wrote it.",
        "is_ai_msg 为 1 时，客户会看到“内容由 AI 生成”。";
    "text" "", r#"{"content":"您好"}"#, "Words, up to {TEXT_MAX} bytes, of which something can be seen.",
        "文本，最多 {TEXT_MAX} 字节，不能只有空白或不可见字符。";
    "image" "", r#"{"media_id":"MEDIA_ID"}"#, "A picture.", "图片。";
    "voice" "", r#"{"media_id":"MEDIA_ID"}"#, "A recording.", "语音。";
    "video" "", r#"{"media_id":"MEDIA_ID","thumb_media_id":"MEDIA_ID","title":"","description":""}"#, "A film.", "视频。";
    "music" "",
        r#"{"musicurl":"https://example.com/a.mp3","hqmusicurl":"https://example.com/a.mp3","thumb_media_id":"MEDIA_ID","title":"","description":""}"#,
        "Music at an address.", "音乐。";
    "news" "", r#"{"articles":[{"title":"标题","description":"","url":"https://example.com","picurl":""}]}"#,
        "One article elsewhere.", "图文消息，点击跳转到外链，限一篇。";
    "mpnews" "", r#"{"media_id":"MEDIA_ID"}"#, "An article of the account's material.", "图文消息，点击跳转到图文页面。";
    "mpnewsarticle" "", r#"{"article_id":"ARTICLE_ID"}"#, "A published article.", "已发布的图文。";
    "msgmenu" "", r#"{"head_content":"满意吗？","list":[{"id":"101","content":"满意"}],"tail_content":""}"#,
        "A menu of up to {MENU_MAX} choices; the choice comes back as a text.", "菜单消息，最多 {MENU_MAX} 项；客户的选择以文本消息返回。";
    "wxcard" "", r#"{"card_id":"CARD_ID"}"#, "A card.", "卡券。";
    "miniprogrampage" "", r#"{"title":"标题","appid":"","pagepath":"pages/index","thumb_media_id":"MEDIA_ID"}"#,
        "A page of a Mini Program.", "小程序卡片。";
    "link" "", r#"{"title":"标题","description":"","url":"https://example.com","thumb_url":""}"#,
        "A link with a picture, of Mini Programs and Mini Games.", "图文链接，供小程序和小游戏使用。";
    "command" "^(Typing|CancelTyping)$", r#""Typing""#, "Typing or CancelTyping.", "Typing 或 CancelTyping。";
}

#[cfg(test)]
mod tests {
    use super::{ALL, word};
    use crate::{advice, endpoint, limits};
    use regex::Regex;
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
    fn limits_are_written_out_wherever_they_are_named() {
        let words = ALL.iter().flat_map(|word| [word.en(), word.zh(), word.pattern()]);
        let advice = advice::ALL
            .iter()
            .flat_map(|it| [it.means, it.mend, it.means_zh, it.mend_zh])
            .map(limits::written);
        let rules = endpoint::ALL
            .iter()
            .flat_map(|row| row.rules)
            .flat_map(|(en, zh)| [*en, *zh])
            .map(limits::written);
        let unwritten = Regex::new(r"\{[A-Z]").expect("a brace and a name");
        for text in words.chain(advice).chain(rules) {
            assert!(!unwritten.is_match(&text), "{text}");
        }
    }

    #[test]
    fn a_pattern_ends_where_its_limit_does() {
        let fits = |name, text: &str| {
            let word = word("kfaccount", name).expect("a parameter");
            Regex::new(&word.pattern()).expect("an expression").is_match(text)
        };
        let agent = |prefix, suffix| format!("{}@{}", "a".repeat(prefix), "b".repeat(suffix));
        let (prefix, suffix) = (limits::KF_ACCOUNT_PREFIX_MAX, limits::KF_ACCOUNT_SUFFIX_MAX);
        assert!(fits("kf_account", &agent(prefix, suffix)) && fits("kf_account", &agent(1, 1)));
        assert!(
            !fits("kf_account", &agent(prefix + 1, suffix))
                && !fits("kf_account", &agent(prefix, suffix + 1))
        );
        for length in [1, 2, limits::NICKNAME_MAX] {
            assert!(fits("nickname", &"客".repeat(length)), "{length}");
        }
        assert!(!fits("nickname", &"客".repeat(limits::NICKNAME_MAX + 1)));
        assert!(!fits("nickname", "\u{200b}\u{ad}") && !fits("nickname", " "));
        assert!(fits("invite_wx", &"w".repeat(limits::WECHAT_ID_MAX)));
        assert!(!fits("invite_wx", &"w".repeat(limits::WECHAT_ID_MAX + 1)));
    }

    #[test]
    fn every_example_is_json() {
        for word in ALL {
            serde_json::from_str::<serde_json::Value>(word.example)
                .unwrap_or_else(|_| panic!("{}", word.name));
        }
    }
}
