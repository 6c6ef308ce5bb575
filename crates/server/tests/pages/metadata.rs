//! Metadata of pictures: it is removed from pictures that pages send and kept in files that programs upload. Also the
//! width and height of pictures, which the pages get.

use crate::actors::form::{GIF, JPEG, PNG};
use crate::actors::picture::{self, replies, shows};
use crate::actors::{TestAccount, TestApp, TestCustomer, code, until};
use serde_json::{Value, json};

/// The metadata of a camera: the orientation and the place.
const NOTES: &[u8] =
    b"II*\0\x08\0\0\0\x02\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x25\x88\x04\0\x01\0\0\0\x26\0\0\0\
    \0\0\0\0GPS 31.2304 N 121.4737 E";
/// What remains of the metadata: the orientation.
const WAY_UP: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

/// A segment of a JPEG.
fn segment(code: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, code], &length[..], content].concat()
}

/// A JPEG of 300 by 200 pixels with these segments.
fn jpeg(parts: &[Vec<u8>]) -> Vec<u8> {
    let frame = segment(0xc0, &[8, 0, 200, 1, 44, 1, 1, 0x11, 0]);
    let scan = [segment(0xda, &[1, 1, 0, 0, 63, 0]), b"pixels \xff\0\xff\xd0".to_vec()].concat();
    [&b"\xff\xd8"[..], &parts.concat(), &frame, &scan, b"\xff\xd9"].concat()
}

/// A chunk of a PNG. Its checksum is wrong, because it is not read.
fn png_chunk(name: &[u8; 4], content: &[u8], sum: u32) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], name, content, &sum.to_be_bytes()].concat()
}

fn png(parts: &[Vec<u8>]) -> Vec<u8> {
    let begin = [&PNG[..16], &[0, 0, 1, 44, 0, 0, 0, 200], &PNG[24..33]].concat();
    [&begin[..], &parts.concat(), &PNG[33..]].concat()
}

fn webp_chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_le_bytes();
    [name, &length[..], content, &[0][..content.len() % 2]].concat()
}

/// A WebP of 300 by 200 pixels with these chunks, and the flags for them.
fn webp(flags: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let begin = webp_chunk(b"VP8X", &[flags, 0, 0, 0, 0x2b, 1, 0, 199, 0, 0]);
    let chunks = [begin, webp_chunk(b"VP8L", b"\x2f\x2b\xc1\x31\0pixels"), parts.concat()].concat();
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", &chunks].concat()
}

/// A camera's picture, the same without metadata, its content type, and its width and height as shown.
struct CameraPicture {
    given: Vec<u8>,
    stays: Vec<u8>,
    kind: &'static str,
    pixels: (i64, i64),
}

fn shots() -> Vec<CameraPicture> {
    let icc = segment(0xe2, b"ICC_PROFILE\0\x01\x01colours");
    let exif = |notes: &[u8]| segment(0xe1, &[b"Exif\0\0", notes].concat());
    let noted = [exif(NOTES), segment(0xfe, b"a comment"), segment(0xed, b"Photoshop 3.0"), icc.clone()];
    let text = [
        png_chunk(b"tEXt", b"Author\0me", 0),
        png_chunk(b"eXIf", NOTES, 0),
        png_chunk(b"tIME", b"1234567", 0),
    ];
    let more = [webp_chunk(b"EXIF", NOTES), webp_chunk(b"XMP ", b"<x:xmpmeta/>")];
    let turned = (200, 300);
    vec![
        CameraPicture {
            given: [jpeg(&noted), b"a film behind it".to_vec()].concat(),
            stays: jpeg(&[exif(WAY_UP), icc]),
            kind: "image/jpeg",
            pixels: turned,
        },
        CameraPicture {
            given: [png(&text), b"behind".to_vec()].concat(),
            stays: png(&[png_chunk(b"eXIf", WAY_UP, 0xd667_4b69)]),
            kind: "image/png",
            pixels: turned,
        },
        CameraPicture {
            given: webp(0x0c, &more),
            stays: webp(0x08, &[webp_chunk(b"EXIF", WAY_UP)]),
            kind: "image/webp",
            pixels: (300, 200),
        },
        CameraPicture {
            given: webp(0x04, &more[1..]),
            stays: webp(0, &[]),
            kind: "image/webp",
            pixels: (300, 200),
        },
        CameraPicture { given: GIF.to_vec(), stays: GIF.to_vec(), kind: "image/gif", pixels: (1, 1) },
    ]
}

/// Content type and bytes of a message's file, as the customer gets it.
async fn file(
    app: &TestApp,
    account: &TestAccount,
    customer: &TestCustomer,
    message: &Value,
) -> (String, Vec<u8>) {
    let path = format!("/chat/api/{}/file?message={}", account.appid, message["id"]);
    let (_, kind, bytes) = picture::file(app, path, &customer.cookie()).await;
    (kind, bytes)
}

fn pixels(message: &Value) -> (i64, i64) {
    (message["width"].as_i64().unwrap_or_default(), message["height"].as_i64().unwrap_or_default())
}

on_both_engines! {
    metadata_is_removed_from_pictures_that_pages_send,
    pictures_that_differ_only_in_metadata_are_one_file,
    a_broken_picture_is_refused_and_leaves_nothing,
    uploads_of_programs_are_kept_unchanged,
    a_webp_from_a_page_is_recorded_like_any_picture,
}

