//! Pushes come out of other programs' parsers as they went in, and answers are read as they were meant.

use crate::answer::{encrypted, json, xml};
use crate::{APPID, TOKEN, answered, sample_key, words};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use protocol::callback::{
    Encryption, Format, Mode, PushRequest, PushSettings, Recipient, Reply, Stamp, decrypt, reply,
};
use protocol::message::{Article, Content, File, Music, News, Text, Video};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// The texts of the elements in the root, by a parser that knows nothing of pushes.
fn elements(xml: &str) -> Vec<(String, String)> {
    let (mut reader, mut found, mut depth) = (Reader::from_str(xml), Vec::<(String, String)>::new(), 0);
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(start) => {
                depth += 1;
                if depth == 2 {
                    found.push((String::from_utf8_lossy(start.name().as_ref()).into_owned(), String::new()));
                }
            }
            Event::End(_) => depth -= 1,
            Event::Text(text) if depth == 2 => {
                found.last_mut().expect("an element").1 += &text.decode().expect("UTF-8");
            }
            Event::CData(text) if depth == 2 => {
                found.last_mut().expect("an element").1 += &text.decode().expect("UTF-8");
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// What XML can hold of a text.
fn legal(text: &str) -> String {
    let is_legal = |c: char| !c.is_control() || "\t\n\r".contains(c) || ('\u{7f}'..='\u{9f}').contains(&c);
    text.chars()
        .map(|c| if is_legal(c) && c != '\u{fffe}' && c != '\u{ffff}' { c } else { '\u{fffd}' })
        .collect()
}

fn pushed(text: &str, format: Format, encryption: Encryption<'_>) -> PushRequest {
    let stamp = Stamp { timestamp: 1, nonce: "2", random: *b"0123456789abcdef" };
    PushSettings { token: TOKEN, format, encryption }.request(&words(text), &stamp)
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<String>(),
        1 => Just("]]>".to_owned()),
        1 => Just("&amp;<![CDATA[</xml>\"\\".to_owned()),
        1 => Just("\u{0}\u{1}\u{ffff}".to_owned()),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// A text that is sent: visible, without a NUL.
fn visible() -> impl Strategy<Value = String> {
    "[a-z客 &<>\"'\\]\\[\n]{0,40}[a-z客]"
}

fn content() -> impl Strategy<Value = Content> {
    let id = "[A-Za-z0-9_-]{1,64}";
    let article = ("[a-z<&]{1,9}", "[a-z]{0,9}", "[a-z:/?&=]{0,9}", "[a-z]{0,9}")
        .prop_map(|(title, description, url, picurl)| Article { title, description, url, picurl });
    prop_oneof![
        visible().prop_map(|content| Content::Text(Text { content })),
        id.prop_map(|media_id| Content::Image(File { media_id })),
        id.prop_map(|media_id| Content::Voice(File { media_id })),
        (id, "[a-z&]{0,9}", "[a-z]{0,9}").prop_map(|(media_id, title, description)| {
            Content::Video(Video { media_id, thumb_media_id: String::new(), title, description })
        }),
        ("[a-z:/&]{1,9}", "[a-z]{0,9}", "[a-z]{0,9}", "[a-z]{0,9}", option::of(id)).prop_map(
            |(musicurl, hqmusicurl, title, description, thumb)| {
                let thumb_media_id = thumb.unwrap_or_default();
                Content::Music(Music { musicurl, hqmusicurl, thumb_media_id, title, description })
            }
        ),
        article.prop_map(|article| Content::News(News { articles: vec![article] })),
    ]
}

/// The members of a reply behind `MsgType`, as Weixin names them.
fn members(content: &Content) -> Value {
    match content {
        Content::Text(text) => json!({"Content": text.content}),
        Content::Image(file) => json!({"Image": {"MediaId": file.media_id}}),
        Content::Voice(file) => json!({"Voice": {"MediaId": file.media_id}}),
        Content::Video(film) => json!({"Video":
            {"MediaId": film.media_id, "Title": film.title, "Description": film.description}}),
        Content::Music(music) => json!({"Music": {"Title": music.title, "Description": music.description,
            "MusicUrl": music.musicurl, "HQMusicUrl": music.hqmusicurl, "ThumbMediaId": music.thumb_media_id}}),
        Content::News(News { articles }) => json!({"ArticleCount": 1, "Articles": {"item": {
            "Title": articles[0].title, "Description": articles[0].description,
            "PicUrl": articles[0].picurl, "Url": articles[0].url}}}),
        other => panic!("no passive reply: {other:?}"),
    }
}

/// Members as elements, their texts with or without CDATA.
fn as_xml(members: &Map<String, Value>, cdata: bool) -> String {
    let text = |value: &Value| match value {
        Value::Object(inner) => as_xml(inner, cdata),
        Value::String(text) if cdata => format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>")),
        Value::String(text) => quick_xml::escape::escape(text.as_str()).into_owned(),
        other => other.to_string(),
    };
    members.iter().map(|(name, value)| format!("<{name}>{}</{name}>", text(value))).collect()
}

proptest! {
    #[test]
    fn a_pushed_text_comes_out_of_a_parser_as_it_went_in(text in any_text()) {
        let found = elements(&pushed(&text, Format::Xml, Encryption::Plain).body);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        prop_assert_eq!(names, ["ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId"]);
        prop_assert_eq!(&found[4].1, &legal(&text));
        let json: Value = serde_json::from_str(&pushed(&text, Format::Json, Encryption::Plain).body).expect("JSON");
        prop_assert_eq!(json["Content"].as_str(), Some(text.as_str()));
        prop_assert_eq!(json["MsgId"].as_i64(), Some(1_234_567_890_123_456));
    }

    #[test]
    fn an_encrypted_push_holds_the_clear_one(text in any_text()) {
        let key = sample_key();
        let recipient = Recipient { key: &key, appid: APPID };
        for (format, encryption) in [
            (Format::Xml, Encryption::Safe(recipient)),
            (Format::Xml, Encryption::Compatible(recipient)),
            (Format::Json, Encryption::Safe(recipient)),
            (Format::Json, Encryption::Compatible(recipient)),
        ] {
            let body = pushed(&text, format, encryption).body;
            let sealed = match format {
                Format::Xml => elements(&body).into_iter().find(|(name, _)| name == "Encrypt").expect("it").1,
                Format::Json => {
                    let json: Value = serde_json::from_str(&body).expect("JSON");
                    json["Encrypt"].as_str().expect("it").to_owned()
                }
            };
            let message = decrypt(&key, &sealed).expect("a message").message;
            let message = String::from_utf8(message).expect("UTF-8");
            prop_assert_eq!(message.trim_end(), pushed(&text, format, Encryption::Plain).body);
        }
    }

    #[test]
    fn a_reply_is_read_as_it_was_meant(content in content(), cdata in any::<bool>(), is_sealed in any::<bool>()) {
        let Value::Object(members) = members(&content) else { panic!("an object") };
        let (msg_type, key) = (content.word(), sample_key());
        let mut whole: Map<String, Value> = serde_json::from_str(&json(msg_type, "")).expect("an object");
        whole.extend(members.clone());
        for (format, answer) in [
            (Format::Xml, xml(msg_type, &as_xml(&members, cdata))),
            (Format::Json, Value::Object(whole).to_string()),
        ] {
            let answer = if is_sealed { encrypted(format, &answer) } else { answer };
            let mode = if is_sealed { Mode::Safe } else { Mode::Plain };
            let understood = reply::read(answer.as_bytes(), &answered(format, mode, &key));
            prop_assert!(understood.is_ok(), "{:?}: {}", understood, answer);
            let understood = understood.expect("checked");
            prop_assert_eq!(&understood.reply, &Reply::Message(content.clone()), "{}", answer);
            prop_assert_eq!(understood.warnings, Vec::new());
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(answer in vec(any::<u8>(), 0..200), text in any_text()) {
        let key = sample_key();
        for format in Format::ALL {
            let push = answered(format, Mode::Safe, &key);
            let (in_xml, in_json) = (xml("text", &text), json(&text, ""));
            for answer in [&answer, text.as_bytes(), in_xml.as_bytes(), in_json.as_bytes()] {
                if let Err(error) = reply::read(answer, &push) {
                    prop_assert!(!error.to_string().contains(char::is_control), "{}", error);
                }
            }
        }
    }
}
