//! The content of a message, by msgtype.

use crate::endpoint::AccountKind;
use crate::limits::{MENU_MAX, TEXT_MAX};
use crate::parameter::{ParameterDoc, parameters};
use crate::text::is_blank;
use crate::{Errcode, limits, media};
use const_format::formatcp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// An uploaded file: `image`, `voice`, `mpnews`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct File {
    /// The file.
    pub media_id: String,
}

/// Words: `text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Text {
    /// The text; its links may name a page of a Mini Program.
    pub content: String,
}

/// A film. Some SDKs send no thumb.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Video {
    /// The film.
    pub media_id: String,
    /// The thumb.
    #[serde(default)]
    pub thumb_media_id: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The description.
    #[serde(default)]
    pub description: String,
}

/// Music at an address. Some SDKs send no thumb.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Music {
    /// The address.
    #[serde(default)]
    pub musicurl: String,
    /// The address of a better quality.
    #[serde(default)]
    pub hqmusicurl: String,
    /// The thumb.
    #[serde(default)]
    pub thumb_media_id: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Who plays it.
    #[serde(default)]
    pub description: String,
}

/// Articles elsewhere: `news`, of which one is sent at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct News {
    /// The one article.
    pub articles: Vec<Article>,
}

/// An article elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Article {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// The address.
    #[serde(default)]
    pub url: String,
    /// The address of the picture.
    #[serde(default)]
    pub picurl: String,
}

/// An article published on the platform, by the id the publish API gave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Published {
    /// The article.
    pub article_id: String,
}

/// A menu to choose from; the choice comes back as a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Menu {
    /// The text above the choices.
    #[serde(default)]
    pub head_content: String,
    /// The choices.
    pub list: Vec<Choice>,
    /// The text below the choices.
    #[serde(default)]
    pub tail_content: String,
}

/// A choice of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Choice {
    /// The developer's id of the choice: usually digits, which some clients send as a number.
    #[serde(deserialize_with = "text_or_number")]
    pub id: String,
    /// The text of the choice, which the customer sends by choosing it.
    pub content: String,
}

/// A coupon or another card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Card {
    /// The card.
    pub card_id: String,
}

/// A page of a Mini Program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct ProgramPage {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The Mini Program; empty for the account itself.
    #[serde(default)]
    pub appid: String,
    /// The page.
    #[serde(default)]
    pub pagepath: String,
    /// The thumb.
    pub thumb_media_id: String,
}

/// A link with a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Link {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// The address.
    pub url: String,
    /// The address of the picture.
    #[serde(default)]
    pub thumb_url: String,
}

