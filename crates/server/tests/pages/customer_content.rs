//! What customers send beside texts and pictures, by an operator's command: what the desk, the developer's server and
//! the records say of it.

use crate::actors::form::{AMR, JPEG, MP4, PNG, sized};
use crate::actors::picture::file;
use crate::actors::{BEGIN, TestAccount, TestApp, TestCustomer, until};
use crate::callback::receiver::{Receiver, delivers, listens};
use crate::fixture::engine::Fresh;
use crate::fixture::running::{APPID, DEMO, RunningServer, kefu};
use kefu::admin::Command;
use kefu::admin::customer::{CustomerCommand, FileBytes};
use kefu::bind;
use protocol::message::CustomerContent;
use serde_json::{Value, json};

on_both_engines! {
    the_desk_and_the_customer_see_what_was_sent,
    the_developers_server_is_told_and_fetches_the_files,
    records_name_the_kind,
    what_cannot_be_sent_is_refused_with_what_can,
    files_are_counted_and_kept_only_with_a_message,
}

/// A msgtype and what is sent.
type Sent = (&'static str, Value);
/// The file and the thumb.
type Files<'a> = [Option<&'a [u8]>; 2];

async fn of_kind(app: &TestApp, kind: &str) -> TestAccount {
    app.account_with(|settings| settings.kind = Some(kind.into())).await
}

/// An operator's command has a customer send this, with its file and its thumb.
async fn sends(
    account: &TestAccount,
    openid: &str,
    (msgtype, body): Sent,
    files: Files<'_>,
) -> Result<Value, String> {
    let content = CustomerContent::read(msgtype, body).expect(msgtype);
    let [file, thumb] = files.map(|bytes| bytes.map(|bytes| FileBytes(bytes.to_vec())));
    let (appid, openid) = (account.appid.clone(), openid.to_owned());
    // As it travels to a running server.
    let command = Command::Customer(CustomerCommand::Send { appid, openid, content, file, thumb });
    let command = serde_json::from_str(&serde_json::to_string(&command).unwrap()).unwrap();
    account.app.command(command).await
}

fn place() -> Sent {
    ("location", json!({"latitude": 23.134521, "longitude": -113.358803, "scale": 20, "label": "桥 <1>"}))
}

fn link() -> Sent {
    ("link", json!({"title": "T", "description": "D", "url": "https://a.example/?a=1&b", "thumb_url": ""}))
}

fn page() -> Sent {
    ("miniprogrampage", json!({"title": "T", "appid": "wx1", "pagepath": "p/i", "thumb_media_id": ""}))
}

async fn the_desk_and_the_customer_see_what_was_sent(app: TestApp) {
    let (account, mini) = (of_kind(&app, "service").await, of_kind(&app, "mini-program").await);
    let (thumbed, spoken): (Files<'_>, Files<'_>) = ([Some(MP4), Some(JPEG)], [Some(AMR), None]);
    let shows = |content: Sent, text: &'static str| (content.clone(), text, content.1);
    for (of, (content, text, body), files) in [
        (&account, shows(place(), "[location] 桥 <1>"), [None, None]),
        (&account, shows(link(), "[link] T"), [None, None]),
        (&account, (("voice", json!({})), "[voice]", json!({"format": "amr"})), spoken),
        (&account, (("video", json!({})), "[video]", Value::Null), thumbed),
        (&account, (("shortvideo", json!({})), "[video]", Value::Null), thumbed),
        (&mini, (page(), "[miniprogrampage] T", Value::Null), [None, Some(JPEG)]),
    ] {
        let agent = of.agent(&content.0[..content.0.len().min(10)]).await;
        let mut desk = agent.comes_online().await;
        let customer = TestCustomer::new(of);
        customer.says("hello").await;
        let msgtype = content.0;
        let sent = sends(of, &customer.openid(), content, files).await.unwrap();
        let event = desk.sees_fact(msgtype, |fact| fact["message"]["kind"] == msgtype).await;
        let facts = event.data["facts"].as_array().unwrap();
        let seen = facts.iter().find(|fact| !fact["message"].is_null()).unwrap();
        for message in [&seen["message"], &customer.last().await] {
            assert_eq!((&message["from"], &message["text"]), (&json!("customer"), &json!(text)), "{message}");
            assert_eq!(message["id"], sent["message"]);
            if body != Value::Null {
                assert_eq!(message["body"], body);
            }
        }
        for (bytes, part) in files.into_iter().zip(["file", "thumb"]) {
            let Some(bytes) = bytes else { continue };
            let rest = format!("message={}&part={part}", sent["message"]);
            let at_desk = format!("/desk/api/file?appid={}&{rest}", of.appid);
            let at_chat = format!("/chat/api/{}/file?{rest}", of.appid);
            for (path, cookie) in [(at_desk, agent.cookie.clone()), (at_chat, customer.cookie())] {
                let (status, _, found) = file(&app, path, &cookie).await;
                assert_eq!((status, found.as_slice()), (200, bytes), "{msgtype} {part}");
            }
        }
        agent.leaves(desk).await;
    }
}

