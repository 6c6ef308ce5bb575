//! Properties that hold for any input. The fuzzer runs them on its inputs, the tests on random inputs.

mod callback;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use kefu::desk::cursor::Cursor;
use kefu::http::guard::cookie;
use kefu::http::multipart::{FormParser, PartHeaders, Piece};
use kefu::http::query::Query;
use kefu::store::numbered;
use model::picture::{Filter, PictureSize};
use model::{Appid, KfAccount, Nickname, Openid, WechatId};
use protocol::media::{Format, MediaKind, admit_headimg};
use protocol::{Errcode, endpoint, kfaccount, kfsession, strict, token};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

/// A property, by name.
pub type Property = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: &[Property] = &[
    ("json", json),
    ("query", query),
    ("path", path),
    ("cookies", cookies),
    ("sql", sql),
    ("cursor", cursor),
    ("names", names),
    ("multipart", multipart),
    ("files", files),
    ("pictures", pictures),
    ("reply", reply),
    ("cipher", cipher),
];

/// [`callback::reply`].
pub fn reply(input: &[u8]) {
    callback::reply(input);
}

/// [`callback::cipher`].
pub fn cipher(input: &[u8]) {
    callback::cipher(input);
}

/// A refused body has one of two codes. An accepted one is a JSON object, and reads the same when it is written again.
pub fn json(input: &[u8]) {
    body::<Value>(input);
    body::<kfaccount::AddKfAccount>(input);
    body::<kfaccount::UpdateKfAccount>(input);
    body::<kfaccount::DelKfAccount>(input);
    body::<kfaccount::InviteKfWorker>(input);
    body::<kfsession::AgentAndCustomer>(input);
    body::<token::GetStableAccessToken>(input);
}

fn body<T: DeserializeOwned + Debug>(input: &[u8]) {
    match strict::object::<T>(input) {
        Err(code) => assert!(matches!(code, Errcode::EmptyPostData | Errcode::DataFormat), "{code}"),
        Ok(read) => {
            let text = std::str::from_utf8(input).expect("what is taken is UTF-8");
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let value: Value = serde_json::from_str(text).expect("what is taken is JSON");
            assert!(value.is_object());
            let again = serde_json::to_vec(&value).expect("what was read can be written");
            assert!(!has_nul(&value), "a NUL came through");
            let again = strict::object::<T>(&again).expect("what was taken is taken again");
            // A fraction may lose its last digit on the way; no call of ours takes one.
            if !has_fraction(&value) {
                assert_eq!(format!("{read:?}"), format!("{again:?}"));
            }
        }
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        _ => false,
    }
}

/// The own reader of queries finds what `form_urlencoded` finds, and never returns a NUL.
pub fn query(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let of = Query::of(text);
    let names = text.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    for name in names.take(20).chain(["access_token", "openid", "kf_account"]) {
        let mut pairs = form_urlencoded::parse(text.as_bytes());
        let wanted = pairs.find(|(key, _)| key == name).map(|(_, value)| value.replace('\0', "\u{fffd}"));
        let quick = !text.contains(['%', '+']);
        let found = of.get(name);
        if quick && name.is_empty() {
            // No parameter has an empty name; `form_urlencoded` skips empty pairs.
            continue;
        }
        // An address from HTTP has no raw NUL.
        if !text.contains('\0') {
            assert_eq!(found, wanted.filter(|value| !value.is_empty()), "{name:?} in {text:?}");
        }
    }
}

/// Only the paths of a row lead to the row, and they are Weixin's.
pub fn path(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Some(row) = endpoint::at(text) {
        assert!(row.paths().any(|path| path == text) && endpoint::is_weixin(text));
    }
    // However a proxy reads the path: a path of Weixin's has one of the roots in it.
    const ROOTS: [&str; 2] = ["cgi-bin", "customservice"];
    let first = text.strip_prefix('/').map(|rest| rest.trim_start_matches('/').split('/').next());
    let is_plain = first.flatten().is_some_and(|first| ROOTS.contains(&first));
    let may_be = text.contains('%') || ROOTS.iter().any(|root| text.contains(root));
    let is_weixin = endpoint::is_weixin(text);
    assert!((!is_plain || is_weixin) && (!is_weixin || may_be), "{text:?}");
}

