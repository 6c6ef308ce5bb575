//! Answers that are the same for all callers: pages, their assets, and the OpenAPI description.

use crate::actors::TestApp;
use flate2::read::GzDecoder;
use std::io::Read as _;

/// An answer: status, some headers, body.
struct SharedAnswer {
    status: u16,
    encoding: Option<String>,
    etag: String,
    body: Vec<u8>,
}

async fn gets(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> SharedAnswer {
    let mut request = app.http.get(format!("{}{path}", app.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(header("vary").as_deref(), Some("accept-encoding"), "{path}");
    let (status, encoding, etag) =
        (answer.status().as_u16(), header("content-encoding"), header("etag").unwrap());
    SharedAnswer { status, encoding, etag, body: answer.bytes().await.unwrap().to_vec() }
}

on_both_engines! {
    shared_answers_are_compressed_and_have_an_etag,
}

async fn shared_answers_are_compressed_and_have_an_etag(app: TestApp) {
    let page = String::from_utf8(gets(&app, "/desk/", &[]).await.body).unwrap();
    let part =
        page.split('"').find(|text| text.starts_with("/desk/assets/") && text.ends_with(".js")).unwrap();
    for path in ["/desk/", "/chat/wx0123456789abcdef", "/debug", "/openapi.json", part] {
        let (plain, gzip) =
            (gets(&app, path, &[]).await, gets(&app, path, &[("accept-encoding", "br, gzip;q=0.5")]).await);
        assert_eq!((plain.status, plain.encoding), (200, None));
        assert_eq!((gzip.status, gzip.encoding.as_deref()), (200, Some("gzip")));
        assert!(gzip.body.len() < plain.body.len() && gzip.etag != plain.etag, "{path}");
        let mut text = Vec::new();
        GzDecoder::new(&gzip.body[..]).read_to_end(&mut text).unwrap();
        assert!(text == plain.body, "{path}: the same bytes");
        let again = gets(&app, path, &[("if-none-match", &plain.etag)]).await;
        assert_eq!((again.status, again.etag, again.body.len()), (304, plain.etag.clone(), 0));
        let known = format!("\"other\", W/{}", gzip.etag);
        let again = gets(&app, path, &[("if-none-match", &known), ("accept-encoding", "gzip")]).await;
        assert_eq!((again.status, again.etag, again.body.len()), (304, gzip.etag.clone(), 0));
        let other = gets(&app, path, &[("if-none-match", &gzip.etag), ("accept-encoding", "gzip;q=0")]).await;
        assert_eq!((other.status, other.encoding), (200, None), "{path}: the other form");
    }
}