async fn metadata_is_removed_from_pictures_that_pages_send(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let mut desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("look").await;
    let mut page = customer.watches().await;
    for (number, CameraPicture { given, stays, kind, pixels: expected }) in shots().into_iter().enumerate() {
        let id = format!("p{number}");
        let (status, sent) = shows(&app, &account, &customer, &given, &id).await;
        assert_eq!((status, pixels(&sent["message"])), (200, expected), "{kind} {sent}");
        assert_eq!(
            file(&app, &account, &customer, &sent["message"]).await,
            (kind.into(), stays.clone()),
            "{kind}"
        );
        let is_told = |fact: &Value, id: &str| {
            fact["message"]["client_id"] == id && pixels(&fact["message"]) == expected
        };
        desk.sees_fact("a picture with its pixels", |fact| is_told(fact, &id)).await;
        let (status, reply) =
            replies(&app, &ann, &sent["message"]["session"], &given, &format!("r{number}")).await;
        assert_eq!((status, pixels(&reply["message"])), (200, expected), "{kind} {reply}");
        assert_eq!(file(&app, &account, &customer, &reply["message"]).await, (kind.into(), stays), "{kind}");
        page.sees_fact("the reply with its pixels", |fact| is_told(fact, &format!("r{number}"))).await;
        assert_eq!(pixels(&customer.last().await), expected, "{kind}");
    }
    until("each is kept once", || async { app.files() == shots().len() }).await;
}

async fn pictures_that_differ_only_in_metadata_are_one_file(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("look").await;
    for (number, note) in ["one", "another"].into_iter().enumerate() {
        let picture = jpeg(&[segment(0xfe, note.as_bytes())]);
        assert_eq!(shows(&app, &account, &customer, &picture, &format!("p{number}")).await.0, 200);
    }
    until("one is left", || async { app.files() == 1 }).await;
}

async fn a_broken_picture_is_refused_and_leaves_nothing(app: TestApp) {
    let account = app.account().await;
    let customer = account.customer();
    customer.says("look").await;
    let long = webp_chunk(b"VP8L", &[b'/'; 100]);
    for (name, broken) in [
        ("a JPEG with a second begin", jpeg(&[vec![0xff, 0xd8]])),
        ("a segment shorter than its length", jpeg(&[vec![0xff, 0xe1, 0, 1]])),
        ("a JPEG that breaks off before its size", JPEG[..JPEG.len() - 2].to_vec()),
        ("a PNG with a chunk that has no name", png(&[png_chunk(b"\0\0\0\0", b"x", 0)])),
        ("a WebP that breaks off", webp(0, &[long])[..100].to_vec()),
        (
            "a WebP that is shorter than it says",
            [b"RIFF\xff\0\0\0WEBP", &webp_chunk(b"VP8L", b"/")[..]].concat(),
        ),
    ] {
        let (status, answer) = shows(&app, &account, &customer, &broken, "p1").await;
        assert_eq!((status, code(&answer)), (400, 990_023), "{name}");
    }
    let (_, answer) = shows(&app, &account, &customer, b"hello", "p1").await;
    assert!(answer["errmsg"].as_str().unwrap().contains("PNG, JPEG, GIF or WebP"), "{answer}");
    until("nothing is left", || async { app.files() == 0 }).await;
}

async fn uploads_of_programs_are_kept_unchanged(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    let customer = account.customer();
    customer.says("look").await;
    for CameraPicture { given, kind, pixels: expected, .. } in shots() {
        let answer = account.uploads("image", &given).await;
        if kind == "image/webp" {
            assert_eq!(code(&answer), 40005, "{answer}");
            assert_eq!(code(&account.pictures("a1", &given).await), 40005);
            continue;
        }
        let media_id = answer["media_id"].as_str().unwrap();
        assert_eq!(account.fetches(media_id).await.bytes().await.unwrap(), given, "{kind}");
        let image = json!({"msgtype": "image", "image": {"media_id": media_id}});
        assert_eq!(code(&account.sends(&customer.openid(), image).await), 0);
        let message = customer.last().await;
        assert_eq!((&message["kind"], pixels(&message)), (&json!("image"), expected), "{message}");
        assert_eq!(file(&app, &account, &customer, &message).await, (kind.into(), given.clone()));
        if kind != "image/gif" {
            assert_eq!(code(&account.pictures("a1", &given).await), 0);
            let url = account.kf_list().await[0]["kf_headimgurl"].as_str().unwrap().to_owned();
            assert_eq!(app.http.get(url).send().await.unwrap().bytes().await.unwrap(), given);
        }
    }
}

async fn a_webp_from_a_page_is_recorded_like_any_picture(app: TestApp) {
    let account = app.account().await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = account.customer();
    customer.says("look").await;
    for (number, picture) in [webp(0, &[]), png(&[])].into_iter().enumerate() {
        assert_eq!(shows(&app, &account, &customer, &picture, &format!("p{number}")).await.0, 200);
    }
    let now = crate::actors::BEGIN / 1000;
    let asked = json!({"starttime": now - 60, "endtime": now + 60, "msgid": 1, "number": 100});
    let listed = account.post("/customservice/msgrecord/getmsglist", asked).await;
    let records = listed["recordlist"].as_array().unwrap();
    let [.., webp, png] = &records[..] else { panic!("{listed}") };
    assert_eq!((&webp["text"], &webp["opercode"]), (&png["text"], &png["opercode"]));
    assert_eq!(webp["text"], "[image]");
    // A file without a size in its header has no width and height.
    assert_eq!(shows(&app, &account, &customer, JPEG, "p2").await.0, 200);
    assert_eq!(customer.last().await.get("width"), None);
}
