//! Answers that cannot be taken, each with its reason.

use crate::answer::{encrypted, encrypted_with, envelope, json, xml};
use crate::{APPID, OPENID, answered, sample_key, zero_key};
use protocol::callback::reply::{AnsweredPush, JsonFault, XmlFault, read};
use protocol::callback::{CipherError, Format, Mode, ReplyError, encrypt};
use protocol::limits::{CONTENT_MAX, REPLY_MAX, REPLY_MEMBERS_MAX, REPLY_NESTING_MAX, TEXT_MAX};

fn refused_bytes(answer: &[u8]) -> ReplyError {
    let key = sample_key();
    let error = read(answer, &answered(Format::Xml, Mode::Safe, &key)).expect_err("a wrong answer");
    assert!(serde_json::to_value(&error).is_ok_and(|json| json["error"].is_string()), "{error:?}");
    let text = error.to_string();
    assert!(text.len() < 500 && !text.contains(char::is_control), "{text}");
    error
}

fn refused(answer: &str) -> ReplyError {
    refused_bytes(answer.as_bytes())
}

/// What is wrong with XML.
fn xml_fault(answer: &str) -> XmlFault {
    match refused(answer) {
        ReplyError::Xml { fault, .. } => fault,
        other => panic!("{other}: {answer}"),
    }
}

fn json_fault(answer: &str) -> JsonFault {
    match refused(answer) {
        ReplyError::Json { fault, .. } => fault,
        other => panic!("{other}: {answer}"),
    }
}

#[test]
fn neither_text_nor_document() {
    let largest = format!("success{}", " ".repeat(REPLY_MAX - 7));
    assert!(read(largest.as_bytes(), &answered(Format::Xml, Mode::Safe, &sample_key())).is_ok());
    assert_eq!(refused(&format!("{largest} ")), ReplyError::TooLarge { bytes: REPLY_MAX + 1 });
    assert_eq!(refused_bytes(b"succ\xe5ess"), ReplyError::NotUtf8 { at: 4 });
    for answer in ["SUCCESS", "\"success\"", "ok", "[]", "Warning: Undefined variable <xml></xml>"] {
        assert_eq!(refused(answer), ReplyError::Unknown { begins: answer.into() });
    }
    assert_eq!(refused(&"客".repeat(99)), ReplyError::Unknown { begins: "客".repeat(60) });
    assert_eq!(refused("<html><body>502</body></html>"), ReplyError::Root { found: "html".into() });
    assert_eq!(refused("<XML/>"), ReplyError::Root { found: "XML".into() });
}

#[test]
fn malformed_xml() {
    for answer in ["<xml><a></b></xml>", "<xml></a></xml>", "<xml>&amp</xml>", "<xml><![CDATA[x</xml>", "<"] {
        assert!(matches!(xml_fault(answer), XmlFault::Malformed(_)), "{answer}");
    }
    assert!(matches!(xml_fault("<xml>&#0;</xml>"), XmlFault::Malformed(_)));
    assert!(matches!(xml_fault("<xml>&#x110000;</xml>"), XmlFault::Malformed(_)));
    assert_eq!(xml_fault("<xml><a>"), XmlFault::Unfinished);
    assert_eq!(xml_fault("<!-- nothing -->"), XmlFault::Unfinished);
    for answer in ["<xml/><xml/>", "<xml/>x", "<xml/><![CDATA[x]]>", "<xml/>&lt;"] {
        assert_eq!(xml_fault(answer), XmlFault::BehindRoot, "{answer}");
    }
    let at = match refused("<xml><a></b></xml>") {
        ReplyError::Xml { at, .. } => at,
        other => panic!("{other}"),
    };
    assert_eq!(at, 8);
}

