//! Pushes that people compose to try a developer's server: the members of each kind, and the push they make.

use super::body::BodyContent;
use super::event::{Event, ScannedCode};
use super::message::{UserContent, UserMessage, millionths};
use crate::message::{File, ProgramPage, Text};

/// A kind of push that can be composed.
#[derive(Clone, Copy, Debug)]
pub struct PushKind {
    /// The `MsgType` of a message, or the name of an event.
    pub what: &'static str,
    /// Whether it is an event.
    pub is_event: bool,
    /// The members beside the common ones, each with a sample. Members without a sample may stay empty.
    pub members: &'static [(&'static str, &'static str)],
}

const fn message(what: &'static str, members: &'static [(&'static str, &'static str)]) -> PushKind {
    PushKind { what, is_event: false, members }
}

const fn event(what: &'static str, members: &'static [(&'static str, &'static str)]) -> PushKind {
    PushKind { what, is_event: true, members }
}

/// Every kind of message and event, in the order of Weixin's pages.
/// <https://developers.weixin.qq.com/doc/subscription/guide/product/message/receiving_standard_messages.html>,
/// <https://developers.weixin.qq.com/doc/subscription/guide/product/message/receiving_event_pushes.html>
pub const PUSH_KINDS: &[PushKind] = &[
    message("text", &[("Content", "你好"), ("bizmsgmenuid", "")]),
    message("image", &[("PicUrl", "https://example.com/picture.jpg"), ("MediaId", "media_id")]),
    message("voice", &[("MediaId", "media_id"), ("Format", "amr"), ("Recognition", "")]),
    message("video", &[("MediaId", "media_id"), ("ThumbMediaId", "thumb_media_id")]),
    message("shortvideo", &[("MediaId", "media_id"), ("ThumbMediaId", "thumb_media_id")]),
    message(
        "location",
        &[("Location_X", "23.134521"), ("Location_Y", "113.358803"), ("Scale", "20"), ("Label", "位置信息")],
    ),
    message(
        "link",
        &[
            ("Title", "公众平台官网链接"),
            ("Description", "公众平台官网链接"),
            ("Url", "https://example.com/"),
        ],
    ),
    message(
        "miniprogrampage",
        &[
            ("Title", "title"),
            ("AppId", "wx0123456789abcdef"),
            ("PagePath", "pages/index/index"),
            ("ThumbUrl", "https://example.com/thumb.jpg"),
            ("ThumbMediaId", "thumb_media_id"),
        ],
    ),
    event("subscribe", &[("EventKey", ""), ("Ticket", "")]),
    event("unsubscribe", &[]),
    event("SCAN", &[("EventKey", "123"), ("Ticket", "TICKET")]),
    event("CLICK", &[("EventKey", "EVENTKEY")]),
    event("VIEW", &[("EventKey", "https://example.com/")]),
    event("user_enter_tempsession", &[("SessionFrom", "sessionFrom")]),
    event("kf_create_session", &[("KfAccount", "test1@test")]),
    event("kf_close_session", &[("KfAccount", "test1@test")]),
    event("kf_switch_session", &[("FromKfAccount", "test1@test"), ("ToKfAccount", "test2@test")]),
];

/// The message or event of a kind with the members that `given` returns; absent ones have their samples. A message has
/// the id `msg_id`. `None` if there is no such kind, or a number is none.
#[must_use]
pub fn compose(what: &str, msg_id: i64, given: impl Fn(&str) -> Option<String>) -> Option<BodyContent> {
    let kind = PUSH_KINDS.iter().find(|kind| kind.what == what)?;
    let of = |name: &str| {
        let sample = || kind.members.iter().find(|(member, _)| *member == name).map(|(_, sample)| *sample);
        given(name).unwrap_or_else(|| sample().unwrap_or_default().to_owned())
    };
    if kind.is_event {
        return composed_event(what, &of).map(BodyContent::Event);
    }
    let content = composed_content(what, &of)?;
    Some(BodyContent::Message(UserMessage { msg_id, content, article: None, business_id: None }))
}