/// The body behind `CreateTime`, with the number of the message as 7 and ids of files as their names.
fn members(body: &str, names: &[(&str, String)]) -> String {
    let rest = body.split_once("</CreateTime>").expect("CreateTime").1.to_owned();
    let (before, id) = rest.split_once("<MsgId>").expect("MsgId");
    let whole = format!("{before}<MsgId>7{}", &id[id.find('<').unwrap()..]);
    names.iter().fold(whole, |body, (name, value)| body.replace(value, name))
}

async fn the_developers_server_is_told_and_fetches_the_files(app: TestApp) {
    let (account, mini) = (of_kind(&app, "service").await, of_kind(&app, "mini-program").await);
    let receivers = [Receiver::start().await, Receiver::start().await];
    listens(&account, &receivers[0]).await;
    listens(&mini, &receivers[1]).await;
    delivers(&app);
    let film =
        "<MediaId><![CDATA[file]]></MediaId><ThumbMediaId><![CDATA[thumb]]></ThumbMediaId><MsgId>7</MsgId>";
    let rows: [(usize, Sent, Files<'_>, &str); 6] = [
        (
            0,
            place(),
            [None, None],
            "<Location_X>23.134521</Location_X><Location_Y>-113.358803</Location_Y><Scale>20</Scale>\
             <Label><![CDATA[桥 <1>]]></Label><MsgId>7</MsgId>",
        ),
        (
            0,
            link(),
            [None, None],
            "<Title><![CDATA[T]]></Title><Description><![CDATA[D]]></Description>\
             <Url><![CDATA[https://a.example/?a=1&b]]></Url><MsgId>7</MsgId>",
        ),
        (
            0,
            ("voice", json!({})),
            [Some(AMR), None],
            "<MediaId><![CDATA[file]]></MediaId><Format><![CDATA[amr]]></Format><MsgId>7</MsgId>",
        ),
        (0, ("video", json!({})), [Some(MP4), Some(JPEG)], film),
        (0, ("shortvideo", json!({})), [Some(MP4), Some(JPEG)], film),
        (
            1,
            page(),
            [None, Some(JPEG)],
            "<MsgId>7</MsgId><Title><![CDATA[T]]></Title><AppId><![CDATA[wx1]]></AppId>\
             <PagePath><![CDATA[p/i]]></PagePath><ThumbUrl><![CDATA[address]]></ThumbUrl>\
             <ThumbMediaId><![CDATA[thumb]]></ThumbMediaId>",
        ),
    ];
    let mut told = [0, 0];
    for (whose, content, files, expected) in rows {
        let (of, receiver) = ([&account, &mini][whose], &receivers[whose]);
        let (msgtype, openid) = (content.0, of.creates_customer().await);
        let sent = sends(of, &openid, content, files).await.unwrap();
        assert_eq!(sent["session"], 0, "the developer's server alone has it");
        told[whose] += 1;
        let push = receiver.received(told[whose]).await.pop().unwrap();
        assert_eq!(push.element("MsgId"), sent["message"].to_string());
        let names = [("address", "ThumbUrl"), ("file", "MediaId"), ("thumb", "ThumbMediaId")];
        let names = names.map(|(name, element)| (name, push.element(element)));
        let names: Vec<_> = names.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let expected = format!("<MsgType><![CDATA[{msgtype}]]></MsgType>{expected}</xml>");
        assert_eq!(members(&push.body, &names), expected);
        for (bytes, element) in files.into_iter().zip(["MediaId", "ThumbMediaId"]) {
            let Some(bytes) = bytes else { continue };
            let mut found = of.fetches(&push.element(element)).await;
            if bytes == MP4 {
                let address: Value = found.json().await.unwrap();
                found = app.http.get(address["video_url"].as_str().unwrap()).send().await.unwrap();
            }
            assert_eq!(found.bytes().await.unwrap(), bytes, "{msgtype} {element}");
        }
        if msgtype == "miniprogrampage" {
            let thumb = app.http.get(push.element("ThumbUrl")).send().await.unwrap();
            assert_eq!(thumb.bytes().await.unwrap(), JPEG);
        }
    }
}

async fn records_name_the_kind(app: TestApp) {
    let account = of_kind(&app, "service").await;
    let ann = account.agent("a1").await;
    let _desk = ann.comes_online().await;
    let customer = TestCustomer::new(&account);
    customer.says("hello").await;
    let film: Files<'_> = [Some(MP4), Some(JPEG)];
    for (content, files) in [
        (place(), [None, None]),
        (link(), [None, None]),
        (("voice", json!({})), [Some(AMR), None]),
        (("video", json!({})), film),
        (("shortvideo", json!({})), film),
    ] {
        sends(&account, &customer.openid(), content, files).await.unwrap();
    }
    let day = json!({"starttime": BEGIN / 1000, "endtime": BEGIN / 1000 + 86_400, "msgid": 1, "number": 100});
    let list = account.post("/customservice/msgrecord/getmsglist", day).await;
    let texts: Vec<_> =
        list["recordlist"].as_array().expect("records").iter().map(|it| &it["text"]).collect();
    assert_eq!(texts, ["hello", "[location]", "[link]", "[voice]", "[video]", "[video]"], "{list}");
}

async fn what_cannot_be_sent_is_refused_with_what_can(app: TestApp) {
    let (account, mini) = (of_kind(&app, "service").await, of_kind(&app, "mini-game").await);
    let openid = account.creates_customer().await;
    let far = ("location", json!({"latitude": 90.5, "longitude": 0.0, "scale": 1, "label": ""}));
    let nowhere = ("link", json!({"url": " "}));
    let long = ("link", json!({"url": "https://a.example", "title": "t".repeat(17 * 1024)}));
    let (big, huge) = (vec![b'#'; 1 << 21], [AMR, &[0; 1 << 21]].concat());
    let rows: [(&TestAccount, Sent, Files<'_>, &str); 12] = [
        (&mini, place(), [None, None], "cannot send location"),
        (&mini, ("voice", json!({})), [Some(AMR), None], "cannot send voice"),
        (&account, page(), [None, Some(JPEG)], "cannot send miniprogrampage"),
        (&account, far, [None, None], "latitude"),
        (&account, nowhere, [None, None], "URL"),
        (&account, long, [None, None], "16384"),
        (&account, ("voice", json!({})), [None, None], "needs its files"),
        (&account, ("video", json!({})), [Some(MP4), None], "needs its files"),
        (&account, ("voice", json!({})), [Some(&big), None], "amr or mp3"),
        (&account, ("voice", json!({})), [Some(&huge), None], "2097152"),
        (&account, ("video", json!({})), [Some(MP4), Some(PNG)], "a thumb is jpg"),
        (&account, ("voice", json!({})), [Some(b""), None], "of 1 to"),
    ];
    for (of, content, files, said) in rows {
        let refused = sends(of, &openid, content.clone(), files).await.unwrap_err();
        assert!(refused.contains(said), "{content:?}: {refused}");
    }
    let nobody = sends(&account, "nobody", place(), [None, None]).await.unwrap_err();
    assert!(nobody.contains("customer create"), "{nobody}");
    assert_eq!(account.waiting().await, Vec::<String>::new());
    until("no file is left", || async { app.files() == 0 }).await;
}

async fn files_are_counted_and_kept_only_with_a_message(app: TestApp) {
    let account = of_kind(&app, "service").await;
    let openid = account.creates_customer().await;
    sends(&account, &openid, ("video", json!({})), [Some(MP4), Some(JPEG)]).await.unwrap();
    let (appid, customer) = (account.appid.clone(), openid.clone());
    let counted = app.inner.desk.store.read("", move |tx| {
        let media = tx.number("select count(*) from media where appid = $1", bind![&appid])?;
        let bytes = "select bytes from stored_bytes where appid = $1 and openid = $2";
        Ok((media, tx.number(bytes, bind![&appid, &customer])?, tx.number(bytes, bind![&appid, ""])?))
    });
    let size = i64::try_from(MP4.len() + JPEG.len()).unwrap();
    // Without a developer's server nothing needs ids of files.
    assert_eq!(counted.await.unwrap(), (0, size, size));
    assert_eq!(app.files(), 2);
    // The second video shares the bytes of the first.
    sends(&account, &openid, ("shortvideo", json!({})), [Some(MP4), Some(JPEG)]).await.unwrap();
    until("its files are stored once", || async { app.files() == 2 }).await;
}

/// With a folder, because commands reach the server by its socket there.
#[test]
fn operators_send_files_by_their_paths() {
    let fresh = Fresh::folder();
    let demo = RunningServer::start(DEMO, &fresh);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (film, thumb) = (path("film", &sized(MP4, 10 << 20)), path("thumb", &sized(JPEG, 64 << 10)));
    let (large, voice) = (path("large", &sized(MP4, (10 << 20) + 1)), path("voice", AMR));
    let openid = "o".repeat(28);
    let send = |args: &[&str]| {
        kefu(
            &[&["customer", "send"], args, &["--appid", APPID, "--openid", &openid, "--json"]].concat(),
            &fresh,
        )
    };
    let (done, said) = send(&["video", "--file", &film, "--thumb", &thumb]);
    assert!(done && said.contains("message"), "the largest files: {said}");
    let place = ["location", "--latitude", "-1.5", "--longitude", "2", "--label", "here"];
    assert!(send(&place).0);
    for (args, expected) in [
        (&["shortvideo", "--file", &large, "--thumb", &thumb][..], "too large: a video has at most 10485760"),
        (&["video", "--file", &film, "--thumb", &film], "too large: a thumb has at most 65536"),
        (&["voice", "--file", "/nowhere"], "reading /nowhere"),
        (&["location", "--latitude", "nan", "--longitude", "2"], "degrees are a number"),
        (&["miniprogrampage", "--pagepath", "p", "--thumb", &thumb], "cannot send miniprogrampage"),
    ] {
        let (done, said) = send(args);
        assert!(!done && said.contains(expected), "{args:?}: {said}");
    }
    demo.stop();
    let (done, said) = send(&["voice", "--file", &voice]);
    assert!(done, "without a server: {said}");
}