macro_rules! contents {
    ($($(#[$doc:meta])* $name:ident($type:ty) $member:ident $word:literal $official:literal $mini:literal
        $en:expr, $zh:expr, $example:literal;)*) => {
        parameters! {
            /// The members whose names are msgtypes.
            #[derive(JsonSchema)]
            #[expect(dead_code, reason = "only the schema and the parameters are used")]
            pub struct ContentMembers in Body {
                $($member: Option<$type>, optional, ParameterDoc::new($en, $zh).example($example);)*
            }
        }

        /// The content of a message, by msgtype.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Content { $($(#[$doc])* $name($type)),* }

        /// The msgtypes.
        #[cfg(feature = "types")]
        #[derive(ts_rs::TS)]
        pub enum Msgtype { $($(#[$doc])* #[ts(rename = $word)] $name),* }

        impl Content {
            /// Passes the type of each msgtype's member to `visitor`.
            #[cfg(feature = "types")]
            pub fn visit_types(visitor: &mut impl ts_rs::TypeVisitor) {
                $(visitor.visit::<$type>();)*
            }

            /// Its msgtype.
            #[must_use]
            pub fn word(&self) -> &'static str {
                match self { $(Content::$name(_) => $word),* }
            }

            /// The member whose name is the msgtype, as JSON, without unknown members.
            #[must_use]
            pub fn body(&self) -> Value {
                // Strings, lists and objects always serialize.
                match self { $(Content::$name(it) => serde_json::to_value(it).unwrap_or_default()),* }
            }

            /// Reads the member whose name is the msgtype.
            ///
            /// # Errors
            /// 40008 for an unknown msgtype, 48008 for one that this kind of account may not send, 47001 for a wrong
            /// member.
            pub(super) fn read(
                word: &str,
                kind: AccountKind,
                members: &mut Map<String, Value>,
            ) -> Result<Self, Errcode> {
                let is_mini = matches!(kind, AccountKind::MiniProgram | AccountKind::MiniGame);
                match word {
                    $($word if if is_mini { $mini } else { $official } => {
                        member(members, word).map(Content::$name)
                    })*
                    $($word => Err(Errcode::MsgtypeForbidden),)*
                    _ => Err(Errcode::InvalidMessageType),
                }
            }
        }
    };
}

contents! {
    // Whether Official Accounts send it, and whether Mini Programs and Mini Games do; then meanings and an example.
    /// Words.
    Text(Text) text "text" true true
        formatcp!("Words, up to {TEXT_MAX} bytes, of which something can be seen."),
        formatcp!("文本，最多 {TEXT_MAX} 字节，不能只有空白或不可见字符。"),
        r#"{"content":"您好"}"#;
    /// A picture.
    Image(File) image "image" true true
        "A picture.", "图片。", r#"{"media_id":"MEDIA_ID"}"#;
    /// A recording.
    Voice(File) voice "voice" true false
        "A recording.", "语音。", r#"{"media_id":"MEDIA_ID"}"#;
    /// A film.
    Video(Video) video "video" true false
        "A film.", "视频。",
        r#"{"media_id":"MEDIA_ID","thumb_media_id":"MEDIA_ID","title":"","description":""}"#;
    /// Music.
    Music(Music) music "music" true false
        "Music at an address.", "音乐。",
        r#"{"musicurl":"https://example.com/a.mp3","hqmusicurl":"https://example.com/a.mp3",
            "thumb_media_id":"MEDIA_ID","title":"","description":""}"#;
    /// An article elsewhere.
    News(News) news "news" true false
        "One article elsewhere.", "图文消息，点击跳转到外链，限一篇。",
        r#"{"articles":[{"title":"标题","description":"","url":"https://example.com","picurl":""}]}"#;
    /// An article of the account's, by the id of its material.
    MpNews(File) mpnews "mpnews" true false
        "An article of the account's material.", "图文消息，点击跳转到图文页面。", r#"{"media_id":"MEDIA_ID"}"#;
    /// An article of the account's, by the id of its publication.
    MpNewsArticle(Published) mpnewsarticle "mpnewsarticle" true false
        "A published article.", "已发布的图文。", r#"{"article_id":"ARTICLE_ID"}"#;
    /// A menu.
    Menu(Menu) msgmenu "msgmenu" true false
        formatcp!("A menu of up to {MENU_MAX} choices; the choice comes back as a text."),
        formatcp!("菜单消息，最多 {MENU_MAX} 项；客户的选择以文本消息返回。"),
        r#"{"head_content":"满意吗？","list":[{"id":"101","content":"满意"}],"tail_content":""}"#;
    /// A card.
    Card(Card) wxcard "wxcard" true false
        "A card.", "卡券。", r#"{"card_id":"CARD_ID"}"#;
    /// A page of a Mini Program.
    ProgramPage(ProgramPage) miniprogrampage "miniprogrampage" true true
        "A page of a Mini Program.", "小程序卡片。",
        r#"{"title":"标题","appid":"","pagepath":"pages/index","thumb_media_id":"MEDIA_ID"}"#;
    /// A link.
    Link(Link) link "link" false true
        "A link with a picture, of Mini Programs and Mini Games.", "图文链接，供小程序和小游戏使用。",
        r#"{"title":"标题","description":"","url":"https://example.com","thumb_url":""}"#;
}

fn member<T: DeserializeOwned>(members: &mut Map<String, Value>, name: &str) -> Result<T, Errcode> {
    // serde would also read a list, as the members in their order.
    let value = members.remove(name).filter(Value::is_object).ok_or(Errcode::DataFormat)?;
    serde_json::from_value(value).map_err(|_| Errcode::DataFormat)
}

fn text_or_number<'de, D: Deserializer<'de>>(json: D) -> Result<String, D::Error> {
    match Value::deserialize(json)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("neither a text nor a number")),
    }
}

