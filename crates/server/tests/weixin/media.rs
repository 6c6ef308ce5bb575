//! uploadTempMedia and getMedia: accepted files, answers, and how long files are kept.

mod expiry;

use crate::actors::form::{AMR, FORM, GIF, JPEG, MP3, MP4, PNG, form, sized};
use crate::actors::{TestAccount, TestApp, TestComponent, code, until};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Who may call the endpoints of this group, by Weixin's pages: rows of `table/matrix.rs`.
pub const MATRIX: &str = r#"
upload | POST | /cgi-bin/media/upload
    | subscription* service* mini-program mini-game | 1 3 8 9 11 19 30 31 100 | - | - | 0
    | file type=image
mediaget | GET | /cgi-bin/media/get
    | subscription* service* mini-program mini-game | 1 3 8 9 11 19 30 31 100 | - | - | 0
    | media_id=$film
"#;

const MB: usize = 1 << 20;

/// A header of an answer.
fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

on_both_engines! {
    a_file_is_given_back_as_it_was,
    the_answer_to_an_upload_is_what_sdks_read,
    a_kind_takes_its_formats_up_to_its_size,
    each_refusal_of_an_upload_has_its_code_and_its_place,
    a_file_is_its_accounts_alone,
    a_file_is_given_to_a_post_as_to_a_get,
    a_video_is_fetched_at_an_address_of_its_own,
    all_parameters_may_be_in_the_form,
    an_upload_that_breaks_off_leaves_nothing,
    a_large_file_is_refused_with_an_answer_the_client_can_read,
    links_begin_with_the_host_of_the_request,
}

async fn a_file_is_given_back_as_it_was(app: TestApp) {
    let account = app.account().await;
    for (kind, bytes, content_type, extension) in [
        ("image", PNG, "image/png", "png"),
        ("image", JPEG, "image/jpeg", "jpg"),
        ("image", GIF, "image/gif", "gif"),
        ("voice", AMR, "audio/amr", "amr"),
        ("voice", MP3, "audio/mpeg", "mp3"),
        ("thumb", JPEG, "image/jpeg", "jpg"),
    ] {
        let media_id = account.media(kind, bytes).await;
        assert!(
            media_id.len() == 64
                && media_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'),
            "{media_id}"
        );
        let response = account.fetches(&media_id).await;
        assert_eq!(response.status(), 200);
        assert_eq!(header(&response, "content-type"), content_type);
        assert_eq!(
            header(&response, "content-disposition"),
            format!("attachment; filename=\"{media_id}.{extension}\"")
        );
        assert_eq!(header(&response, "content-length"), bytes.len().to_string());
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(response.bytes().await.unwrap(), bytes, "{kind}");
    }
}

