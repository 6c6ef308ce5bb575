//! What customers send beside texts and pictures, as it is stored and shown.

use super::{Link, ProgramPage};
use crate::endpoint::AccountKind;
use crate::media::{Format, MediaKind};
use crate::{Errcode, limits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A recording of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Recording {
    /// The format of the file: `amr` or `mp3`.
    #[serde(default)]
    pub format: String,
}

/// A film of a customer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Film {
    /// The thumb.
    #[serde(default)]
    pub thumb_media_id: String,
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(ts_rs::TS))]
pub struct Location {
    /// Degrees to the north.
    pub latitude: f64,
    /// Degrees to the east.
    pub longitude: f64,
    /// The zoom of the map.
    pub scale: u8,
    /// The place's name or address.
    pub label: String,
}

/// What a customer sends beside texts and pictures, by msgtype. The file itself is no part of it.
/// <https://developers.weixin.qq.com/doc/subscription/guide/product/message/receiving_standard_messages.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "msgtype", content = "body", rename_all = "lowercase")]
pub enum CustomerContent {
    /// A recording.
    Voice(Recording),
    /// A film.
    Video(Film),
    /// A film taken in the chat.
    ShortVideo(Film),
    /// A place.
    Location(Location),
    /// A web page.
    Link(Link),
    /// A page of a Mini Program.
    #[serde(rename = "miniprogrampage")]
    ProgramPage(ProgramPage),
}

impl CustomerContent {
    /// The content of a msgtype with this body, as [`CustomerContent::body`] returns it. `None` for texts, pictures,
    /// and what customers do not send.
    #[must_use]
    pub fn read(word: &str, body: Value) -> Option<Self> {
        serde_json::from_value(json!({"msgtype": word, "body": body})).ok()
    }

    /// Its msgtype.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            CustomerContent::Voice(_) => "voice",
            CustomerContent::Video(_) => "video",
            CustomerContent::ShortVideo(_) => "shortvideo",
            CustomerContent::Location(_) => "location",
            CustomerContent::Link(_) => "link",
            CustomerContent::ProgramPage(_) => "miniprogrampage",
        }
    }

    /// What it says, as JSON.
    #[must_use]
    pub fn body(&self) -> Value {
        // Texts and finite numbers always serialize.
        let whole = serde_json::to_value(self).ok();
        whole.and_then(|mut whole| whole.get_mut("body").map(Value::take)).unwrap_or_default()
    }

    /// The content for places that show text only: the msgtype and the title. A short video is a video there.
    #[must_use]
    pub fn label(&self) -> String {
        let title = match self {
            CustomerContent::Location(Location { label, .. }) => label,
            CustomerContent::Link(Link { title, .. })
            | CustomerContent::ProgramPage(ProgramPage { title, .. }) => title,
            CustomerContent::ShortVideo(_) => return "[video]".to_owned(),
            CustomerContent::Voice(_) | CustomerContent::Video(_) => "",
        };
        format!("[{}] {title}", self.word()).trim_end().to_owned()
    }

    /// Refuses what is empty, too long or no place, and what customers of such an account do not send: pages of Mini
    /// Programs come from customers of Mini Programs and Mini Games, everything else from those of Official Accounts.
    ///
    /// # Errors
    /// 48008 → 44004, 47001 → 45002.
    pub fn check(&self, kind: AccountKind) -> Result<(), Errcode> {
        let is_page = matches!(self, CustomerContent::ProgramPage(_));
        if is_page != matches!(kind, AccountKind::MiniProgram | AccountKind::MiniGame) {
            return Err(Errcode::MsgtypeForbidden);
        }
        match self {
            CustomerContent::Link(Link { url, .. }) => super::content::not_empty(url, Errcode::EmptyContent)?,
            CustomerContent::Location(place) if !place.is_on_earth() => return Err(Errcode::DataFormat),
            _ => {}
        }
        let size = self.body().to_string().len();
        if size > limits::CONTENT_MAX { Err(Errcode::ContentSize) } else { Ok(()) }
    }

    /// The kind of its file; `None` without a file.
    #[must_use]
    pub fn file(&self) -> Option<MediaKind> {
        match self {
            CustomerContent::Voice(_) => Some(MediaKind::Voice),
            CustomerContent::Video(_) | CustomerContent::ShortVideo(_) => Some(MediaKind::Video),
            _ => None,
        }
    }

    /// Its thumb's id, where it has a thumb.
    pub fn thumb_mut(&mut self) -> Option<&mut String> {
        match self {
            CustomerContent::Video(Film { thumb_media_id })
            | CustomerContent::ShortVideo(Film { thumb_media_id })
            | CustomerContent::ProgramPage(ProgramPage { thumb_media_id, .. }) => Some(thumb_media_id),
            _ => None,
        }
    }

    /// Sets the format of its recording.
    pub fn set_format(&mut self, format: Format) {
        if let CustomerContent::Voice(recording) = self {
            format.extension().clone_into(&mut recording.format);
        }
    }
}

