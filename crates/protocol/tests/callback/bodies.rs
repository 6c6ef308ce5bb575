//! Every message and event, with exact members in exact order, in all formats and modes.

use crate::{APPID, OPENID, ORIGINAL_ID, TOKEN, body, event, message, sample_key, words};
use protocol::callback::{
    ArticleOrigin, Body, BodyContent, Encryption, Event, Format, PushRequest, PushSettings, Recipient,
    ScannedCode, Signature, Stamp, UserContent, UserMessage, decrypt,
};
use protocol::message::{File, ProgramPage, Text};

fn request(body: &Body, format: Format, encryption: Encryption<'_>) -> PushRequest {
    let stamp = Stamp { timestamp: 1_482_048_671, nonce: "415670741", random: *b"0123456789abcdef" };
    PushSettings { token: TOKEN, format, encryption }.request(body, &stamp)
}

fn file(media_id: &str) -> File {
    File { media_id: media_id.into() }
}

/// The members of a body behind `CreateTime`, in XML and JSON.
fn assert_members(body: &Body, xml: &str, json: &str) {
    let whole = request(body, Format::Xml, Encryption::Plain);
    let begin = "<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>\
                 <FromUserName><![CDATA[o9AgO5Kd5ggOC-bXrbNODIiE3bGY]]></FromUserName>\
                 <CreateTime>1482048670</CreateTime>";
    assert_eq!(whole.body, format!("{begin}{xml}</xml>"));
    assert_eq!(whole.content_type, "text/xml");
    let whole = request(body, Format::Json, Encryption::Plain);
    let begin = concat!(
        r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","#,
        r#""CreateTime":1482048670,"#
    );
    assert_eq!(whole.body, format!("{begin}{json}}}"));
    assert_eq!(whole.content_type, "application/json");
}

#[test]
fn words_and_menu_choices() {
    assert_members(
        &words("this is a test"),
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[this is a test]]></Content>\
         <MsgId>1234567890123456</MsgId>",
        r#""MsgType":"text","Content":"this is a test","MsgId":1234567890123456"#,
    );
    let choice = |id: &str| {
        message(UserContent::Text { text: Text { content: "满意".into() }, menu_id: Some(id.into()) })
    };
    assert_members(
        &choice("101"),
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[满意]]></Content><MsgId>1234567890123456</MsgId>\
         <bizmsgmenuid>101</bizmsgmenuid>",
        r#""MsgType":"text","Content":"满意","MsgId":1234567890123456,"bizmsgmenuid":101"#,
    );
    assert_members(
        &choice("007"),
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[满意]]></Content><MsgId>1234567890123456</MsgId>\
         <bizmsgmenuid><![CDATA[007]]></bizmsgmenuid>",
        r#""MsgType":"text","Content":"满意","MsgId":1234567890123456,"bizmsgmenuid":"007""#,
    );
}