async fn the_answer_to_an_upload_is_what_sdks_read(app: TestApp) {
    let account = app.account().await;
    let answer = |kind: &'static str, bytes: &'static [u8]| {
        let url = format!("{}/cgi-bin/media/upload?access_token={}&type={kind}", app.base, account.token);
        let request = app.http.post(url).header("content-type", FORM).body(form(&[], Some(("media", bytes))));
        async move {
            let text = request.send().await.unwrap().text().await.unwrap();
            let answer: Value = serde_json::from_str(&text).unwrap();
            text.replace(answer["media_id"].as_str().unwrap(), "MEDIA_ID")
        }
    };
    let image = r#"{"type":"image","media_id":"MEDIA_ID","created_at":1800000000}"#;
    assert_eq!(answer("image", PNG).await, image);
    let thumb =
        r#"{"type":"thumb","media_id":"MEDIA_ID","thumb_media_id":"MEDIA_ID","created_at":1800000000}"#;
    assert_eq!(answer("thumb", JPEG).await, thumb);
    let refused = account.uploads("image", b"hello").await.to_string();
    assert_eq!(refused.split(" rid: ").next().unwrap(), r#"{"errcode":40005,"errmsg":"invalid file type"#);
}

async fn a_kind_takes_its_formats_up_to_its_size(app: TestApp) {
    let account = app.account().await;
    for (kind, begin, most, more) in [
        ("image", PNG, 10 * MB, 45001),
        ("video", MP4, 10 * MB, 45001),
        ("voice", AMR, 2 * MB, 40006),
        ("thumb", JPEG, 64 << 10, 40006),
    ] {
        let file = sized(begin, most);
        let answer = account.uploads(kind, &file).await;
        assert_eq!(code(&answer), 0, "{kind} {answer}");
        if kind != "video" {
            let back = account.fetches(answer["media_id"].as_str().unwrap()).await.bytes().await.unwrap();
            assert!(back == file, "{kind} came back otherwise");
        }
        assert_eq!(code(&account.uploads(kind, &sized(begin, most + 1)).await), more, "{kind}");
    }
    for (kind, bytes) in [
        ("image", AMR),
        ("image", MP4),
        ("voice", PNG),
        ("voice", MP4),
        ("video", MP3),
        ("video", GIF),
        ("thumb", PNG),
        ("thumb", GIF),
    ] {
        assert_eq!(code(&account.uploads(kind, bytes).await), 40005, "{kind}");
    }
    assert_eq!(code(&account.uploads("image", &sized(PNG, 12 * MB)).await), 45001, "more than any form");
}

async fn each_refusal_of_an_upload_has_its_code_and_its_place(app: TestApp) {
    let account = app.account().await;
    for kind in ["", "file", "IMAGE", "image%00"] {
        assert_eq!(code(&account.uploads(kind, b"").await), 40004, "{kind}");
    }
    let path = format!("/cgi-bin/media/upload?access_token={}&type=image", account.token);
    for (content_type, body) in [
        ("", Vec::new()),
        (FORM, Vec::new()),
        ("application/json", b"{}".to_vec()),
        (FORM, form(&[("nonce", "")], None)),
        (FORM, form(&[], Some(("picture", PNG)))),
        ("multipart/form-data", b"no line begins with a boundary".to_vec()),
        ("multipart/form-data; boundary=other", form(&[], Some(("media", PNG)))),
    ] {
        assert_eq!(code(&account.posts(&path, content_type, body).await), 41005, "{content_type}");
    }
    let whole = form(&[], Some(("media", PNG)));
    assert_eq!(
        code(&account.posts(&path, FORM, whole[..whole.len() - 12].to_vec()).await),
        41005,
        "it has no end"
    );
    assert_eq!(code(&account.uploads("image", b"").await), 44001);
    assert_eq!(code(&account.uploads("image", b"hello").await), 40005);
    assert_eq!(
        code(&account.uploads("voice", &sized(b"hello", 3 * MB)).await),
        40005,
        "no recording, and too large for one"
    );
    assert_eq!(account.fetch_code("").await, 41006);
    for media_id in ["x", &"x".repeat(64), "%00", "../../etc/passwd"] {
        assert_eq!(account.fetch_code(media_id).await, 40007, "{media_id}");
    }
    assert_eq!(app.files(), 0, "nothing was kept of what was refused");
}

async fn a_file_is_its_accounts_alone(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let media_id = account.media("image", PNG).await;
    assert_eq!(other.fetch_code(&media_id).await, 40007);
    for (token, expected) in [("", 41001), ("50_never", 40001), ("a.b", 40014)] {
        assert_eq!(other.with_token(token).fetch_code(&media_id).await, expected);
    }
    assert_eq!(account.fetch_code(&media_id).await, 0);
    // Files do not need the customer-service feature.
    account.set(|settings| settings.feature = Some(false)).await;
    assert_eq!(code(&account.uploads("image", PNG).await), 0);
    assert_eq!(account.fetch_code(&media_id).await, 0);
}

async fn a_file_is_given_to_a_post_as_to_a_get(app: TestApp) {
    let account = app.account().await;
    let (picture, film) = (account.media("image", PNG).await, account.media("video", MP4).await);
    let address =
        |media_id: &str| format!("/cgi-bin/media/get?access_token={}&media_id={media_id}", account.token);
    for body in [&b""[..], b"{}", b"media_id=x"] {
        let request = app.http.post(format!("{}{}", app.base, address(&picture))).body(body.to_vec());
        let response = request.send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"image/png".parse().unwrap())
        );
        assert!(
            response.headers()["content-disposition"].to_str().unwrap().starts_with("attachment; filename=")
        );
        assert_eq!(response.bytes().await.unwrap(), PNG);
    }
    let asked = account.raw("POST", &address(&film), Vec::new()).await;
    assert_eq!(asked, account.raw("GET", &address(&film), Vec::new()).await);
    assert!(asked["video_url"].is_string(), "{asked}");
    assert_eq!(code(&account.raw("POST", &address("nobody"), Vec::new()).await), 40007);
    assert_eq!(
        code(&account.raw("POST", &address(""), br#"{"media_id":"x"}"#.to_vec()).await),
        41006,
        "only the query counts"
    );
    assert_eq!(code(&account.raw("PUT", &address(&picture), Vec::new()).await), 43001);
}

async fn a_video_is_fetched_at_an_address_of_its_own(app: TestApp) {
    let (account, other) = (app.account().await, app.account().await);
    let film = sized(MP4, 300_000);
    let media_id = account.media("video", &film).await;
    let answer = account.get("/cgi-bin/media/get", &[("media_id", &media_id)]).await;
    let url = answer["video_url"].as_str().unwrap().to_owned();
    let ticket = url.strip_prefix(&format!("{}/media/{}/", app.base, account.appid)).unwrap();
    assert_eq!(answer.to_string().replace(&url, "URL"), r#"{"video_url":"URL"}"#);
    assert!(ticket.len() == 43 && !media_id.contains(ticket), "{url}");
    let response = app.http.get(&url).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, "video/mp4"));
    assert!(response.bytes().await.unwrap() == film);
    for (range, status, said, expected) in [
        ("bytes=0-9", 206, "bytes 0-9/300000", &film[..10]),
        ("bytes=299990-", 206, "bytes 299990-299999/300000", &film[299_990..]),
        ("bytes=-5", 206, "bytes 299995-299999/300000", &film[299_995..]),
        ("bytes=300000-", 416, "bytes */300000", &[]),
    ] {
        let response = app.http.get(&url).header("range", range).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-range")),
            (status, said),
            "{range}"
        );
        assert_eq!(response.bytes().await.unwrap(), expected, "{range}");
    }
    for wrong in [
        url.replace(&account.appid, &other.appid),
        format!("{url}x"),
        url[..url.len() - 1].to_owned(),
        url.replace(ticket, &media_id),
    ] {
        assert_eq!(app.http.get(&wrong).send().await.unwrap().status(), 404, "{wrong}");
    }
}