/// A cookie's value follows its name in the header, and has no `;`.
pub fn cookies(input: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n').take(8) {
        let Ok(value) = HeaderValue::from_bytes(line) else { continue };
        headers.append(COOKIE, value);
    }
    for name in ["kefu_login", "kefu_wx0123456789abcdef", ""] {
        let Some(value) = cookie(&headers, name) else { continue };
        assert!(!value.contains(';'), "{value:?}");
        let pair = format!("{name}={value}");
        let holds = |line: &HeaderValue| line.to_str().is_ok_and(|line| line.contains(&pair));
        assert!(headers.get_all(COOKIE).iter().any(holds), "{pair:?}");
    }
}

/// Only a `$` before a digit outside quotes changes, and a second pass changes nothing.
pub fn sql(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let changed = numbered(text);
    assert_eq!(changed.len(), text.len());
    let mut quote = None;
    for (at, (was, is)) in text.bytes().zip(changed.bytes()).enumerate() {
        match (quote, was) {
            (Some(open), _) if open == was => quote = None,
            (None, b'\'' | b'"') => quote = Some(was),
            _ => {}
        }
        let is_place =
            quote.is_none() && was == b'$' && text.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit);
        assert_eq!(is, if is_place { b'?' } else { was }, "at {at} of {text:?}");
    }
    assert_eq!(numbered(&changed), changed);
}

/// A cursor that is written and read again is the same. For a store of another epoch it has no numbers.
pub fn cursor(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = Cursor::read("epoch", &format!("epoch;{text}"));
    assert_eq!(Cursor::read("epoch", &read.text()), read, "{text:?}");
    let other = Cursor::read("another", &read.text());
    assert!(read.seqs().all(|(owner, _)| other.seq(owner) < 0), "{text:?}");
}

/// An accepted name is the input, and has no NUL and no line end.
pub fn names(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let sound = |taken: &str| {
        assert_eq!(taken, text);
        assert!(!text.contains(['\0', '\n', '\r']), "{text:?}");
    };
    if let Ok(name) = Appid::parse(text) {
        sound(name.as_str());
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()), "cookie names contain it: {text:?}");
    }
    if let Ok(name) = KfAccount::parse(text) {
        sound(name.as_str());
        assert!(text.ends_with(&format!("@{}", name.suffix())) && text.matches('@').count() == 1, "{text:?}");
    }
    if let Ok(name) = Nickname::parse(text) {
        assert!(!name.as_str().is_empty() && !name.as_str().contains('\0'));
    }
    if let Ok(name) = Openid::parse(text) {
        sound(name.as_str());
    }
    if let Ok(name) = WechatId::parse(text) {
        sound(name.as_str());
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{text:?}");
    }
}

/// A form is read the same in pieces of any size, each byte a few times at most. A file's name has no path. A part of a
/// form comes out as it was put in.
pub fn multipart(input: &[u8]) {
    let (said, body) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let said = String::from_utf8_lossy(said);
    for content_type in ["multipart/form-data; boundary=b", &said] {
        let whole = form(content_type, body, body.len().max(1));
        assert_eq!(form(content_type, body, 1), whole, "{content_type:?}");
        assert_eq!(form(content_type, body, 3 + input.len() % 7), whole, "{content_type:?}");
        for (part, _) in whole.into_iter().flatten() {
            let name = part.file_name.unwrap_or_default();
            assert!(!name.contains(['/', '\\', '\0', '\r', '\n']), "{name:?}");
        }
    }
    let (boundary, begin) = ("0123456789abcdef", "Content-Disposition: form-data; name=\"media\"");
    if !input.windows(boundary.len()).any(|window| window == boundary.as_bytes()) {
        let head = format!("--{boundary}\r\n{begin}\r\n\r\n");
        let text = [head.as_bytes(), input, format!("\r\n--{boundary}--\r\n").as_bytes()].concat();
        let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
        let part = PartHeaders { name: "media".into(), file_name: None };
        assert_eq!(form(&content_type, &text, 5), Some(vec![(part, input.to_vec())]));
    }
}

