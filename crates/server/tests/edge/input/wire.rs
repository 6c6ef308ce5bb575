//! Headers of every kind, and rare but valid HTTP.

use super::samples;
use crate::actors::{TestAccount, TestApp, code};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends these bytes, and reads until the server closes the connection.
async fn says(app: &TestApp, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(crate::actors::PATIENCE, stream.read_to_end(&mut answer))
        .await
        .expect("it closes")
        .unwrap();
    String::from_utf8(answer).unwrap()
}

on_both_engines! {
    any_host_name_is_answered_and_no_browser_may_read_it,
    nothing_is_compressed_on_weixins_paths,
    an_answer_is_one_line_without_an_end_of_line,
    rare_but_valid_http_is_understood,
    what_is_not_http_ends_the_connection_and_nothing_else,
}

async fn any_host_name_is_answered_and_no_browser_may_read_it(app: TestApp) {
    let account = app.account().await;
    for sample in samples(&account) {
        for host in [
            "api.weixin.qq.com",
            "api.weixin.qq.com:443",
            "evil.example",
            "[::1]:1",
            "127.0.0.1",
            "xn--kfu-xla.example",
        ] {
            let method = sample.methods[0].parse().unwrap();
            let request =
                app.http.request(method, format!("{}{}", app.base, sample.paths[0])).header("host", host);
            let request =
                request.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site");
            let response = request.header("access-control-request-method", "POST").send().await.unwrap();
            assert!(
                response.headers().get("set-cookie").is_none() && response.headers().get("vary").is_none()
            );
            let answer = code(&TestAccount::read_answer(host, response).await);
            assert!([41001, 40002, 44002].contains(&answer), "{} {host} {answer}", sample.paths[0]);
        }
        let preflight =
            app.http.request(reqwest::Method::OPTIONS, format!("{}{}", app.base, sample.paths[0]));
        let preflight = preflight
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST");
        let answer = code(&TestAccount::read_answer("a preflight", preflight.send().await.unwrap()).await);
        assert_eq!(answer, if sample.methods.contains(&"GET") { 43001 } else { 43002 });
    }
}

async fn nothing_is_compressed_on_weixins_paths(app: TestApp) {
    let account = app.account().await;
    for number in 0..50 {
        account.adds(&format!("a{number}")).await;
    }
    for path in
        ["/cgi-bin/customservice/getkflist", "/customservice/getkflist", "/cgi-bin/token", "/cgi-bin/nothing"]
    {
        let url = format!("{}{path}?access_token={}", app.base, account.token);
        let response =
            app.http.get(url).header("accept-encoding", "gzip, deflate, br, zstd").send().await.unwrap();
        assert!(response.headers().get("content-encoding").is_none(), "{path}");
        assert!(response.headers().get("content-length").is_some(), "{path}");
        TestAccount::read_answer(path, response).await;
    }
}

async fn an_answer_is_one_line_without_an_end_of_line(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    for path in [
        "/cgi-bin/customservice/getkflist",
        "/cgi-bin/customservice/getonlinekflist",
        "/cgi-bin/token",
        "/cgi-bin",
    ] {
        let url = format!("{}{path}?access_token={}", app.base, account.token);
        let body = app.http.get(url).send().await.unwrap().bytes().await.unwrap();
        assert_eq!((body.first(), body.last()), (Some(&b'{'), Some(&b'}')), "{path}");
    }
}

async fn rare_but_valid_http_is_understood(app: TestApp) {
    let account = app.account().await;
    account.adds("a1").await;
    let (list, token) = ("/cgi-bin/customservice/getkflist", &account.token);
    let requests = [
        format!("GET {list}?access_token={token} HTTP/1.0\r\n\r\n"),
        format!("GET {list}?access_token={token} HTTP/1.1\r\nConnection: close\r\n\r\n"),
        format!(
            "GET http://api.weixin.qq.com{list}?access_token={token} HTTP/1.1\r\nHost: elsewhere\r\n\
             Connection: close\r\n\r\n"
        ),
        format!("\r\nGET {list}?access_token={token} HTTP/1.1\r\nhOsT:x\r\nCONNECTION:close\r\n\r\n"),
        format!("GET {list}?access_token={token}#part HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    ];
    for request in requests {
        let answer = says(&app, request.as_bytes()).await;
        assert!(
            answer.starts_with("HTTP/1.") && answer.contains(" 200 OK") && answer.contains("a1@shop1"),
            "{request} {answer}"
        );
    }
    let body = format!(r#"{{"kf_account":"{}","nickname":"n"}}"#, account.kf("a1"));
    let head = format!(
        "POST /customservice/kfaccount/update?access_token={token} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    );
    let expects = format!("{head}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = says(&app, expects.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
    assert!(answer.ends_with(r#"{"errcode":0,"errmsg":"ok"}"#), "{answer}");
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    assert!(says(&app, chunked.as_bytes()).await.ends_with(r#"{"errcode":0,"errmsg":"ok"}"#));
}

async fn what_is_not_http_ends_the_connection_and_nothing_else(app: TestApp) {
    let head = "POST /cgi-bin/stable_token HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    let requests = [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".into(),
        "hello\r\n\r\n".into(),
        "GET /cgi-bin/token HTTP/9.9\r\n\r\n".into(),
        "GET /cgi-bin/token HTTP/1.1\r\nno colon\r\n\r\n".into(),
        "\u{16}\u{3}\u{1}\0\u{5}hello\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        format!("{head}Content-Length: -1\r\n\r\n"),
        format!("{head}Content-Length: x\r\n\r\n{{}}"),
        format!("{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}} "),
        format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000)),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
    ];
    for request in requests {
        let answer = says(&app, request.as_bytes()).await;
        let status = answer.split_whitespace().nth(1).unwrap_or("none");
        // A request that breaks off after its head has an unreadable body.
        assert!(
            ["none", "400", "414", "431"].contains(&status) || answer.contains("47001"),
            "{request:.40} {answer}"
        );
    }
    let cookies = |size: usize| {
        format!(
            "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: {}\r\n\r\n",
            "x".repeat(size)
        )
    };
    assert!(
        says(&app, cookies(24_000).as_bytes()).await.starts_with("HTTP/1.1 200 "),
        "the largest head a browser sends"
    );
    assert!(!says(&app, cookies(80_000).as_bytes()).await.contains(" 200 "), "a longer head is not kept");
    let cut = format!("{head}Content-Length: 100\r\n\r\n{{");
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    stream.write_all(cut.as_bytes()).await.unwrap();
    drop(stream);
    assert_eq!(app.ask("/healthz", "").await.status(), 200);
}