#[test]
fn files() {
    assert_members(
        &message(UserContent::Image { file: file("m"), pic_url: "http://d/p?a=1&b".into() }),
        "<MsgType><![CDATA[image]]></MsgType><PicUrl><![CDATA[http://d/p?a=1&b]]></PicUrl>\
         <MediaId><![CDATA[m]]></MediaId><MsgId>1234567890123456</MsgId>",
        r#""MsgType":"image","PicUrl":"http://d/p?a=1&b","MediaId":"m","MsgId":1234567890123456"#,
    );
    let voice = |recognition: Option<&str>, copy: Option<&str>| {
        message(UserContent::Voice {
            file: file("m"),
            format: "amr".into(),
            recognition: recognition.map(Into::into),
            file_16k: copy.map(file),
        })
    };
    assert_members(
        &voice(None, None),
        "<MsgType><![CDATA[voice]]></MsgType><MediaId><![CDATA[m]]></MediaId><Format><![CDATA[amr]]></Format>\
         <MsgId>1234567890123456</MsgId>",
        r#""MsgType":"voice","MediaId":"m","Format":"amr","MsgId":1234567890123456"#,
    );
    assert_members(
        &voice(Some("你好"), Some("k")),
        "<MsgType><![CDATA[voice]]></MsgType><MediaId><![CDATA[m]]></MediaId><Format><![CDATA[amr]]></Format>\
         <Recognition><![CDATA[你好]]></Recognition><MsgId>1234567890123456</MsgId>\
         <MediaId16K><![CDATA[k]]></MediaId16K>",
        concat!(
            r#""MsgType":"voice","MediaId":"m","Format":"amr","Recognition":"你好","#,
            r#""MsgId":1234567890123456,"MediaId16K":"k""#
        ),
    );
    let films = [
        ("video", UserContent::Video { file: file("m"), thumb: file("t") }),
        ("shortvideo", UserContent::ShortVideo { file: file("m"), thumb: file("t") }),
    ];
    for (msg_type, film) in films {
        assert_members(
            &message(film),
            &format!(
                "<MsgType><![CDATA[{msg_type}]]></MsgType><MediaId><![CDATA[m]]></MediaId>\
                 <ThumbMediaId><![CDATA[t]]></ThumbMediaId><MsgId>1234567890123456</MsgId>"
            ),
            &format!(r#""MsgType":"{msg_type}","MediaId":"m","ThumbMediaId":"t","MsgId":1234567890123456"#),
        );
    }
}

#[test]
fn places_links_and_pages() {
    let place = UserContent::Location {
        latitude: 23_134_521,
        longitude: -113_358_803,
        scale: 20,
        label: "位置信息".into(),
    };
    assert_members(
        &message(place),
        "<MsgType><![CDATA[location]]></MsgType><Location_X>23.134521</Location_X>\
         <Location_Y>-113.358803</Location_Y><Scale>20</Scale><Label><![CDATA[位置信息]]></Label>\
         <MsgId>1234567890123456</MsgId>",
        concat!(
            r#""MsgType":"location","Location_X":23.134521,"Location_Y":-113.358803,"Scale":20,"#,
            r#""Label":"位置信息","MsgId":1234567890123456"#
        ),
    );
    let link = UserContent::Link { title: "t".into(), description: "d".into(), url: "https://u".into() };
    assert_members(
        &message(link),
        "<MsgType><![CDATA[link]]></MsgType><Title><![CDATA[t]]></Title>\
         <Description><![CDATA[d]]></Description><Url><![CDATA[https://u]]></Url><MsgId>1234567890123456</MsgId>",
        r#""MsgType":"link","Title":"t","Description":"d","Url":"https://u","MsgId":1234567890123456"#,
    );
    let page = ProgramPage {
        title: "t".into(),
        appid: "wx1".into(),
        pagepath: "pages/index".into(),
        thumb_media_id: "m".into(),
    };
    assert_members(
        &message(UserContent::ProgramPage { page, thumb_url: "u".into() }),
        "<MsgType><![CDATA[miniprogrampage]]></MsgType><MsgId>1234567890123456</MsgId>\
         <Title><![CDATA[t]]></Title><AppId><![CDATA[wx1]]></AppId><PagePath><![CDATA[pages/index]]></PagePath>\
         <ThumbUrl><![CDATA[u]]></ThumbUrl><ThumbMediaId><![CDATA[m]]></ThumbMediaId>",
        concat!(
            r#""MsgType":"miniprogrampage","MsgId":1234567890123456,"Title":"t","AppId":"wx1","#,
            r#""PagePath":"pages/index","ThumbUrl":"u","ThumbMediaId":"m""#
        ),
    );
}

#[test]
fn an_article_and_a_sub_merchant_are_named_behind_the_id() {
    let message = UserMessage {
        msg_id: i64::MAX,
        content: UserContent::Text { text: Text { content: "hi".into() }, menu_id: None },
        article: Some(ArticleOrigin { msg_data_id: "2247483650".into(), idx: 1 }),
        business_id: Some(7),
    };
    assert_members(
        &body(BodyContent::Message(message)),
        "<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[hi]]></Content><MsgId>9223372036854775807</MsgId>\
         <MsgDataId><![CDATA[2247483650]]></MsgDataId><Idx>1</Idx><BusinessId>7</BusinessId>",
        concat!(
            r#""MsgType":"text","Content":"hi","MsgId":9223372036854775807,"MsgDataId":"2247483650","#,
            r#""Idx":1,"BusinessId":7"#
        ),
    );
}

#[test]
fn every_event() {
    let code = |key: &str| ScannedCode { event_key: key.into(), ticket: "T".into() };
    let agent = || "kf1@demo".to_owned();
    let event_key = || "k".to_owned();
    let rows = [
        (Event::Subscribe { code: None }, "subscribe", vec![]),
        (
            Event::Subscribe { code: Some(code("qrscene_7")) },
            "subscribe",
            vec![("EventKey", "qrscene_7"), ("Ticket", "T")],
        ),
        (Event::Unsubscribe, "unsubscribe", vec![]),
        (Event::Scan { code: code("7") }, "SCAN", vec![("EventKey", "7"), ("Ticket", "T")]),
        (Event::Click { event_key: event_key() }, "CLICK", vec![("EventKey", "k")]),
        (Event::View { event_key: event_key() }, "VIEW", vec![("EventKey", "k")]),
        (
            Event::UserEnterTempSession { session_from: "s".into() },
            "user_enter_tempsession",
            vec![("SessionFrom", "s")],
        ),
        (
            Event::KfCreateSession { kf_account: agent() },
            "kf_create_session",
            vec![("KfAccount", "kf1@demo")],
        ),
        (Event::KfCloseSession { kf_account: agent() }, "kf_close_session", vec![("KfAccount", "kf1@demo")]),
        (
            Event::KfSwitchSession { from: agent(), to: "kf2@demo".into() },
            "kf_switch_session",
            vec![("FromKfAccount", "kf1@demo"), ("ToKfAccount", "kf2@demo")],
        ),
    ];
    for (what, name, members) in rows {
        let xml: String =
            members.iter().map(|(name, text)| format!("<{name}><![CDATA[{text}]]></{name}>")).collect();
        let json: String = members.iter().map(|(name, text)| format!(r#","{name}":"{text}""#)).collect();
        assert_members(
            &event(what),
            &format!("<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{xml}"),
            &format!(r#""MsgType":"event","Event":"{name}"{json}"#),
        );
    }
}

#[test]
fn session_from_is_cut_between_characters() {
    let from = |text: String| {
        let body = event(Event::UserEnterTempSession { session_from: text });
        request(&body, Format::Json, Encryption::Plain).body
    };
    assert!(from("客".repeat(334)).contains(&format!("\"{}\"", "客".repeat(333))));
    assert!(from("a".repeat(1000)).contains(&format!("\"{}\"", "a".repeat(1000))));
    assert!(from("a".repeat(1001)).contains(&format!("\"{}\"", "a".repeat(1000))));
}

#[test]
fn a_plain_push_is_signed_and_says_nothing_of_encryption() {
    let request = request(&words("hi"), Format::Xml, Encryption::Plain);
    let signature = Signature::of(TOKEN, "1482048671", "415670741").to_string();
    let expected = [
        ("signature", signature),
        ("timestamp", "1482048671".into()),
        ("nonce", "415670741".into()),
        ("openid", OPENID.into()),
    ];
    assert_eq!(request.query, expected);
}

#[test]
fn compatible_mode_adds_the_encrypted_message_to_the_clear_one_and_safe_mode_replaces_it() {
    let (key, body) = (sample_key(), words("你好"));
    let recipient = Recipient { key: &key, appid: APPID };
    for format in Format::ALL {
        let clear = request(&body, format, Encryption::Plain);
        for (encryption, is_safe) in
            [(Encryption::Compatible(recipient), false), (Encryption::Safe(recipient), true)]
        {
            let pushed = request(&body, format, encryption);
            let names: Vec<&str> = pushed.query.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, ["signature", "timestamp", "nonce", "openid", "encrypt_type", "msg_signature"]);
            assert_eq!(pushed.query[..4], clear.query, "`signature` is there in all modes");
            assert_eq!(pushed.query[4].1, "aes");
            let begin = match format {
                Format::Xml => "<Encrypt><![CDATA[",
                Format::Json => r#""Encrypt":""#,
            };
            let (before, rest) = pushed.body.split_once(begin).expect("the encrypted message");
            let (encrypted, _) = rest.split_once([']', '"']).expect("its end");
            let signature = Signature::of_encrypted(TOKEN, "1482048671", "415670741", encrypted);
            assert_eq!(pushed.query[5].1, signature.as_str());
            let decrypted = decrypt(&key, encrypted).expect("a message");
            assert_eq!(String::from_utf8_lossy(&decrypted.message).trim_end(), clear.body);
            assert_eq!(decrypted.id, APPID.as_bytes());
            let expected = match (format, is_safe) {
                (Format::Xml, false) => clear.body.trim_end_matches("</xml>").to_owned(),
                (Format::Json, false) => format!("{},", clear.body.trim_end_matches('}')),
                (Format::Xml, true) => format!("<xml><ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName>"),
                (Format::Json, true) => format!(r#"{{"ToUserName":"{ORIGINAL_ID}","#),
            };
            assert_eq!(before, expected);
        }
    }
}