impl Content {
    /// Refuses empty and too long content.
    pub(super) fn check(&self) -> Result<(), Errcode> {
        match self {
            Content::Text(Text { content }) => not_empty(content, Errcode::EmptyContent)?,
            Content::Image(File { media_id })
            | Content::Voice(File { media_id })
            | Content::MpNews(File { media_id })
            | Content::Video(Video { media_id, .. })
            | Content::ProgramPage(ProgramPage { thumb_media_id: media_id, .. }) => {
                not_empty(media_id, Errcode::InvalidMediaId)?;
            }
            Content::Music(Music { musicurl, hqmusicurl, .. }) => {
                not_empty(&format!("{musicurl}{hqmusicurl}"), Errcode::EmptyContent)?;
            }
            Content::News(News { articles }) => match articles.len() {
                0 => return Err(Errcode::EmptyNews),
                1 => {}
                _ => return Err(Errcode::ArticleSize),
            },
            Content::MpNewsArticle(Published { article_id: id }) | Content::Card(Card { card_id: id }) => {
                not_empty(id, Errcode::EmptyContent)?;
            }
            Content::Menu(menu) => menu.check()?,
            Content::Link(Link { url, .. }) => not_empty(url, Errcode::EmptyContent)?,
        }
        let (size, most) = match self {
            Content::Text(text) => (text.content.len(), TEXT_MAX),
            other => (other.body().to_string().len(), limits::CONTENT_MAX),
        };
        if size > most { Err(Errcode::ContentSize) } else { Ok(()) }
    }

    /// The content for places that show text only: the text, or the msgtype and the title.
    #[must_use]
    pub fn label(&self) -> String {
        let title = match self {
            Content::Text(text) => return text.content.clone(),
            Content::Video(Video { title, .. })
            | Content::Music(Music { title, .. })
            | Content::ProgramPage(ProgramPage { title, .. })
            | Content::Link(Link { title, .. }) => title,
            Content::News(News { articles }) => articles.first().map_or("", |article| &article.title),
            Content::Menu(menu) => &menu.head_content,
            _ => "",
        };
        format!("[{}] {title}", self.word()).trim_end().to_owned()
    }

    /// The file of the message and the kind that the file must have; `None` without a file.
    #[must_use]
    pub fn file(&self) -> Option<(&str, media::MediaKind)> {
        match self {
            Content::Image(File { media_id }) => Some((media_id, media::MediaKind::Image)),
            Content::Voice(File { media_id }) => Some((media_id, media::MediaKind::Voice)),
            Content::Video(Video { media_id, .. }) => Some((media_id, media::MediaKind::Video)),
            _ => None,
        }
    }

    /// The thumb of the message; `None` without one.
    #[must_use]
    pub fn thumb(&self) -> Option<&str> {
        match self {
            Content::Video(Video { thumb_media_id, .. })
            | Content::Music(Music { thumb_media_id, .. })
            | Content::ProgramPage(ProgramPage { thumb_media_id, .. }) => {
                Some(thumb_media_id.as_str()).filter(|id| !id.is_empty())
            }
            _ => None,
        }
    }
}

impl Menu {
    fn check(&self) -> Result<(), Errcode> {
        if !(1..=MENU_MAX).contains(&self.list.len()) {
            return Err(Errcode::MenuSize);
        }
        let fits = |choice: &Choice| {
            let length = choice.content.chars().count();
            !is_blank(&choice.content) && length <= limits::MENU_ITEM_MAX
        };
        if self.list.iter().all(fits) { Ok(()) } else { Err(Errcode::MenuItemSize) }
    }
}

pub(super) fn not_empty(text: &str, refusal: Errcode) -> Result<(), Errcode> {
    if is_blank(text) { Err(refusal) } else { Ok(()) }
}