/// A "billion laughs" document, an external entity, and entities without a declaration.
#[test]
fn entities_are_not_declared_and_not_followed() {
    let laughs =
        "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><xml><Content>&b;</Content></xml>";
    let file = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><xml><Content>&a;</Content></xml>";
    for answer in [laughs, file, "<!DOCTYPE html><html></html>"] {
        assert_eq!(xml_fault(answer), XmlFault::DocumentType, "{answer}");
    }
    assert_eq!(xml_fault("<xml><Content>a&nbsp;b</Content></xml>"), XmlFault::Entity("nbsp".into()));
    assert_eq!(xml_fault("<xml><Content>a&n\0\n;b</Content></xml>"), XmlFault::Entity("n  ".into()));
}

#[test]
fn nesting_and_members_are_bounded() {
    let deep_xml = |levels: usize| {
        let inner = levels - 1;
        xml("text", &format!("<Content>x</Content>{}{}", "<a>".repeat(inner), "</a>".repeat(inner)))
    };
    assert!(
        read(deep_xml(REPLY_NESTING_MAX).as_bytes(), &answered(Format::Xml, Mode::Plain, &sample_key()))
            .is_ok()
    );
    assert_eq!(xml_fault(&deep_xml(REPLY_NESTING_MAX + 1)), XmlFault::Nesting);
    assert_eq!(xml_fault(&"<a>".repeat(20_000)), XmlFault::Nesting);
    assert_eq!(xml_fault(&format!("<xml>{}</xml>", "<a/>".repeat(REPLY_MEMBERS_MAX))), XmlFault::Elements);
    let deep_json = |levels: usize| {
        let inner = levels - 1;
        json("text", &format!(r#","Content":"x","a":{}{}"#, "[".repeat(inner), "]".repeat(inner)))
    };
    assert!(
        read(deep_json(REPLY_NESTING_MAX).as_bytes(), &answered(Format::Json, Mode::Plain, &sample_key()))
            .is_ok()
    );
    assert_eq!(json_fault(&deep_json(REPLY_NESTING_MAX + 1)), JsonFault::Nesting);
    assert_eq!(json_fault(&format!("{{\"a\":{}", "[".repeat(20_000))), JsonFault::Nesting);
    assert_eq!(json_fault(&format!("{{\"a\":[{}0]}}", "0,".repeat(REPLY_MEMBERS_MAX))), JsonFault::Members);
}

#[test]
fn malformed_json() {
    for answer in ["{", "{} {}", "{\"a\":}", "{'a':1}"] {
        assert!(matches!(json_fault(answer), JsonFault::Malformed(_)), "{answer}");
    }
    let ReplyError::Json { line, column, .. } = refused("{\n\"a\":}") else { panic!("JSON") };
    assert_eq!((line, column), (2, 5));
}

#[test]
fn missing_repeated_and_mistyped_members() {
    let missing = |member| ReplyError::Missing { member };
    for (answer, error) in [
        ("<xml></xml>".to_owned(), missing("MsgType")),
        ("{}".to_owned(), missing("MsgType")),
        (xml("text", ""), missing("Content")),
        (xml("text", "<Content> \u{200b}</Content>"), missing("Content")),
        (xml("image", "<MediaId>m</MediaId>"), missing("Image")),
        (xml("image", "<Image><Url>m</Url></Image>"), missing("Image.MediaId")),
        (xml("voice", "<Voice/>"), missing("Voice")),
        (xml("video", "<Video><Title>t</Title></Video>"), missing("Video.MediaId")),
        (xml("music", "<Music><Title>t</Title></Music>"), missing("Music.MusicUrl")),
        (xml("news", "<ArticleCount>0</ArticleCount>"), missing("Articles")),
        (xml("news", "<Articles><item/></Articles>"), missing("Articles.item")),
        (json("news", r#","Articles":[]"#), missing("Articles.item")),
        (xml("text", "<Content>a</Content><Content>b</Content>"), ReplyError::Repeated { member: "Content" }),
        (json("text", r#","Content":"a","Content":"b""#), ReplyError::Repeated { member: "Content" }),
        (xml("text", "<Content><b>a</b></Content>"), ReplyError::Shape { member: "Content" }),
        (xml("image", "<Image>m</Image>"), ReplyError::Shape { member: "Image" }),
        (json("news", r#","Articles":["a"]"#), ReplyError::Shape { member: "Articles.item" }),
        (json("text", r#","Content":"a\u0000b""#), ReplyError::Nul { member: "Content" }),
        (xml("event", ""), ReplyError::MsgType { found: "event".into() }),
        (xml("Text", "<Content>a</Content>"), ReplyError::MsgType { found: "Text".into() }),
    ] {
        assert_eq!(refused(&answer), error, "{answer}");
    }
}

#[test]
fn a_message_for_another_customer() {
    let answer = xml("text", "<Content>hi</Content>").replace(OPENID, "oOther");
    let expected = ReplyError::ToUserName { expected: OPENID.into(), found: "oOther".into() };
    assert_eq!(refused(&answer), expected);
    assert_eq!(
        expected.to_string(),
        format!("ToUserName is \"oOther\" instead of the customer's openid {OPENID}")
    );
}

#[test]
fn what_is_too_long() {
    let of = |length: usize| xml("text", &format!("<Content>{}</Content>", "x".repeat(length)));
    assert!(read(of(TEXT_MAX).as_bytes(), &answered(Format::Xml, Mode::Plain, &sample_key())).is_ok());
    let error = ReplyError::TooLong { member: "Content", bytes: TEXT_MAX + 1, most: TEXT_MAX };
    assert_eq!(refused(&of(TEXT_MAX + 1)), error);
    let title = format!("<Articles><item><Title>{}</Title></item></Articles>", "x".repeat(CONTENT_MAX));
    assert!(
        matches!(refused(&xml("news", &title)), ReplyError::ContentSize { bytes } if bytes > CONTENT_MAX)
    );
}

#[test]
fn wrong_envelopes() {
    let sealed = encrypt(&sample_key(), b"0123456789abcdef", b"success", APPID);
    let whole = envelope(Format::Xml, &sealed, "1482048671", "1");
    let ReplyError::Signature { expected, found } =
        refused(&whole.replace("<Nonce><![CDATA[1", "<Nonce><![CDATA[2"))
    else {
        panic!("the signature")
    };
    assert_eq!(expected.len(), 40);
    assert!(whole.contains(&found) && !whole.contains(&expected));
    for (name, member) in [("MsgSignature", "MsgSignature"), ("TimeStamp", "TimeStamp"), ("Nonce", "Nonce")] {
        let without =
            whole.replace(&format!("<{name}>"), "<Other>").replace(&format!("</{name}>"), "</Other>");
        assert_eq!(refused(&without), ReplyError::Missing { member });
    }
    let other_id = encrypt(&sample_key(), b"0123456789abcdef", b"success", "wx0000000000000000");
    let found = CipherError::Appid { expected: APPID.into(), found: "wx0000000000000000".into() };
    assert_eq!(refused(&envelope(Format::Xml, &other_id, "1", "1")), ReplyError::Cipher(found));
    assert!(matches!(refused(&encrypted_with(&zero_key(), Format::Xml, "success")), ReplyError::Cipher(_)));
    assert_eq!(
        refused(&envelope(Format::Xml, "no base64!", "1", "1")),
        ReplyError::Cipher(CipherError::Base64)
    );
    let key = sample_key();
    let keyless = AnsweredPush { secrets: None, ..answered(Format::Xml, Mode::Plain, &key) };
    assert_eq!(read(whole.as_bytes(), &keyless), Err(ReplyError::NoKey));
}

#[test]
fn an_envelope_in_an_envelope_is_no_message() {
    let inner = encrypted(Format::Xml, "success");
    assert_eq!(refused(&encrypted(Format::Xml, &inner)), ReplyError::Missing { member: "MsgType" });
    assert_eq!(refused(&encrypted(Format::Xml, "ok")), ReplyError::Unknown { begins: "ok".into() });
}
