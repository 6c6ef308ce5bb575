//! Every shape of answer that SDKs send.

use crate::answer::{encrypted, encrypted_with, envelope, json, xml};
use crate::cipher::encrypt_by_16;
use crate::{APPID, OPENID, ORIGINAL_ID, TOKEN, answered, sample_key, zero_key};
use protocol::callback::reply::{AnsweredPush, Form, Secrets, Warning, decrypted, read};
use protocol::callback::{AesKeys, Format, Mode, Reply, Understood, WhichKey};
use protocol::message::{Article, Content, File, Music, News, Text, Video};

/// What is understood of an answer to a push in XML and safe mode.
fn understood(answer: &str) -> Understood {
    read(answer.as_bytes(), &answered(Format::Xml, Mode::Safe, &sample_key())).unwrap_or_else(|error| {
        panic!("{error}: {answer}");
    })
}

/// The reply in an answer to a push in plain mode, in the answer's own format, without any warning.
fn plain(answer: &str) -> Reply {
    let format = if answer.trim_start().starts_with('{') { Format::Json } else { Format::Xml };
    let understood = read(answer.as_bytes(), &answered(format, Mode::Plain, &sample_key()));
    let understood = understood.unwrap_or_else(|error| panic!("{error}: {answer}"));
    assert_eq!((understood.warnings, understood.key), (Vec::new(), None), "{answer}");
    understood.reply
}

fn text(content: &str) -> Reply {
    Reply::Message(Content::Text(Text { content: content.into() }))
}

fn transfer(kf_account: Option<&str>) -> Reply {
    Reply::Transfer { kf_account: kf_account.map(Into::into) }
}

#[test]
fn empty_and_success_want_nothing() {
    for (answer, form) in [
        ("", Form::Empty),
        (" \r\n", Form::Empty),
        ("success", Form::Success),
        ("\n success\r\n", Form::Success),
    ] {
        let expected = Understood { reply: Reply::Nothing, form, key: None, warnings: Vec::new() };
        assert_eq!(understood(answer), expected);
        for format in Format::ALL {
            let expected = Understood { key: Some(WhichKey::Current), ..expected.clone() };
            assert_eq!(understood(&encrypted(format, answer)), expected, "{answer:?}");
        }
    }
}

#[test]
fn every_type_of_message_is_read_in_xml_and_json() {
    let file = || File { media_id: "m".into() };
    let film = Video {
        media_id: "m".into(),
        thumb_media_id: String::new(),
        title: "t".into(),
        description: "d".into(),
    };
    let music = Music {
        musicurl: "u".into(),
        hqmusicurl: "h".into(),
        thumb_media_id: "m".into(),
        title: "t".into(),
        description: "d".into(),
    };
    let article = Article { title: "t".into(), description: "d".into(), url: "u".into(), picurl: "p".into() };
    let rows = [
        (
            "text",
            Content::Text(Text { content: "你好 <a href=\"u\">b</a>".into() }),
            "<Content><![CDATA[你好 <a href=\"u\">b</a>]]></Content>",
            r#","Content":"你好 <a href=\"u\">b</a>""#,
        ),
        (
            "image",
            Content::Image(file()),
            "<Image><MediaId><![CDATA[m]]></MediaId></Image>",
            r#","Image":{"MediaId":"m"}"#,
        ),
        (
            "voice",
            Content::Voice(file()),
            "<Voice><MediaId><![CDATA[m]]></MediaId></Voice>",
            r#","Voice":{"MediaId":"m"}"#,
        ),
        (
            "video",
            Content::Video(film),
            "<Video><MediaId>m</MediaId><Title>t</Title><Description>d</Description></Video>",
            r#","Video":{"MediaId":"m","Title":"t","Description":"d"}"#,
        ),
        (
            "music",
            Content::Music(music),
            "<Music><Title>t</Title><Description>d</Description><MusicUrl>u</MusicUrl>\
             <HQMusicUrl>h</HQMusicUrl><ThumbMediaId>m</ThumbMediaId></Music>",
            r#","Music":{"Title":"t","Description":"d","MusicUrl":"u","HQMusicUrl":"h","ThumbMediaId":"m"}"#,
        ),
        (
            "news",
            Content::News(News { articles: vec![article] }),
            "<ArticleCount>1</ArticleCount><Articles><item><Title>t</Title><Description>d</Description>\
             <PicUrl>p</PicUrl><Url>u</Url></item></Articles>",
            r#","ArticleCount":1,"Articles":[{"Title":"t","Description":"d","PicUrl":"p","Url":"u"}]"#,
        ),
    ];
    for (msg_type, content, in_xml, in_json) in rows {
        let reply = Reply::Message(content);
        for answer in [xml(msg_type, in_xml), json(msg_type, in_json)] {
            assert_eq!(plain(&answer), reply, "{answer}");
            let understood = understood(&encrypted(Format::Xml, &answer));
            assert_eq!((understood.reply, understood.key), (reply.clone(), Some(WhichKey::Current)));
        }
    }
}