async fn all_parameters_may_be_in_the_form(app: TestApp) {
    // weixin-popular sends the file first, then the token and the other fields.
    let account = app.account().await;
    let fields = [("access_token", account.token.as_str()), ("type", "image")];
    let answer = account.posts("/cgi-bin/media/upload", FORM, form(&fields, Some(("media", PNG)))).await;
    assert_eq!(account.fetch_code(answer["media_id"].as_str().unwrap()).await, 0);
    for (token, expected) in [("", 41001), ("50_never", 40001), ("a.b", 40014)] {
        let fields = [("access_token", token), ("type", "image")];
        assert_eq!(
            code(&account.posts("/cgi-bin/media/upload", FORM, form(&fields, Some(("media", GIF)))).await),
            expected
        );
    }
    // If the query and the form name a token, the query's counts.
    let path = format!("/cgi-bin/media/upload?access_token={}&type=voice", account.token);
    assert_eq!(
        code(
            &account
                .posts(
                    &path,
                    FORM,
                    form(&[("access_token", "50_never"), ("type", "image")], Some(("media", PNG)))
                )
                .await
        ),
        40005
    );
    until("refused uploads are deleted", || async { app.files() == 1 }).await;
}

async fn an_upload_that_breaks_off_leaves_nothing(app: TestApp) {
    let account = app.account().await;
    let body = form(&[], Some(("media", &sized(PNG, 3 * MB))));
    let head = |query: &str| {
        format!(
            "POST /cgi-bin/media/upload?{query} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
    };
    for query in [format!("access_token={}&type=image", account.token), "type=image".to_owned()] {
        let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
        stream.write_all(head(&query).as_bytes()).await.unwrap();
        stream.write_all(&body[..2 * MB]).await.unwrap();
        until("a part is written", || async { app.files() == 1 }).await;
        drop(stream);
        until("nothing is left", || async { app.files() == 0 }).await;
    }
    assert_eq!(code(&account.uploads("image", PNG).await), 0);
}

async fn a_large_file_is_refused_with_an_answer_the_client_can_read(app: TestApp) {
    let account = app.account().await;
    let file = form(&[], Some(("media", &sized(PNG, 9 * MB))));
    for (query, expected) in
        [("type=image", 41001), ("access_token=50_never&type=image", 40001), ("access_token=a.b", 40014)]
    {
        for _ in 0..2 {
            assert_eq!(
                code(&account.posts(&format!("/cgi-bin/media/upload?{query}"), FORM, file.clone()).await),
                expected
            );
        }
    }
    assert_eq!(
        code(
            &account
                .posts(&format!("/cgi-bin/media/get?access_token={}", account.token), FORM, file.clone())
                .await
        ),
        41006
    );
    let component = TestComponent::new(&app).await;
    component.gets_grant(&account, &[6]).await;
    assert_eq!(
        code(&account.with_token(&component.token_for(&account).await).uploads("image", PNG).await),
        61007
    );
}

async fn links_begin_with_the_host_of_the_request(app: TestApp) {
    let account = app.account().await;
    let media_id = account.media("video", MP4).await;
    let url = format!("{}/cgi-bin/media/get?access_token={}&media_id={media_id}", app.base, account.token);
    let response = app.http.get(url).header("host", "api.weixin.qq.com").send().await.unwrap();
    let answer = TestAccount::read_answer("media/get", response).await;
    assert!(
        answer["video_url"].as_str().unwrap().starts_with("http://api.weixin.qq.com/media/wx"),
        "{answer}"
    );
    assert_eq!(json!(answer).as_object().unwrap().len(), 1);
}