fn composed_content(what: &str, of: &impl Fn(&str) -> String) -> Option<UserContent> {
    let some = |name: &str| Some(of(name)).filter(|text| !text.is_empty());
    let (file, thumb) = (File { media_id: of("MediaId") }, File { media_id: of("ThumbMediaId") });
    Some(match what {
        "text" => UserContent::Text { text: Text { content: of("Content") }, menu_id: some("bizmsgmenuid") },
        "image" => UserContent::Image { file, pic_url: of("PicUrl") },
        "voice" => UserContent::Voice {
            file,
            format: of("Format"),
            recognition: some("Recognition"),
            file_16k: None,
        },
        "video" => UserContent::Video { file, thumb },
        "shortvideo" => UserContent::ShortVideo { file, thumb },
        "location" => UserContent::Location {
            latitude: millionths(of("Location_X").parse().ok()?)?,
            longitude: millionths(of("Location_Y").parse().ok()?)?,
            scale: of("Scale").parse().ok()?,
            label: of("Label"),
        },
        "link" => UserContent::Link { title: of("Title"), description: of("Description"), url: of("Url") },
        "miniprogrampage" => UserContent::ProgramPage {
            page: ProgramPage {
                title: of("Title"),
                appid: of("AppId"),
                pagepath: of("PagePath"),
                thumb_media_id: of("ThumbMediaId"),
            },
            thumb_url: of("ThumbUrl"),
        },
        _ => return None,
    })
}

fn composed_event(what: &str, of: &impl Fn(&str) -> String) -> Option<Event> {
    let event_key = of("EventKey");
    let code = || ScannedCode { event_key: event_key.clone(), ticket: of("Ticket") };
    Some(match what {
        "subscribe" => Event::Subscribe { code: (!event_key.is_empty()).then(code) },
        "unsubscribe" => Event::Unsubscribe,
        "SCAN" => Event::Scan { code: code() },
        "CLICK" => Event::Click { event_key },
        "VIEW" => Event::View { event_key },
        "user_enter_tempsession" => Event::UserEnterTempSession { session_from: of("SessionFrom") },
        "kf_create_session" => Event::KfCreateSession { kf_account: of("KfAccount") },
        "kf_close_session" => Event::KfCloseSession { kf_account: of("KfAccount") },
        "kf_switch_session" => Event::KfSwitchSession { from: of("FromKfAccount"), to: of("ToKfAccount") },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{PUSH_KINDS, compose};
    use crate::callback::{Body, BodyContent, Encryption, Format, PushSettings, RANDOM_LENGTH, Stamp};

    /// The push of a composed kind, as XML.
    fn written(what: &str, given: &[(&str, &str)]) -> Option<String> {
        let find =
            |name: &str| given.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
        let content = compose(what, 7, find)?;
        let (to_user_name, from_user_name) = ("gh_1".to_owned(), "o1".to_owned());
        let body = Body { to_user_name, from_user_name, create_time: 1, content };
        let settings = PushSettings { token: "AAAAA", format: Format::Xml, encryption: Encryption::Plain };
        let stamp = Stamp { timestamp: 1, nonce: "1", random: [0; RANDOM_LENGTH] };
        Some(settings.request(&body, &stamp).body)
    }

    #[test]
    fn each_kind_makes_a_push_with_all_its_members() {
        for kind in PUSH_KINDS {
            let all: Vec<_> = kind.members.iter().map(|(name, _)| (*name, "12")).collect();
            let body = written(kind.what, &all).expect(kind.what);
            for (name, _) in kind.members {
                assert!(body.contains(&format!("<{name}>")), "{} lacks {name}: {body}", kind.what);
            }
            let named = if kind.is_event { "Event" } else { "MsgType" };
            assert!(body.contains(&format!("<{named}><![CDATA[{}]]></{named}>", kind.what)), "{body}");
            assert_eq!(body.contains("<MsgId>7</MsgId>"), !kind.is_event);
            assert!(written(kind.what, &[]).is_some(), "{} by its samples", kind.what);
        }
    }

    #[test]
    fn what_is_no_push_is_none() {
        assert!(compose("poll", 1, |_| None).is_none());
        for wrong in ["x", "181", "-181", "NaN", "inf"] {
            assert!(written("location", &[("Location_X", wrong)]).is_none(), "{wrong}");
        }
        assert!(written("location", &[("Scale", "near")]).is_none());
        let Some(BodyContent::Message(message)) = compose("text", 9, |_| None) else { panic!("a message") };
        assert_eq!(message.msg_id, 9);
        assert!(
            written("location", &[("Location_Y", "-113.5")]).unwrap().contains("<Location_Y>-113.500000<")
        );
    }
}