#[test]
fn a_transfer_goes_to_the_desk_or_to_a_named_agent() {
    let info = "<TransInfo><KfAccount><![CDATA[kf1@demo]]></KfAccount></TransInfo>";
    let without_cdata = "<TransInfo>\n<KfAccount> kf1@demo </KfAccount>\n</TransInfo>";
    for (rest, kf_account) in [
        ("", None),
        ("<TransInfo/>", None),
        ("<TransInfo>\n</TransInfo>", None),
        ("<TransInfo><KfAccount></KfAccount></TransInfo>", None),
        (info, Some("kf1@demo")),
        (without_cdata, Some("kf1@demo")),
    ] {
        assert_eq!(plain(&xml("transfer_customer_service", rest)), transfer(kf_account), "{rest}");
    }
    assert_eq!(plain(&json("transfer_customer_service", "")), transfer(None));
    assert_eq!(plain(&json("transfer_customer_service", r#","TransInfo":null"#)), transfer(None));
    let named = json("transfer_customer_service", r#","TransInfo":{"KfAccount":"kf1@demo"}"#);
    assert_eq!(plain(&named), transfer(Some("kf1@demo")));
    // Weixin documents XML for own servers also where pushes are JSON.
    let key = sample_key();
    let push = answered(Format::Json, Mode::Plain, &key);
    let understood = read(xml("transfer_customer_service", info).as_bytes(), &push).expect("a transfer");
    assert_eq!((understood.reply, understood.warnings), (transfer(Some("kf1@demo")), Vec::new()));
}

#[test]
fn an_event_can_be_answered_and_a_transfer_of_it_is_warned_of() {
    let key = sample_key();
    let push = AnsweredPush { is_event: true, ..answered(Format::Xml, Mode::Plain, &key) };
    let understood = read(xml("transfer_customer_service", "").as_bytes(), &push).expect("a transfer");
    assert_eq!((understood.reply, understood.warnings), (transfer(None), vec![Warning::TransferOfEvent]));
}

/// WeRoBot's templates, wechatpy (`MsgType` first), and the milliseconds of `wechat` and `co-wechat`.
#[test]
fn order_white_space_and_milliseconds_do_not_matter() {
    let werobot = format!(
        "\n    <xml>\n    <ToUserName><![CDATA[{OPENID}]]></ToUserName>\n    \
         <FromUserName><![CDATA[{ORIGINAL_ID}]]></FromUserName>\n    <CreateTime>1482048671</CreateTime>\n    \
         <MsgType><![CDATA[text]]></MsgType>\n    <Content>\n<![CDATA[ hi ]]>\n</Content>\n    </xml>\n    "
    );
    assert_eq!(plain(&werobot), text(" hi "));
    let first = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- -->\n<xml>\n<MsgType><![CDATA[text]]></MsgType>\n\
         <Content>a &amp; b &#x5BA2;&lt;</Content><CreateTime>1482048671123</CreateTime>\
         <FromUserName>{ORIGINAL_ID}</FromUserName><ToUserName>{OPENID}</ToUserName>\n</xml>"
    );
    assert_eq!(plain(&first), text("a & b 客<"));
    assert_eq!(plain(&xml("text", "<Content><![CDATA[a]]]]><![CDATA[>b]]></Content>")), text("a]]>b"));
}

/// Empty `Content` beside articles and music without a thumb: WeRoBot.
#[test]
fn members_of_other_types_and_missing_thumbs_do_not_matter() {
    let news = "<Content></Content><ArticleCount>1</ArticleCount><Articles><item><Title>t</Title><Description/>\
                <PicUrl/><Url>u</Url></item></Articles><FuncFlag>0</FuncFlag>";
    let Reply::Message(Content::News(News { articles })) = plain(&xml("news", news)) else { panic!("news") };
    assert_eq!((articles.len(), articles[0].url.as_str()), (1, "u"));
    let music = "<Music><Title>t</Title><MusicURL>u</MusicURL></Music>";
    let Reply::Message(Content::Music(music)) = plain(&xml("music", music)) else { panic!("music") };
    assert_eq!((music.musicurl.as_str(), music.thumb_media_id.as_str()), ("u", ""));
}

#[test]
fn articles_behind_the_limit_are_not_sent() {
    let items = "<item><Title>t</Title></item>".repeat(10);
    let answer = xml("news", &format!("<Articles>{items}</Articles>"));
    for (is_event, sent) in [(false, 1), (true, 8)] {
        let key = sample_key();
        let push = AnsweredPush { is_event, ..answered(Format::Xml, Mode::Plain, &key) };
        let understood = read(answer.as_bytes(), &push).expect("news");
        let Reply::Message(Content::News(News { articles })) = understood.reply else { panic!("news") };
        assert_eq!(articles.len(), sent);
        assert_eq!(understood.warnings, [Warning::ArticlesCut { found: 10, sent }]);
    }
    for list in [r#"[{"Title":"t"}]"#, r#"{"item":[{"Title":"t"}]}"#, r#"{"item":{"Title":"t"}}"#] {
        let answer = json("news", &format!(r#","Articles":{list}"#));
        let Reply::Message(Content::News(News { articles })) = plain(&answer) else { panic!("news") };
        assert_eq!((articles.len(), articles[0].title.as_str()), (1, "t"), "{list}");
    }
}

/// Milliseconds and long nonces (`wechat`, `co-wechat`), the request's nonce (silenceper), the first ten characters of
/// the appid (EasyWeChat 5), no CDATA, other members beside (itchatmp).
#[test]
fn envelopes_of_every_sdk_are_opened() {
    let answer = xml("text", "<Content><![CDATA[hi]]></Content>");
    let sealed = encrypt_by_16(answer.as_bytes(), APPID);
    for (timestamp, nonce) in
        [("1482048671123", "12345678901"), ("1482048671", "415670741"), ("1482048671", &APPID[..10])]
    {
        for format in Format::ALL {
            let whole = envelope(format, &sealed, timestamp, nonce);
            let understood = understood(&whole);
            assert_eq!(understood.reply, text("hi"));
            assert_eq!(understood.warnings, Vec::new());
        }
    }
    let whole = envelope(Format::Xml, &sealed, "1482048671", "1");
    let bare = whole.replace("<![CDATA[", "\n").replace("]]>", "\n");
    let more = whole.replace("<xml>", "<xml><MsgType>text</MsgType><ToUserName>x</ToUserName>");
    let quoted = envelope(Format::Json, &sealed, "1482048671", "1").replace("1482048671", "\"1482048671\"");
    for answer in [bare, more, quoted] {
        assert_eq!(understood(&answer).reply, text("hi"), "{answer}");
    }
}

#[test]
fn clear_and_encrypted_answers_are_taken_in_every_mode() {
    let key = sample_key();
    let clear = xml("text", "<Content>hi</Content>");
    let sealed = encrypted(Format::Xml, &clear);
    for (mode, answer, warnings) in [
        (Mode::Plain, &clear, vec![]),
        (Mode::Compatible, &clear, vec![]),
        (Mode::Safe, &clear, vec![Warning::ClearInSafeMode]),
        (Mode::Plain, &sealed, vec![Warning::EncryptedInPlainMode]),
        (Mode::Compatible, &sealed, vec![]),
        (Mode::Safe, &sealed, vec![]),
    ] {
        let understood = read(answer.as_bytes(), &answered(Format::Xml, mode, &key)).expect("a text");
        assert_eq!((understood.reply, understood.warnings), (text("hi"), warnings), "{mode:?}");
    }
}

#[test]
fn the_previous_key_is_still_read() {
    let (current, previous) = (sample_key(), zero_key());
    let keys = AesKeys { current: &current, previous: Some(&previous) };
    let secrets = Secrets { token: TOKEN, appid: APPID, keys };
    let push = AnsweredPush { secrets: Some(secrets), ..answered(Format::Xml, Mode::Safe, &current) };
    let answer = encrypted_with(&previous, Format::Xml, "success");
    let understood = read(answer.as_bytes(), &push).expect("success");
    assert_eq!((understood.key, understood.warnings), (Some(WhichKey::Previous), vec![Warning::PreviousKey]));
    assert_eq!(decrypted(answer.as_bytes(), secrets), Ok(Some("success".into())));
    assert_eq!(decrypted(b"success", secrets), Ok(None));
}

#[test]
fn what_weixin_may_refuse_is_taken_with_a_warning() {
    let key = sample_key();
    let warnings = |answer: &str| {
        let push = answered(Format::Xml, Mode::Plain, &key);
        read(answer.as_bytes(), &push).unwrap_or_else(|error| panic!("{error}: {answer}")).warnings
    };
    assert_eq!(warnings("\u{feff}success"), [Warning::ByteOrderMark]);
    let answer = xml("text", "<Content>hi</Content>");
    assert_eq!(warnings(&format!("\u{feff}{answer}")), [Warning::ByteOrderMark]);
    let from = |found: &str| Warning::FromUserName { expected: ORIGINAL_ID.into(), found: found.into() };
    assert_eq!(warnings(&answer.replace(ORIGINAL_ID, "gh_other")), [from("gh_other")]);
    let nameless = "<xml><MsgType>text</MsgType><Content>hi</Content></xml>";
    assert_eq!(warnings(nameless), [Warning::NoToUserName, from("")]);
    assert_eq!(warnings(&json("text", r#","Content":"hi""#)), [Warning::JsonForXml]);
    for warning in [from(""), from("x"), Warning::NoToUserName, Warning::JsonForXml] {
        assert!(!warning.to_string().is_empty());
    }
}