impl Location {
    fn is_on_earth(&self) -> bool {
        self.latitude.abs() <= 90.0 && self.longitude.abs() <= 180.0
    }
}

#[cfg(test)]
mod tests {
    use super::{CustomerContent, Film, Location, Recording};
    use crate::Errcode;
    use crate::endpoint::AccountKind;
    use crate::message::{Link, ProgramPage};
    use serde_json::json;

    fn place(latitude: f64, longitude: f64) -> CustomerContent {
        CustomerContent::Location(Location { latitude, longitude, scale: 15, label: "桥".into() })
    }

    fn link(url: &str) -> CustomerContent {
        let (title, description, thumb_url) = ("t".into(), "d".into(), String::new());
        CustomerContent::Link(Link { title, description, url: url.into(), thumb_url })
    }

    fn page() -> CustomerContent {
        let (title, appid, pagepath) = ("t".into(), "wx1".into(), "p".into());
        CustomerContent::ProgramPage(ProgramPage { title, appid, pagepath, thumb_media_id: "m".into() })
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let film = || Film { thumb_media_id: "m".into() };
        for (content, word, label) in [
            (CustomerContent::Voice(Recording { format: "amr".into() }), "voice", "[voice]"),
            (CustomerContent::Video(film()), "video", "[video]"),
            (CustomerContent::ShortVideo(film()), "shortvideo", "[video]"),
            (place(-23.134521, 113.358803), "location", "[location] 桥"),
            (link("https://a"), "link", "[link] t"),
            (page(), "miniprogrampage", "[miniprogrampage] t"),
        ] {
            assert_eq!((content.word(), content.label().as_str()), (word, label));
            assert_eq!(CustomerContent::read(word, content.body()), Some(content));
        }
        let expected = json!({"latitude": 1.5, "longitude": 2.0, "scale": 15, "label": "桥"});
        assert_eq!(place(1.5, 2.0).body(), expected);
        for (word, body) in [("text", json!({})), ("image", json!(null)), ("location", json!({"scale": 1}))] {
            assert_eq!(CustomerContent::read(word, body), None, "{word}");
        }
    }

    #[test]
    fn customers_send_what_weixins_pages_list_for_the_kind_of_account() {
        let (official, mini) = (AccountKind::Service, AccountKind::MiniProgram);
        let forbidden = Err(Errcode::MsgtypeForbidden);
        assert_eq!((page().check(official), page().check(mini)), (forbidden, Ok(())));
        assert_eq!((link("https://a").check(official), link("https://a").check(mini)), (Ok(()), forbidden));
        assert_eq!(link(" ").check(official), Err(Errcode::EmptyContent));
        assert_eq!(link(&"a".repeat(17 * 1024)).check(official), Err(Errcode::ContentSize));
        for (latitude, longitude, expected) in [
            (90.0, -180.0, Ok(())),
            (90.1, 0.0, Err(Errcode::DataFormat)),
            (0.0, 180.1, Err(Errcode::DataFormat)),
            (f64::NAN, 0.0, Err(Errcode::DataFormat)),
        ] {
            assert_eq!(place(latitude, longitude).check(official), expected, "{latitude} {longitude}");
        }
    }
}