/// The parts of a form, read in pieces of `step` bytes; `None` if the input is not a form, is broken, or has no end.
fn form(content_type: &str, body: &[u8], step: usize) -> Option<Vec<(PartHeaders, Vec<u8>)>> {
    let mut parser = FormParser::of(content_type)?;
    let (mut parts, mut fed) = (Vec::<(PartHeaders, Vec<u8>)>::new(), 0);
    for bytes in body.chunks(step) {
        parser.feed(bytes);
        fed += bytes.len() as u64;
        assert!(parser.scanned() <= 4 * fed + 16, "bytes are looked at over and over");
        while let Some(piece) = parser.piece().ok()? {
            match piece {
                Piece::Part(part) => parts.push((part, Vec::new())),
                Piece::Data(data) => {
                    assert!(!data.is_empty(), "a piece of nothing");
                    parts.last_mut().expect("data are of a part").1.extend_from_slice(&data);
                }
                Piece::End => assert!(!parts.is_empty(), "the end of no part"),
                Piece::Closed => return Some(parts),
            }
        }
    }
    None
}

/// A file's format depends on its first bytes only. Nothing that a browser could run has a format. An accepted file
/// fits its kind.
pub fn files(input: &[u8]) {
    let format = Format::of(input);
    assert_eq!(Format::of(&input[..input.len().min(Format::HEAD)]), format);
    assert_eq!(Format::of(&[input, b"more"].concat()).or(format), Format::of(&[input, b"more"].concat()));
    let begin = input.trim_ascii_start().first();
    assert!(format.is_none() || !matches!(begin, Some(b'<' | b'{' | b'%')), "{format:?}");
    let size = input.len() as u64;
    for kind in MediaKind::ALL {
        match kind.admit(input, size) {
            Ok(taken) => {
                assert!(Some(taken) == format && kind.formats().contains(&taken) && size <= kind.size_max())
            }
            Err(code) => assert!(matches!(
                code,
                Errcode::EmptyMediaData
                    | Errcode::MediaSize
                    | Errcode::InvalidFileType
                    | Errcode::InvalidMediaSize
            )),
        }
    }
    assert_eq!(admit_headimg(input, size).is_ok(), matches!(format, Some(Format::Png | Format::Jpeg)));
}

/// A picture is read the same in pieces of any size, keeps its format, and a second pass changes nothing.
pub fn pictures(input: &[u8]) {
    let whole = filtered(input, input.len().max(1));
    assert_eq!(filtered(input, 1), whole);
    assert_eq!(filtered(input, 3 + input.len() % 7), whole);
    if let Some((out, size)) = whole {
        assert_eq!(Format::of(&out), Format::of(input));
        // The kept part of EXIF is written anew: at most four bytes more than the shortest form.
        assert!(out.len() <= input.len() + 4);
        assert_eq!(filtered(&out, 5), Some((out, size)));
    }
}

/// The filtered picture and its size; `None` if the input is not a picture.
fn filtered(input: &[u8], step: usize) -> Option<(Vec<u8>, Option<PictureSize>)> {
    let mut filter = Filter::new();
    let mut out: Vec<u8> = input.chunks(step).flat_map(|piece| filter.push(piece)).collect();
    let end = filter.end().ok()?;
    out.extend(end.tail);
    if let Some(head) = end.head {
        out[..head.len()].copy_from_slice(&head);
    }
    Some((out, end.size))
}
