//! Messages of customers, as they are pushed.

use super::member::{Member, Value};
use crate::message::{File, ProgramPage, Text};

/// A message of a customer. Clients recognise a repeated push by its `MsgId`.
/// <https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.md>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserMessage {
    /// `MsgId`: positive, unique in the account, the same in each repetition.
    pub msg_id: i64,
    /// What the customer sent.
    pub content: UserContent,
    /// `MsgDataId` and `Idx`: the article that the message comes from; `None` if it comes from none.
    pub article: Option<ArticleOrigin>,
    /// `BusinessId`: the sub-merchant of a Mini Program; `None` for the account itself.
    pub business_id: Option<i64>,
}

/// The article that a message comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArticleOrigin {
    /// `MsgDataId`: the publication.
    pub msg_data_id: String,
    /// `Idx`: the position in a publication of several articles, from 1.
    pub idx: i64,
}

/// What a customer sent, by `MsgType`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserContent {
    /// `text`: words, or the choice of a menu.
    Text {
        /// `Content`.
        text: Text,
        /// `bizmsgmenuid`: the developer's id of the chosen item; `None` for words.
        menu_id: Option<String>,
    },
    /// `image`: a picture.
    Image {
        /// `MediaId`.
        file: File,
        /// `PicUrl`: where the picture can be fetched without a token.
        pic_url: String,
    },
    /// `voice`: a recording.
    Voice {
        /// `MediaId`.
        file: File,
        /// `Format`: `amr` or `speex`.
        format: String,
        /// `Recognition`: the words in it; `None` while recognition is off.
        recognition: Option<String>,
        /// `MediaId16K`: the copy with 16,000 samples a second; `None` if there is none.
        file_16k: Option<File>,
    },
    /// `video`: a film.
    Video {
        /// `MediaId`.
        file: File,
        /// `ThumbMediaId`.
        thumb: File,
    },
    /// `shortvideo`: a film taken in the chat.
    ShortVideo {
        /// `MediaId`.
        file: File,
        /// `ThumbMediaId`.
        thumb: File,
    },
    /// `location`: a place.
    Location {
        /// `Location_X`: the latitude, millionths of a degree.
        latitude: i32,
        /// `Location_Y`: the longitude, millionths of a degree.
        longitude: i32,
        /// `Scale`: the zoom of the map.
        scale: i64,
        /// `Label`: the place's name or address.
        label: String,
    },
    /// `link`: a web page.
    Link {
        /// `Title`.
        title: String,
        /// `Description`.
        description: String,
        /// `Url`.
        url: String,
    },
    /// `miniprogrampage`: a page of a Mini Program.
    ProgramPage {
        /// `Title`, `AppId`, `PagePath` and `ThumbMediaId`.
        page: ProgramPage,
        /// `ThumbUrl`: where the thumb can be fetched without a token.
        thumb_url: String,
    },
}

impl UserContent {
    /// The `MsgType`.
    #[must_use]
    pub fn msg_type(&self) -> &'static str {
        match self {
            UserContent::Text { .. } => "text",
            UserContent::Image { .. } => "image",
            UserContent::Voice { .. } => "voice",
            UserContent::Video { .. } => "video",
            UserContent::ShortVideo { .. } => "shortvideo",
            UserContent::Location { .. } => "location",
            UserContent::Link { .. } => "link",
            UserContent::ProgramPage { .. } => "miniprogrampage",
        }
    }

    /// Its members before `MsgId`.
    fn before_id(&self) -> Vec<Member<'_>> {
        match self {
            UserContent::Text { text, .. } => vec![("Content", (&text.content).into())],
            UserContent::Image { file, pic_url } => {
                vec![("PicUrl", pic_url.into()), ("MediaId", (&file.media_id).into())]
            }
            UserContent::Voice { file, format, recognition, .. } => {
                let recognition = recognition.iter().map(|words| ("Recognition", words.into()));
                let file = [("MediaId", (&file.media_id).into()), ("Format", format.into())];
                file.into_iter().chain(recognition).collect()
            }
            UserContent::Video { file, thumb } | UserContent::ShortVideo { file, thumb } => {
                vec![("MediaId", (&file.media_id).into()), ("ThumbMediaId", (&thumb.media_id).into())]
            }
            UserContent::Location { latitude, longitude, scale, label } => vec![
                ("Location_X", Value::Degrees(*latitude)),
                ("Location_Y", Value::Degrees(*longitude)),
                ("Scale", (*scale).into()),
                ("Label", label.into()),
            ],
            UserContent::Link { title, description, url } => {
                vec![("Title", title.into()), ("Description", description.into()), ("Url", url.into())]
            }
            UserContent::ProgramPage { .. } => Vec::new(),
        }
    }

    /// Its members behind `MsgId`. A page's members are there too, as in Weixin's samples.
    fn behind_id(&self) -> Vec<Member<'_>> {
        match self {
            UserContent::Text { menu_id: Some(id), .. } => vec![("bizmsgmenuid", digits(id))],
            UserContent::ProgramPage { page, thumb_url } => vec![
                ("Title", (&page.title).into()),
                ("AppId", (&page.appid).into()),
                ("PagePath", (&page.pagepath).into()),
                ("ThumbUrl", thumb_url.into()),
                ("ThumbMediaId", (&page.thumb_media_id).into()),
            ],
            _ => Vec::new(),
        }
    }
}

/// An angle of at most 180 degrees, in millionths of a degree; `None` for others.
#[must_use]
pub fn millionths(degrees: f64) -> Option<i32> {
    // At most 180 million, which fits.
    (degrees.abs() <= 180.0).then(|| (degrees * 1e6).round() as i32)
}

/// Digits as a number, because clients read ids of menus as integers; another id as a text.
fn digits(id: &str) -> Value<'_> {
    let number = id.parse::<i64>().ok().filter(|number| number.to_string() == id);
    number.map_or_else(|| id.into(), Value::Number)
}

impl UserMessage {
    /// The members behind `MsgType`.
    pub(super) fn members(&self) -> Vec<Member<'_>> {
        let mut members = self.content.before_id();
        members.push(("MsgId", self.msg_id.into()));
        members.extend(self.content.behind_id());
        if let Some(article) = &self.article {
            members.extend([("MsgDataId", (&article.msg_data_id).into()), ("Idx", article.idx.into())]);
        }
        if let UserContent::Voice { file_16k: Some(file), .. } = &self.content {
            members.push(("MediaId16K", (&file.media_id).into()));
        }
        members.extend(self.business_id.map(|id| ("BusinessId", id.into())));
        members
    }
}
